// The source of the Prometheus operator's CRDs, pinned; nothing is built of it.
module scim-operator.io/tests/control-plane/monitoring

go 1.26.0

require github.com/prometheus-operator/prometheus-operator v0.85.0
