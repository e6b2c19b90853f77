{{/* What the schema cannot say: keys that depend on one another. Each message starts with the key to change. */}}
{{- define "scim-operator.checks" -}}
{{- if not (regexMatch "^[a-z]" (include "scim-operator.fullname" .)) }}
{{- fail "fullnameOverride: is needed where the release's name begins with a digit: names of Services begin with a letter" }}
{{- end }}
{{- if and .Values.crds.enabled (not .Values.crds.keep) (not .Values.uninstall.removeFinalizers) }}
{{- fail "crds.keep: must be true where uninstall.removeFinalizers is false: Kubernetes would wait for ever to delete the definitions" }}
{{- end }}
{{- if and .Values.databases .Values.database.embedded.enabled }}
{{- fail "database.embedded.enabled: must be false where databases has entries: it is one or the other" }}
{{- end }}
{{- if not (or .Values.databases .Values.database.embedded.enabled) }}
{{- fail "databases: name at least one database, or set database.embedded.enabled" }}
{{- end }}
{{- $databases := include "scim-operator.databases" . | fromJson }}
{{- if and .Values.defaultClass.create (not (hasKey .Values.defaultClass.spec "url")) }}
{{- fail "defaultClass.spec.url: is needed where defaultClass.create is true, for instance https://scim.example.com" }}
{{- end }}
{{- $allowed := .Values.defaultClass.spec.allowedNamespaces | default dict }}
{{- if and .Values.defaultClass.create (not .Values.defaultClass.isDefault) (ne ($allowed.from | default "All") "Selector") }}
{{- fail "defaultClass.spec.allowedNamespaces: must be of the form {from: Selector, selector: …} where defaultClass.isDefault is false" }}
{{- end }}
{{- with .Values.defaultClass.spec.database }}
{{- if not (hasKey $databases .) }}
{{- fail (printf "defaultClass.spec.database: there is no database %s; there are: %s" . (keys $databases | sortAlpha | join ", ")) }}
{{- end }}
{{- end }}
{{- if and .Values.defaultClass.create (not (hasKey .Values.defaultClass.spec "database")) (not (hasKey $databases "primary")) }}
{{- fail (printf "defaultClass.spec.database: choose one of %s; unless it is said, a class uses primary" (keys $databases | sortAlpha | join ", ")) }}
{{- end }}
{{- with .Values.tests.database }}
{{- if not (hasKey $databases .) }}
{{- fail (printf "tests.database: there is no database %s; there are: %s" . (keys $databases | sortAlpha | join ", ")) }}
{{- end }}
{{- end }}
{{- if and .Values.watchNamespaces .Values.tests.namespace (not (has .Values.tests.namespace .Values.watchNamespaces)) }}
{{- fail (printf "tests.namespace: %s is none of watchNamespaces" .Values.tests.namespace) }}
{{- end }}
{{- with .Values.server.autoscaling }}
{{- if .enabled }}
{{- if gt (int .minReplicas) (int .maxReplicas) }}
{{- fail "server.autoscaling.minReplicas: must not be more than server.autoscaling.maxReplicas" }}
{{- end }}
{{- if and .targetCPUUtilizationPercentage (not (hasKey ($.Values.server.resources.requests | default dict) "cpu")) }}
{{- fail "server.resources.requests.cpu: is needed by server.autoscaling.targetCPUUtilizationPercentage, which is a share of it" }}
{{- end }}
{{- if not (or .targetCPUUtilizationPercentage .targetRequestsPerSecond .extraMetrics) }}
{{- fail "server.autoscaling: set targetCPUUtilizationPercentage, targetRequestsPerSecond or extraMetrics" }}
{{- end }}
{{- end }}
{{- end }}
{{- if and .Values.metrics.podMonitor.enabled .Values.metrics.serviceMonitor.enabled }}
{{- fail "metrics.serviceMonitor.enabled: must be false where metrics.podMonitor.enabled is true: everything would be scraped twice" }}
{{- end }}
{{- end }}
