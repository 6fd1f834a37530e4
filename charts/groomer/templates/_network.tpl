{{- /* What all of groomer's own pods may reach: the rules of egress. A rule with neither ports nor peers would let everything out, so one
     without ports is left away. */ -}}
{{- define "groomer.egress" -}}
- ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
{{- with .Values.networkPolicy.databasePorts }}
- ports:
    {{- range . }}
    - {port: {{ int . }}, protocol: TCP}
    {{- end }}
{{- end }}
- ports:
    - {port: 443, protocol: TCP}
{{- with .Values.networkPolicy.extraEgress }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* Does the policy let this port of TCP out, be it only to some? list CONTEXT PORT; "true" or "". */ -}}
{{- define "groomer.letsOut" -}}
{{- $policy := (index . 0).Values.networkPolicy -}}
{{- $port := int (index . 1) -}}
{{- $lets := or (not $policy.enabled) (eq $port 443) -}}
{{- range $policy.databasePorts }}{{ $lets = or $lets (eq (int .) $port) }}{{ end -}}
{{- range $policy.extraEgress -}}
{{- $lets = or $lets (not .ports) -}}
{{- range .ports -}}
{{- /* A name is the other pod's own: which number that is, is not known here. */ -}}
{{- $within := or (not .port) (kindIs "string" .port) (and (ge $port (int .port)) (le $port (int (.endPort | default .port)))) -}}
{{- $lets = or $lets (and (eq (.protocol | default "TCP") "TCP") $within) -}}
{{- end -}}
{{- end -}}
{{- if $lets }}true{{ end -}}
{{- end }}

{{- /* The ports that config.database.url leads to, as libpq reads it: a URI or key=value pairs, of several hosts maybe; with blanks between. */ -}}
{{- define "groomer.databasePorts" -}}
{{- $url := . -}}
{{- $ports := list -}}
{{- if $url -}}
{{- $said := regexFind "(^|[ ?&])port *= *[0-9,]+" $url | regexFind "[0-9,]+$" -}}
{{- range splitList "," $said }}{{ $ports = append $ports (. | default "5432") }}{{ end -}}
{{- $hosts := regexFind "://[^/?]*" $url | trimPrefix "://" | splitList "@" | last -}}
{{- if $hosts -}}
{{- $others := $ports -}}
{{- $ports = list -}}
{{- range splitList "," $hosts -}}
{{- $own := regexFind ":[0-9]+$" . | trimPrefix ":" -}}
{{- if $own }}{{ $ports = append $ports $own }}{{ else }}{{ $ports = concat $ports $others }}{{ end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{ $ports | uniq | join " " }}
{{- end }}

{{- /* For people: which addresses of the configuration the policy lets nothing out to, by their ports; "" where there are none. A proxy may
     reach them all the same, so it is no mistake for sure. */ -}}
{{- define "groomer.shutAddresses" -}}
{{- $root := . -}}
{{- $named := list (list "config.github.api_url" (.Values.config.github | default dict).api_url) (list "config.model.base_url" (.Values.config.model | default dict).base_url) -}}
{{- range .Values.config.repositories }}{{ $named = append $named (list (printf "the model.base_url of %s" .name) (.model | default dict).base_url) }}{{ end -}}
{{- $shut := list -}}
{{- range $named -}}
{{- $url := index . 1 | default "https://" -}}
{{- $port := regexFind "^https?://[^/]*" $url | regexFind ":[0-9]+$" | trimPrefix ":" | default (hasPrefix "http:" $url | ternary "80" "443") -}}
{{- if not (include "groomer.letsOut" (list $root $port)) }}{{ $shut = append $shut (printf "%s (port %s)" (index . 0) $port) }}{{ end -}}
{{- end -}}
{{ join ", " $shut }}
{{- end }}
