{{- /* What replicas, Job and test have alike: no token, nothing of root, a root that is read-only. */ -}}
{{- define "groomer.podBase" -}}
serviceAccountName: {{ include "groomer.serviceAccountName" . | quote }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- include "groomer.pullSecrets" . }}
securityContext: {{ include "groomer.podSecurity" .Values.userId | nindent 2 }}
{{- with .Values.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "groomer.podSecurity" -}}
runAsNonRoot: true
{{- with . }}
runAsUser: {{ int64 . }}
runAsGroup: {{ int64 . }}
fsGroup: {{ int64 . }}
{{- end }}
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "groomer.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- /* The container itself: list CONTEXT NAME FILE-OF-THE-CONFIGURATION; the command is the caller's. */ -}}
{{- define "groomer.container" -}}
{{- $root := index . 0 -}}
name: {{ index . 1 }}
image: {{ include "groomer.image" $root | quote }}
imagePullPolicy: {{ $root.Values.image.pullPolicy }}
securityContext: {{ include "groomer.containerSecurity" $root | nindent 2 }}
resources: {{ toYaml $root.Values.resources | nindent 2 }}
env:
  - {name: GROOMER_CONFIG, value: /etc/groomer/{{ index . 2 }}}
  - name: POD_NAME
    valueFrom: {fieldRef: {fieldPath: metadata.name}}
  {{- if include "groomer.given" (list $root "databaseCa") }}
  - {name: PGSSLROOTCERT, value: /run/secrets/groomer/db-ca.crt}
  {{- end }}
  {{- /* With these a restarted container takes its own row back at once; the folder outlives the container, not the pod. */}}
  {{- if eq (index . 1) "groomer" }}
  - name: GROOMER_POD_UID
    valueFrom: {fieldRef: {fieldPath: metadata.uid}}
  - {name: GROOMER_CONTAINER, value: groomer}
  - {name: GROOMER_SLOT_DIR, value: /run/groomer}
  {{- end }}
  {{- /* GROOMER_… would go before the Job's configuration, and ask for secrets that it has not. */}}
  {{- range $root.Values.extraEnv }}
  {{- if not (and (eq (index $ 1) "migrate") (hasPrefix "GROOMER_" .name)) }}
  - {{ toYaml . | nindent 4 | trim }}
  {{- end }}
  {{- end }}
volumeMounts:
  - {name: config, mountPath: /etc/groomer, readOnly: true}
  - {name: secrets, mountPath: /run/secrets/groomer, readOnly: true}
  - {name: slot, mountPath: /run/groomer}
  {{- with $root.Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- /* list CONTEXT SOURCES: directories, never a subPath, so that changes arrive. */ -}}
{{- define "groomer.volumes" -}}
{{- $root := index . 0 -}}
- name: config
  configMap: {name: {{ include "groomer.fullname" $root | quote }}}
- name: secrets
  {{- with index . 1 | trim }}
  projected:
    defaultMode: 288 # 0440
    sources: {{ . | nindent 6 }}
  {{- else }}
  emptyDir: {sizeLimit: 1Mi}
  {{- end }}
- name: slot
  emptyDir: {sizeLimit: 1Mi}
{{- with $root.Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
