{{- define "groomer.name" -}}
{{ .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- /* 40 characters leave room for what is put behind it. */ -}}
{{- define "groomer.fullname" -}}
{{- $name := include "groomer.name" . -}}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{ .Values.fullnameOverride | default $full | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- /* These two alone select, and never change: a Deployment's selector cannot be. */ -}}
{{- define "groomer.selector" -}}
app.kubernetes.io/name: {{ include "groomer.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- /* What is ours, but no replica, must not be selected with them: list CONTEXT COMPONENT. */ -}}
{{- define "groomer.otherSelector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "groomer.name" $root | trunc 40 | trimSuffix "-" }}-{{ index . 1 }}
app.kubernetes.io/instance: {{ $root.Release.Name | quote }}
{{- end }}

{{- /* A map has each key once: the user's go before ours. */ -}}
{{- define "groomer.about" -}}
{{- $chart := printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" -}}
{{- $ours := dict "helm.sh/chart" $chart "app.kubernetes.io/version" .Chart.AppVersion "app.kubernetes.io/managed-by" .Release.Service "app.kubernetes.io/part-of" "groomer" -}}
{{ merge (deepCopy .Values.commonLabels) $ours | toYaml }}
{{- end }}

{{- define "groomer.labels" -}}
{{ include "groomer.selector" . }}
{{ include "groomer.about" . }}
{{- end }}

{{- define "groomer.serviceAccountName" -}}
{{ .Values.serviceAccount.name | default (include "groomer.fullname" .) }}
{{- end }}

{{- /* list CONTEXT IMAGE */ -}}
{{- define "groomer.imageOf" -}}
{{- $root := index . 0 -}}
{{- $image := index . 1 -}}
{{- with $root.Values.global.imageRegistry | default $image.registry }}{{ . }}/{{ end -}}
{{ $image.repository }}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default $root.Chart.AppVersion }}{{ end }}
{{- end }}

{{- define "groomer.image" -}}
{{ include "groomer.imageOf" (list . .Values.image) }}
{{- end }}

{{- define "groomer.pullSecrets" -}}
{{- with .Values.global.imagePullSecrets | default .Values.image.pullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* May this kind of Prometheus's operator be rendered? list CONTEXT KIND; "true" or "". */ -}}
{{- define "groomer.knows" -}}
{{- $root := index . 0 -}}
{{- if or (eq $root.Values.monitoring.renderMode "always") ($root.Capabilities.APIVersions.Has (printf "monitoring.coreos.com/v1/%s" (index . 1))) }}true{{ end }}
{{- end }}
