{{- /* Values that contradict each other, or would start a pod that cannot work: each is refused with a sentence. */ -}}
{{- define "groomer.checks" -}}
{{- include "groomer.checkSecrets" . -}}
{{- include "groomer.checkDatabase" . -}}
{{- include "groomer.checkConfig" . -}}
{{- include "groomer.checkModel" . -}}
{{- include "groomer.checkTracker" . -}}
{{- include "groomer.checkExtras" . -}}
{{- include "groomer.checkMonitoring" . -}}
{{- if not .Values.image.repository -}}
{{- fail "image.repository is empty: no image is published. Build one with the Dockerfile at the top of the repository, and say where you have put it." -}}
{{- end -}}
{{- if and (eq (toString .Values.podDisruptionBudget.enabled) "true") (eq (int .Values.replicas) 1) -}}
{{- fail "podDisruptionBudget.enabled is true with one replica, which would block every drain of a node: set it to auto, or replicas to 2." -}}
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
{{- if and (include "groomer.given" (list . "databaseUrl")) (include "groomer.given" (list . "databasePassword")) -}}
{{- fail "secrets.databaseUrl and secrets.databasePassword are both set: the connection string has the password in it, and the other one would go before it. Keep one." -}}
{{- end -}}
{{- if or (regexMatch "://[^/@]*:[^/@]*@" $url) (regexMatch "(^|[ ?&])(ssl)?password *=" $url) -}}
{{- fail "config.database.url has a password in it, which everybody who may read ConfigMaps could read: use secrets.databasePassword or secrets.databaseUrl." -}}
{{- end -}}
{{- if and $url (include "groomer.given" (list . "databaseCa")) (not (regexMatch "(^|[ ?&])sslmode *= *'?verify-" $url)) (not (include "groomer.env" (list . "PGSSLMODE"))) -}}
{{- fail "secrets.databaseCa is set, and config.database.url does not ask for the server's certificate to be checked: add sslmode=verify-full to it." -}}
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
{{- if and (eq (toString .tracker) "file") (not (include "groomer.mounted" (list $ .path))) -}}
{{- fail (printf "config.repositories: the path of %s must begin with /, and lie below a mountPath of extraVolumeMounts: the pod's own root is read-only." .name) -}}
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
{{- end }}

{{- /* Whether extraEnv sets this variable: list CONTEXT NAME; "true" or "". */ -}}
{{- define "groomer.env" -}}
{{- $name := index . 1 -}}
{{- range (index . 0).Values.extraEnv }}{{ if eq .name $name }}true{{ end }}{{ end -}}
{{- end }}

{{- /* Whether this path is in a volume of the user's: list CONTEXT PATH; "true…" or "". */ -}}
{{- define "groomer.mounted" -}}
{{- $path := toString (index . 1) -}}
{{- range (index . 0).Values.extraVolumeMounts }}{{ if hasPrefix (print (trimSuffix "/" .mountPath) "/") $path }}true{{ end }}{{ end -}}
{{- end }}

{{- define "groomer.checkModel" -}}
{{- $model := .Values.config.model | default dict -}}
{{- $own := or (not $model.base_url) (contains "api.openai.com" (toString $model.base_url)) (contains "api.anthropic.com" (toString $model.base_url)) -}}
{{- if and (ne ($model.provider | default "local") "local") $own (not (include "groomer.given" (list . "modelKey"))) -}}
{{- fail (printf "config.model.provider is %s, and secrets.modelKey is not set." $model.provider) -}}
{{- end -}}
{{- $providers := list ($model.provider | default "local") -}}
{{- range .Values.config.repositories }}{{ $providers = append $providers ((.model | default dict).provider | default "local") }}{{ end -}}
{{- if and (include "groomer.given" (list . "modelKey")) (eq (uniq $providers | join " ") "local") (not (include "groomer.env" (list . "GROOMER_MODEL_PROVIDER"))) -}}
{{- fail "secrets.modelKey is set, and config.model.provider is local: nothing would use it. Is the provider openai, or anthropic?" -}}
{{- end -}}
{{- end }}

{{- /* Without an account GitHub lets public repositories be read, which does for a dry run. */ -}}
{{- define "groomer.checkTracker" -}}
{{- $account := or (include "groomer.given" (list . "githubToken")) (include "groomer.given" (list . "githubAppKey")) (include "groomer.env" (list . "GROOMER_GITHUB_TOKEN")) -}}
{{- $mode := (.Values.config.policy | default dict).mode -}}
{{- range .Values.config.repositories -}}
{{- $own := (.policy | default dict).mode | default $mode | default "dry-run" -}}
{{- if and (eq (toString .tracker) "github") (ne $own "dry-run") (not $account) -}}
{{- fail (printf "The policy.mode of %s is %s, and groomer has no account to write with: set secrets.githubToken, or config.github.app and secrets.githubAppKey." .name $own) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "groomer.checkExtras" -}}
{{- $ours := list "GROOMER_CONFIG" "POD_NAME" "GROOMER_POD_UID" "GROOMER_CONTAINER" "GROOMER_SLOT_DIR" "GROOMER_HTTP_LISTEN" "GROOMER_HTTP_METRICS_LISTEN" -}}
{{- if include "groomer.given" (list . "databaseCa") }}{{ $ours = append $ours "PGSSLROOTCERT" }}{{ end -}}
{{- range .Values.extraEnv -}}
{{- if has .name $ours -}}
{{- fail (printf "extraEnv sets %s, which is the chart's own." .name) -}}
{{- end -}}
{{- if and .value (regexMatch "^(GROOMER_.*(TOKEN|PASSWORD|KEY|SECRET|DATABASE_URL)|PGPASSWORD)$" .name) -}}
{{- fail (printf "extraEnv has the value of %s, which everybody who may read Deployments could read: use secrets, or valueFrom." .name) -}}
{{- end -}}
{{- end -}}
{{- /* Those that Pod Security restricted lets in. */ -}}
{{- $kinds := list "configMap" "csi" "downwardAPI" "emptyDir" "ephemeral" "persistentVolumeClaim" "projected" "secret" -}}
{{- range $volume := .Values.extraVolumes -}}
{{- range $kind := omit $volume "name" | keys | sortAlpha -}}
{{- if not (has $kind $kinds) -}}
{{- fail (printf "extraVolumes: %s is a %s, which Pod Security restricted does not let in: use a persistentVolumeClaim." $volume.name $kind) -}}
{{- end -}}
{{- end -}}
{{- range ($volume.projected | default dict).sources -}}
{{- if hasKey . "serviceAccountToken" -}}
{{- fail (printf "extraVolumes: %s has a serviceAccountToken: groomer never talks to Kubernetes, and no pod of this chart gets a token of it." $volume.name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $where := list "commonLabels" "podLabels" -}}
{{- range list "app.kubernetes.io/name" "app.kubernetes.io/instance" -}}
{{- if hasKey (index $.Values $where) . -}}
{{- fail (printf "%s has %s, by which the chart's objects find each other: use nameOverride, or another label." $where .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "groomer.checkMonitoring" -}}
{{- $monitoring := .Values.monitoring -}}
{{- if and $monitoring.serviceMonitor.enabled $monitoring.podMonitor.enabled -}}
{{- fail "monitoring.serviceMonitor and monitoring.podMonitor are both enabled, and every pod would be scraped twice: choose one." -}}
{{- end -}}
{{- if $monitoring.prometheusRule.enabled -}}
{{- if not (or $monitoring.serviceMonitor.enabled $monitoring.podMonitor.enabled) -}}
{{- fail "monitoring.prometheusRule is enabled without a monitor: nothing would be scraped, and MetricsAbsent would fire for ever. Enable monitoring.serviceMonitor or podMonitor." -}}
{{- end -}}
{{- $many := regexFind "^[0-9]+" $monitoring.interval | int -}}
{{- $seconds := hasSuffix "ms" $monitoring.interval | ternary (div (add $many 999) 1000) (hasSuffix "m" $monitoring.interval | ternary (mul $many 60) $many) -}}
{{- if gt (int $seconds) 30 -}}
{{- fail (printf "monitoring.interval is %s: the alerts of monitoring.prometheusRule look at windows that need a scrape every 30s at least." $monitoring.interval) -}}
{{- end -}}
{{- end -}}
{{- end }}
