{{/* Rules for egress that several NetworkPolicies have. */}}

{{/* The `to` of a rule that leads to some addresses only: a list of CIDRs, empty for all. */}}
{{- define "scim-operator.toCIDRs" -}}
{{- with . -}}
to:
  {{- range . }}
  - ipBlock: {cidr: {{ . }}}
  {{- end }}
{{- end }}
{{- end }}

{{- define "scim-operator.egressToNames" -}}
# DNS, wherever it runs; OpenShift's pods listen on 5353.
- ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
    - {protocol: UDP, port: 5353}
    - {protocol: TCP, port: 5353}
{{- end }}

{{- define "scim-operator.egressToAPIServer" -}}
# The Kubernetes API server.
- ports:
    {{- range .Values.networkPolicy.apiServerPorts }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
  {{- with include "scim-operator.toCIDRs" .Values.networkPolicy.apiServerCIDRs }}
  {{- . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "scim-operator.egressToDatabases" -}}
# PostgreSQL.
- ports:
    {{- range .Values.networkPolicy.databasePorts }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
  {{- if .Values.databases }}
  {{- with include "scim-operator.toCIDRs" .Values.networkPolicy.databaseCIDRs }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- else }}
  to:
    - podSelector:
        matchLabels:
          {{- include "scim-operator.selectorLabels" . | nindent 10 }}
          app.kubernetes.io/component: postgresql
  {{- end }}
{{- end }}

{{- define "scim-operator.egressOfTraces" -}}
{{- with .Values.tracing.endpoint -}}
{{- $address := urlParse . }}
{{- $port := regexFind ":[0-9]+$" $address.host | trimPrefix ":" | default (ternary "443" "80" (eq $address.scheme "https")) -}}
# Spans.
- ports:
    - {protocol: TCP, port: {{ $port }}}
{{- end }}
{{- end }}
