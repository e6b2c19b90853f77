{{/* The chart's name. */}}
{{- define "scim-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* What all names start with: short enough for what is appended to it. Dots are allowed in releases, not in Services. */}}
{{- define "scim-operator.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- $release := .Release.Name | replace "." "-" }}
{{- if contains $name $release }}
{{- $release | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" $release $name | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{/* What the names of objects start with that are not in the release's namespace: another may have a release of the same name. */}}
{{- define "scim-operator.clusterName" -}}
{{- printf "%s-%s" (include "scim-operator.fullname" .) .Release.Namespace }}
{{- end }}

{{- define "scim-operator.chart" -}}
{{- printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "scim-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "scim-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Labels of an object: (dict "root" $ "component" "server"); the component may be missing. */}}
{{- define "scim-operator.labels" -}}
helm.sh/chart: {{ include "scim-operator.chart" .root }}
{{ include "scim-operator.selectorLabels" .root }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: scim-operator
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Labels of a pod: without versions, so that a new chart alone starts nothing anew. (dict "root" $ "component" "server") */}}
{{- define "scim-operator.podLabels" -}}
{{ include "scim-operator.selectorLabels" .root }}
app.kubernetes.io/component: {{ .component }}
app.kubernetes.io/part-of: scim-operator
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The image of a component, by digest where there is one: (dict "root" $ "image" .Values.server.image). */}}
{{- define "scim-operator.image" -}}
{{- if .image.digest -}}
{{ printf "%s@%s" .image.repository .image.digest }}
{{- else -}}
{{ printf "%s:%s" .image.repository (.image.tag | default .root.Chart.AppVersion) }}
{{- end }}
{{- end }}

{{- define "scim-operator.imagePullSecrets" -}}
{{- with concat (.Values.global.imagePullSecrets | default list) (.Values.imagePullSecrets | default list) -}}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "scim-operator.serviceAccountName" -}}
{{- if .Values.operator.serviceAccount.create }}
{{- .Values.operator.serviceAccount.name | default (include "scim-operator.fullname" .) }}
{{- else }}
{{- .Values.operator.serviceAccount.name | default "default" }}
{{- end }}
{{- end }}

{{- define "scim-operator.serverServiceAccountName" -}}
{{- if .Values.server.serviceAccount.create }}
{{- .Values.server.serviceAccount.name | default (printf "%s-server" (include "scim-operator.fullname" .)) }}
{{- else }}
{{- .Values.server.serviceAccount.name | default "default" }}
{{- end }}
{{- end }}

{{/* The name of the installation in the registry: a DNS label. */}}
{{- define "scim-operator.installation" -}}
{{- .Values.installation | default (.Release.Name | replace "." "-") }}
{{- end }}

{{- define "scim-operator.postgresqlName" -}}
{{- printf "%s-postgresql" (include "scim-operator.fullname" .) }}
{{- end }}

{{/* Seconds of a duration such as 5s or 2m. */}}
{{- define "scim-operator.seconds" -}}
{{- if hasSuffix "m" . }}{{ mul 60 (trimSuffix "m" . | int) }}{{ else }}{{ trimSuffix "s" . | int }}{{ end }}
{{- end }}

{{/* What the pods of hooks and tests have in common; they run the operator's image or a server's. */}}
{{- define "scim-operator.hookPod" -}}
restartPolicy: Never
{{- with include "scim-operator.imagePullSecrets" . }}
{{- . | nindent 0 }}
{{- end }}
securityContext:
  {{- toYaml .Values.operator.podSecurityContext | nindent 2 }}
{{- with .Values.hooks.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.hooks.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* How pods are spread unless told otherwise: (dict "constraints" … "labels" (dict …)). */}}
{{- define "scim-operator.topologySpreadConstraints" -}}
{{- $labels := .labels }}
{{- $default := dict "maxSkew" 1 "topologyKey" "kubernetes.io/hostname" "whenUnsatisfiable" "ScheduleAnyway" "matchLabelKeys" (list "pod-template-hash") }}
{{- range .constraints | default (list $default) }}
- {{ (hasKey . "labelSelector" | ternary . (set (deepCopy .) "labelSelector" (dict "matchLabels" $labels))) | toYaml | nindent 2 | trim }}
{{- end }}
{{- end }}

{{/* What the operator needs to make and keep the class of `defaultClass`. To create knows no names. */}}
{{- define "scim-operator.defaultClassRules" -}}
{{- if .Values.defaultClass.create -}}
# The class that the values ask for is made, and kept as they say.
- apiGroups: [scim-operator.io]
  resources: [scimtenantclasses]
  verbs: [create]
- apiGroups: [scim-operator.io]
  resources: [scimtenantclasses]
  resourceNames: [{{ .Values.defaultClass.name }}]
  verbs: [get{{ if .Values.watchNamespaces }}, patch{{ end }}]
{{- end }}
{{- end }}

{{/* The annotations of an object that exists while a hook runs: (dict "hook" "pre-delete" "weight" "0"). */}}
{{- define "scim-operator.hook" -}}
helm.sh/hook: {{ .hook }}
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: {{ .delete | default "before-hook-creation,hook-succeeded" }}
{{- end }}
