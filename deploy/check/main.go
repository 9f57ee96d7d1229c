// Check reads the examples of this folder as the tools that take them do:
// compose.yaml by the loader of Docker Compose, kubernetes.yaml by the types of
// the Kubernetes API, unknown fields refused. It is a module of its own, so that
// the server needs neither.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/cli"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"
)

func main() {
	dir := "."
	if len(os.Args) > 1 {
		dir = os.Args[1]
	}
	if err := errors.Join(compose(filepath.Join(dir, "compose.yaml")), kubernetes(filepath.Join(dir, "kubernetes.yaml"))); err != nil {
		log.Fatal(err)
	}
}

func compose(file string) error {
	options, err := cli.NewProjectOptions([]string{file})
	if err != nil {
		return err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if len(project.Services) != 3 {
		return fmt.Errorf("%s has %d services, want 3", file, len(project.Services))
	}
	return nil
}

// kinds are the types of what a manifest may hold.
var kinds = map[string]func() any{
	"v1 Secret":                     func() any { return &corev1.Secret{} },
	"v1 ConfigMap":                  func() any { return &corev1.ConfigMap{} },
	"v1 Service":                    func() any { return &corev1.Service{} },
	"apps/v1 Deployment":            func() any { return &appsv1.Deployment{} },
	"policy/v1 PodDisruptionBudget": func() any { return &policyv1.PodDisruptionBudget{} },
	"networking.k8s.io/v1 Ingress":  func() any { return &networkingv1.Ingress{} },
}

func kubernetes(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	n := 0
	for _, one := range bytes.Split(text, []byte("\n---\n")) {
		var head struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
		}
		if err := yaml.Unmarshal(one, &head); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		typ := kinds[head.APIVersion+" "+head.Kind]
		if typ == nil {
			return fmt.Errorf("%s has a %s of %s, which isn't known here", file, head.Kind, head.APIVersion)
		}
		if err := yaml.UnmarshalStrict(one, typ()); err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("%s, %s: %w", file, head.Kind, err)
		}
		n++
	}
	if n < 5 {
		return fmt.Errorf("%s has %d objects, want more", file, n)
	}
	return nil
}
