package membership

import (
	"context"
	"strings"

	"caseway/fhir"
	"caseway/fhir/store"
)

// together keeps those of some stored resources that may come into a case with
// what is written. Where access is decided, these are the resources of the
// patients into whose compartments the caller writes, and what the caller sees:
// nobody learns the case of what is hidden by referring to it, or marks it.
func (m *membership) together(ctx context.Context, versions []store.Version) ([]store.Version, error) {
	if !m.pending.Caller.Bound() {
		return versions, nil
	}
	var some []store.Version
	for _, v := range versions {
		if !v.Exists() || v.Deleted() {
			continue
		}
		ok, err := m.belongs(ctx, v)
		if err != nil {
			return nil, err
		}
		if ok {
			some = append(some, v)
		}
	}
	return some, nil
}

func (m *membership) belongs(ctx context.Context, v store.Version) (bool, error) {
	tree, err := m.decode(v)
	if err != nil {
		return false, err
	}
	if whose := m.patientOf(v.Key, tree); whose != "" && m.patients[whose] {
		return true, nil
	}
	return m.pending.Caller.Sees(ctx, v)
}

// lookAtPatients finds the patients in whose compartments alone images are, where
// something may be hidden from the caller.
func (m *membership) lookAtPatients() {
	if !m.pending.Caller.Bound() {
		return
	}
	for _, image := range m.pending.Images {
		if image.After != nil {
			m.patients[m.patientOf(image.Key, image.After)] = true
		}
	}
}

// patientOf is the patient in whose compartment alone a resource is, as
// "Patient/1"; "" where there is none or several.
func (m *membership) patientOf(key fhir.Key, t *fhir.Tree) string {
	found := ""
	for _, c := range m.pending.CompartmentsOf(key, t) {
		if !strings.HasPrefix(c, "Patient/") {
			continue
		}
		if found != "" {
			return ""
		}
		found = c
	}
	return found
}
