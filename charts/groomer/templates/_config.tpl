{{- /* The file that each secret is mounted as, under /run/secrets/groomer. As YAML: name of the value → name of the file. */ -}}
{{- define "groomer.secretFiles" -}}
databaseUrl: db-url
databasePassword: db-password
databaseCa: db-ca.crt
githubToken: github-token
githubAppKey: github-app.pem
webhook: webhook
modelKey: model-key
adminToken: admin-token
{{- end }}

{{- /* Is this secret given, in either way? list CONTEXT NAME; "true" or "". */ -}}
{{- define "groomer.given" -}}
{{- $secret := index (index . 0).Values.secrets (index . 1) -}}
{{- if or $secret.existingSecret $secret.value }}true{{ end }}
{{- end }}

{{- define "groomer.inlineName" -}}
{{ include "groomer.fullname" . }}-inline
{{- end }}

{{- /* One source of a projected volume: list CONTEXT NAME FILE. A projected volume is a directory, so a new value arrives there. */ -}}
{{- define "groomer.secretSource" -}}
{{- $root := index . 0 -}}
{{- $secret := index $root.Values.secrets (index . 1) -}}
- secret:
    name: {{ $secret.existingSecret | default (include "groomer.inlineName" $root) | quote }}
    items: [{key: {{ ternary $secret.key (index . 2) (not (empty $secret.existingSecret)) | quote }}, path: {{ index . 2 | quote }}}]
{{- end }}

{{- define "groomer.secretSources" -}}
{{- $root := . -}}
{{- range $name, $file := include "groomer.secretFiles" . | fromYaml }}
{{- if include "groomer.given" (list $root $name) }}
{{ include "groomer.secretSource" (list $root $name $file) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "groomer.trialName" -}}
{{ include "groomer.fullname" . }}-trial-db
{{- end }}

{{- /* groomer.yaml: config, with the paths of the secrets and the ports that the pod exposes. */ -}}
{{- define "groomer.config" -}}
{{- $root := . -}}
{{- $config := deepCopy .Values.config -}}
{{- range $section := list "database" "github" "model" "http" -}}
{{- if not (index $config $section) }}{{ $_ := set $config $section dict }}{{ end -}}
{{- end -}}
{{- $at := "/run/secrets/groomer/" -}}
{{- if .Values.trialPostgresql.enabled -}}
{{- $_ := set $config.database "url" (printf "postgresql://groomer@%s:5432/groomer?sslmode=disable" (include "groomer.trialName" .)) -}}
{{- end -}}
{{- if include "groomer.given" (list . "databaseUrl") }}{{ $_ := set $config.database "url_file" (print $at "db-url") }}{{ end -}}
{{- if include "groomer.given" (list . "databasePassword") }}{{ $_ := set $config.database "password_file" (print $at "db-password") }}{{ end -}}
{{- if include "groomer.given" (list . "githubToken") }}{{ $_ := set $config.github "token_file" (print $at "github-token") }}{{ end -}}
{{- if include "groomer.given" (list . "githubAppKey") }}{{ $_ := set $config.github.app "private_key_file" (print $at "github-app.pem") }}{{ end -}}
{{- if include "groomer.given" (list . "webhook") }}{{ $_ := set $config.github "webhook_secret_file" (print $at "webhook") }}{{ end -}}
{{- if include "groomer.given" (list . "modelKey") }}{{ $_ := set $config.model "api_key_file" (print $at "model-key") }}{{ end -}}
{{- if include "groomer.given" (list . "adminToken") }}{{ $_ := set $config.http "admin_token_file" (print $at "admin-token") }}{{ end -}}
{{- $_ := set $config.http "listen" "0.0.0.0:8080" -}}
{{- $_ := set $config.http "metrics_listen" "0.0.0.0:9090" -}}
{{- range $section := list "database" "github" "model" "http" -}}
{{- if not (index $config $section) }}{{ $_ := unset $config $section }}{{ end -}}
{{- end -}}
{{ toYaml $config }}
{{- end }}

{{- /* What the Job reads: the database by another role, and no more than a configuration must have besides. Whatever it named of the rest
     would ask for its secret. */ -}}
{{- define "groomer.migrationConfig" -}}
{{- $config := dict "database" (dict "url_file" "/run/secrets/groomer/migration-db-url") "repositories" list -}}
{{- range .Values.config.repositories }}{{ $_ := set $config "repositories" (append $config.repositories (pick . "name" "tracker" "path")) }}{{ end -}}
{{- with .Values.config.log }}{{ $_ := set $config "log" . }}{{ end -}}
{{ toYaml $config }}
{{- end }}

{{- /* What groomer reads only at its start: a change of these restarts the pods, of anything else it takes over by itself. */ -}}
{{- define "groomer.restartKeys" -}}
{{- $config := include "groomer.config" . | fromYaml -}}
{{ pick $config "database" "lock" "http" | toJson | sha256sum }}
{{- end }}

{{- /* Which secrets are given inline, for people: "secrets.a, secrets.b are", or "". */ -}}
{{- define "groomer.inlineSecrets" -}}
{{- $names := list -}}
{{- range $name, $secret := .Values.secrets }}{{ if $secret.value }}{{ $names = append $names (print "secrets." $name) }}{{ end }}{{ end -}}
{{- if $names }}{{ join ", " $names }} {{ gt (len $names) 1 | ternary "are" "is" }}{{ end -}}
{{- end }}
