{{- /* Values that contradict each other, or would start a pod that cannot work: each is refused with a sentence. */ -}}
{{- define "groomer.checks" -}}
{{- include "groomer.checkSecrets" . -}}
{{- include "groomer.checkDatabase" . -}}
{{- include "groomer.checkConfig" . -}}
{{- if not .Values.image.repository -}}
{{- fail "image.repository is empty: no image is published. Build one with the Dockerfile at the top of the repository, and say where you have put it." -}}
{{- end -}}
{{- if and .Values.monitoring.serviceMonitor.enabled .Values.monitoring.podMonitor.enabled -}}
{{- fail "monitoring.serviceMonitor and monitoring.podMonitor are both enabled, and every pod would be scraped twice: choose one." -}}
{{- end -}}
{{- if and (eq (toString .Values.podDisruptionBudget.enabled) "true") (lt (int .Values.replicas) 2) -}}
{{- fail "podDisruptionBudget.enabled is true with fewer than 2 replicas, which would block every drain of a node: set it to auto, or replicas to 2." -}}
{{- end -}}
{{- end }}

{{- define "groomer.checkSecrets" -}}
{{- range $name, $secret := .Values.secrets -}}
{{- if and $secret.existingSecret $secret.value -}}
{{- fail (printf "secrets.%s has an existingSecret and a value: keep one." $name) -}}
{{- end -}}
{{- if and $secret.existingSecret (not $secret.key) -}}
{{- fail (printf "secrets.%s.key is empty: which key of the Secret %s is it?" $name $secret.existingSecret) -}}
{{- end -}}
{{- end -}}
{{- if and (include "groomer.given" (list . "githubToken")) (include "groomer.given" (list . "githubAppKey")) -}}
{{- fail "secrets.githubToken and secrets.githubAppKey are both set: groomer acts either by a token or as an App." -}}
{{- end -}}
{{- $github := .Values.config.github | default dict -}}
{{- if and (include "groomer.given" (list . "githubAppKey")) (not (and $github.app $github.app.id $github.app.installation_id)) -}}
{{- fail "secrets.githubAppKey is set, and config.github.app lacks id or installation_id: docs/install.md tells where GitHub shows them." -}}
{{- end -}}
{{- if and $github.app (not (include "groomer.given" (list . "githubAppKey"))) -}}
{{- fail "config.github.app is set, and secrets.githubAppKey is not: an App needs its private key." -}}
{{- end -}}
{{- if and .Values.migrationJob.enabled (not (include "groomer.given" (list . "migrationDatabaseUrl"))) -}}
{{- fail "migrationJob.enabled needs secrets.migrationDatabaseUrl: the connection string of the role that owns the tables." -}}
{{- end -}}
{{- if and (include "groomer.given" (list . "migrationDatabaseUrl")) (not .Values.migrationJob.enabled) -}}
{{- fail "secrets.migrationDatabaseUrl is set, and migrationJob.enabled is false: nothing would use it." -}}
{{- end -}}
{{- end }}

{{- define "groomer.checkDatabase" -}}
{{- $url := (.Values.config.database | default dict).url | default "" -}}
{{- $ways := list -}}
{{- if $url }}{{ $ways = append $ways "config.database.url" }}{{ end -}}
{{- if include "groomer.given" (list . "databaseUrl") }}{{ $ways = append $ways "secrets.databaseUrl" }}{{ end -}}
{{- if .Values.trialPostgresql.enabled }}{{ $ways = append $ways "trialPostgresql.enabled" }}{{ end -}}
{{- if not $ways -}}
{{- fail "No database is named: set config.database.url (and secrets.databasePassword), or secrets.databaseUrl; for a first look trialPostgresql.enabled." -}}
{{- end -}}
{{- if gt (len $ways) 1 -}}
{{- fail (printf "The database is named by %s: keep one of them." (join " and by " $ways)) -}}
{{- end -}}
{{- if or (regexMatch "://[^/@]*:[^/@]*@" $url) (regexMatch "(^|[ ?&])password *=" $url) -}}
{{- fail "config.database.url has a password in it, which everybody who may read ConfigMaps could read: use secrets.databasePassword or secrets.databaseUrl." -}}
{{- end -}}
{{- /* Of secrets.databaseUrl it is not known. */ -}}
{{- range include "groomer.databasePorts" (.Values.trialPostgresql.enabled | ternary "postgresql://trial" $url) | splitList " " -}}
{{- if and . (not (include "groomer.letsOut" (list $ .))) -}}
{{- fail (printf "The database is at port %s, which the network policy lets nothing out to: add it to networkPolicy.databasePorts, or to networkPolicy.extraEgress where only some of them may be reached." .) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.trialPostgresql.enabled (not (include "groomer.given" (list . "databasePassword"))) -}}
{{- fail "trialPostgresql.enabled needs secrets.databasePassword: it is started with that password." -}}
{{- end -}}
{{- end }}

{{- define "groomer.checkConfig" -}}
{{- $config := .Values.config -}}
{{- if not $config.repositories -}}
{{- fail "config.repositories is empty: name at least one, such as {name: octocat/hello-world, tracker: github}." -}}
{{- end -}}
{{- range $config.repositories -}}
{{- if and (eq (toString .tracker) "file") (not (hasPrefix "/" (toString .path))) -}}
{{- fail (printf "config.repositories: the path of %s must begin with /, and lie in a volume of extraVolumes: the pod's own root is read-only." .name) -}}
{{- end -}}
{{- end -}}
{{- $owned := dict "database.url_file" "secrets.databaseUrl" "database.password_file" "secrets.databasePassword" "github.token_file" "secrets.githubToken" "github.webhook_secret_file" "secrets.webhook" "model.api_key_file" "secrets.modelKey" "http.admin_token_file" "secrets.adminToken" -}}
{{- range $path, $instead := $owned -}}
{{- $parts := splitList "." $path -}}
{{- if index (index $config (first $parts) | default dict) (last $parts) -}}
{{- fail (printf "config.%s is written by the chart: use %s." $path $instead) -}}
{{- end -}}
{{- end -}}
{{- if ((($config.github | default dict).app) | default dict).private_key_file -}}
{{- fail "config.github.app.private_key_file is written by the chart: use secrets.githubAppKey." -}}
{{- end -}}
{{- range list "listen" "metrics_listen" -}}
{{- if index ($config.http | default dict) . -}}
{{- fail (printf "config.http.%s is written by the chart: probes and Service know the ports 8080 and 9090." .) -}}
{{- end -}}
{{- end -}}
{{- $model := $config.model | default dict -}}
{{- $own := or (not $model.base_url) (contains "api.openai.com" (toString $model.base_url)) (contains "api.anthropic.com" (toString $model.base_url)) -}}
{{- if and (ne ($model.provider | default "local") "local") $own (not (include "groomer.given" (list . "modelKey"))) -}}
{{- fail (printf "config.model.provider is %s, and secrets.modelKey is not set." $model.provider) -}}
{{- end -}}
{{- end }}
