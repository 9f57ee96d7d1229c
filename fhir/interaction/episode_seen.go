package interaction

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
	if m.session.access == nil {
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
	tree, err := m.session.decodeStored(v)
	if err != nil {
		return false, err
	}
	if whose := m.session.patientOf(v.Key, tree); whose != "" && m.patients[whose] {
		return true, nil
	}
	for _, what := range []Name{Read, SearchType} {
		if err := m.session.decide(ctx, Question{What: what, Key: v.Key, Before: v}); err == nil || !refused(err) {
			return err == nil, err
		}
	}
	return false, nil
}

// writtenInto are the patients in whose compartments alone images are.
func (s *Session) writtenInto(images []Image) map[string]bool {
	all := map[string]bool{}
	if s.access == nil {
		return all
	}
	for _, image := range images {
		if image.After != nil {
			all[s.patientOf(image.Key, image.After)] = true
		}
	}
	return all
}

// patientOf is the patient in whose compartment alone a resource is, as
// "Patient/1"; "" where there is none or several.
func (e *core) patientOf(key fhir.Key, t *fhir.Tree) string {
	r := e.registered.Load()
	found := ""
	for _, c := range r.compartmentsOf(key, r.writing.Index(t).Terms) {
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
