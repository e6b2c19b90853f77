//go:build apis

// Package api imports the API of Argo CD, so that go.mod pins it. Nothing is compiled of it: controller-gen makes the CRDs
// out of its types, as Argo CD's own build does.
package api

import _ "github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
