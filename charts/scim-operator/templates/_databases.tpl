{{/*
The databases of the release by name, in one form: that of `databases`. The embedded one is called primary.
*/}}
{{- define "scim-operator.databases" -}}
{{- if .Values.databases }}
{{- .Values.databases | toJson }}
{{- else if .Values.database.embedded.enabled }}
{{- $secret := include "scim-operator.postgresqlName" . }}
{{- $operator := dict "secretName" $secret "username" "scim_operator" "keys" (dict "password" "operator-password") }}
{{- $server := dict "secretName" $secret "username" "scim_server" "keys" (dict "password" "server-password") }}
{{- $host := printf "%s.%s.svc" $secret .Release.Namespace }}
{{- dict "primary" (dict "operator" $operator "server" $server "host" $host "port" 5432 "dbname" "scim" "sslmode" "prefer") | toJson }}
{{- else }}
{{- dict | toJson }}
{{- end }}
{{- end }}

{{/* The Deployment and the Service of the servers of a database: (dict "root" $ "database" "primary"). */}}
{{- define "scim-operator.serverName" -}}
{{- $name := printf "%s-server" (include "scim-operator.fullname" .root) }}
{{- if ne .database "primary" }}
{{- $name = printf "%s-%s" $name .database }}
{{- end }}
{{- if gt (len $name) 63 }}
{{- fail (printf "databases.%s: the Service %s would have a name longer than 63 characters; choose a shorter name for the database, or a shorter fullnameOverride" .database $name) }}
{{- end }}
{{- $name }}
{{- end }}

{{/* The database whose servers `helm test` asks. */}}
{{- define "scim-operator.testDatabase" -}}
{{- $databases := include "scim-operator.databases" . | fromJson }}
{{- if .Values.tests.database }}
{{- .Values.tests.database }}
{{- else if and .Values.defaultClass.create .Values.defaultClass.spec.database (has .Values.tests.className (list "" .Values.defaultClass.name)) }}
{{- .Values.defaultClass.spec.database }}
{{- else if hasKey $databases "primary" }}
{{- "primary" }}
{{- else }}
{{- keys $databases | sortAlpha | first }}
{{- end }}
{{- end }}

{{/*
The parts of an account that are said in the values and not by a Secret, by the names of their files:
(dict "name" "primary" "database" {…} "account" "operator"). What the account says goes before what the database says.
*/}}
{{- define "scim-operator.literals" -}}
{{- $name := .name }}
{{- $account := get .database .account }}
{{- $keys := $account.keys | default (dict "url" "url") }}
{{- $literals := dict }}
{{- range $part := list "host" "port" "dbname" "username" "sslmode" }}
{{- $value := get $account $part }}
{{- if and $value (hasKey $keys $part) }}
{{- fail (printf "databases.%s.%s: %s is said twice, as a value and in keys" $name $.account $part) }}
{{- end }}
{{- if and (not $value) (not (hasKey $keys $part)) (ne $part "username") }}
{{- $value = get $.database $part }}
{{- end }}
{{- if $value }}
{{- $_ := set $literals $part (toString $value) }}
{{- end }}
{{- end }}
{{- toJson $literals }}
{{- end }}

{{- define "scim-operator.databasesConfigName" -}}
{{- printf "%s-databases" (include "scim-operator.fullname" .) }}
{{- end }}

{{/*
The sources of a projected volume that shows an account as a folder of files: (dict "root" $ "name" "primary" "database" {…}
"account" "operator" "folder" "" "parts" (list "url" …) "optional" true).
*/}}
{{- define "scim-operator.accountSources" -}}
{{- $account := get .database .account }}
{{- $parts := .parts }}
{{- $folder := .folder }}
{{- $keys := dict }}
{{- range $part, $key := $account.keys | default (dict "url" "url") }}
{{- if has $part $parts }}
{{- $_ := set $keys $part $key }}
{{- end }}
{{- end }}
{{- if $keys }}
- secret:
    name: {{ $account.secretName }}
    {{- if .optional }}
    optional: true
    {{- end }}
    items:
      {{- range $part, $key := $keys }}
      - key: {{ $key }}
        path: {{ $folder }}{{ $part }}
      {{- end }}
{{- end }}
{{- $literals := include "scim-operator.literals" (dict "name" .name "database" .database "account" .account) | fromJson }}
{{- $said := list }}
{{- range $part, $_ := $literals }}
{{- if has $part $parts }}
{{- $said = append $said $part }}
{{- end }}
{{- end }}
{{- if $said }}
- configMap:
    name: {{ include "scim-operator.databasesConfigName" .root }}
    items:
      {{- range $part := $said }}
      - key: {{ $.name }}.{{ $.account }}.{{ $part }}
        path: {{ $folder }}{{ $part }}
      {{- end }}
{{- end }}
{{- with .database.ca }}
{{- if has "ca.crt" $parts }}
- {{ if .secretName }}secret{{ else }}configMap{{ end }}:
    name: {{ .secretName | default .configMapName }}
    {{- if $.optional }}
    optional: true
    {{- end }}
    items:
      - key: {{ .key | default "ca.crt" }}
        path: {{ $folder }}ca.crt
{{- end }}
{{- end }}
{{- end }}
