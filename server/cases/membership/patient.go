package membership

import (
	"context"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// person is a patient as a resource refers to one: by key where it is one of
// this server, by an absolute URL, or by identifiers.
type person struct {
	key         fhir.Key
	url         string
	identifiers []string // as "system|value", escaped
}

// ownPatient has the elements that say whose a resource is, where these aren't
// subject and patient.
var ownPatient = map[string][]string{
	"Appointment":         {"participant.actor"},
	"AppointmentResponse": {"actor"},
	"Coverage":            {"beneficiary"},
	"EnrollmentRequest":   {"candidate"},
	"ResearchSubject":     {"individual"},
	"Task":                {"for"},
}

// personsOf are the patients whose a resource says that it is; none where it
// doesn't say, or says that it is of something else.
func personsOf(t *fhir.Tree, base string) []person {
	root := t.Root()
	paths := ownPatient[t.Type().Name]
	if paths == nil {
		paths = []string{"patient", "subject"}
	}
	var all []person
	for _, path := range paths {
		for n := range fhir.NodesAt(root, path) {
			if p, ok := personAt(n, base); ok {
				all = append(all, p)
			}
		}
	}
	return all
}

// personAt reads a Reference.
func personAt(n fhir.Node, base string) (p person, ok bool) {
	reference, _, _ := strings.Cut(n.Child("reference").Text(), "/_history/")
	if id, inside := strings.CutPrefix(reference, "#"); inside {
		for c := range n.Root().All("contained") {
			if c.Child("id").Text() == id && c.Type() != nil && c.Type().Name == "Patient" {
				p.identify(c)
			}
		}
		return p, p.identifiers != nil
	}
	if key, is := fhir.LiteralKey(reference, base); is {
		return person{key: key}, key.Type == "Patient"
	}
	if reference != "" {
		return person{url: reference}, strings.Contains(reference, "/Patient/")
	}
	if typ := n.Child("type").Text(); typ != "" && typ != "Patient" {
		return p, false
	}
	p.identify(n)
	return p, p.identifiers != nil
}

// identify adds the identifiers of an element.
func (p *person) identify(n fhir.Node) {
	for identifier := range n.All("identifier") {
		if value := identifier.Child("value").Text(); value != "" {
			p.identifiers = append(p.identifiers, search.Escape(identifier.Child("system").Text())+"|"+search.Escape(value))
		}
	}
}

// fits reports whether a resource isn't provably that of another patient than a
// case is.
func (m *membership) fits(ctx context.Context, mine *member, id string) (bool, error) {
	if len(mine.whose) == 0 || mine.settled(id) && !m.written(fhir.Key{Type: "EpisodeOfCare", ID: id}) {
		return true, nil
	}
	whose, err := m.patientsOfCase(ctx, id)
	if err != nil {
		return false, err
	}
	others, err := m.others(ctx, mine.whose, whose)
	return !others, err
}

// settled reports whether the version before was in a case as the same patient's.
func (m *member) settled(id string) bool {
	literal := !slices.ContainsFunc(m.whose, func(p person) bool { return p.identifiers != nil })
	return m.same && literal && slices.Contains(casesOf(m.image.Before), id)
}

// patientsOfCase are whom an episode is of; none where it isn't there.
func (m *membership) patientsOfCase(ctx context.Context, id string) ([]person, error) {
	if known, ok := m.episodes[id]; ok {
		return known, nil
	}
	key := fhir.Key{Type: "EpisodeOfCare", ID: id}
	var whose []person
	if mine := m.here[key]; mine != nil {
		whose = mine.whose
	} else if !m.written(key) {
		versions, err := m.pending.Stored(ctx, key)
		if err != nil {
			return nil, err
		}
		if whose, err = m.personsIn(versions[0]); err != nil {
			return nil, err
		}
	}
	m.episodes[id] = whose
	return whose, nil
}

// personsIn are the patients whose a stored resource is.
func (m *membership) personsIn(v store.Version) ([]person, error) {
	if v.JSON == nil {
		return nil, nil
	}
	tree, err := m.decode(v)
	if err != nil {
		return nil, err
	}
	return personsOf(tree, m.base), nil
}

// others reports whether all of some patients are provably others than each of
// some more.
func (m *membership) others(ctx context.Context, some, more []person) (bool, error) {
	for _, a := range some {
		for _, b := range more {
			other, err := m.other(ctx, a, b)
			if err != nil || !other {
				return false, err
			}
		}
	}
	return len(some) > 0 && len(more) > 0, nil
}

// other reports whether two patients are provably two.
func (m *membership) other(ctx context.Context, a, b person) (bool, error) {
	if a.url != "" || b.url != "" {
		i, j := strings.LastIndexByte(a.url, '/'), strings.LastIndexByte(b.url, '/')
		return i > 0 && j > 0 && a.url[:i] == b.url[:j] && a.url != b.url, nil
	}
	for _, p := range []*person{&a, &b} {
		if p.identifiers == nil {
			continue
		}
		key, err := m.identified(ctx, p.identifiers)
		if err != nil {
			return false, err
		}
		p.key = key
	}
	if a.key == b.key || a.key.ID == "" || b.key.ID == "" {
		return false, nil
	}
	return m.apart(ctx, a.key, b.key)
}

// identified gives the one stored Patient that has one of some identifiers; the
// zero key where none has, or several.
func (m *membership) identified(ctx context.Context, identifiers []string) (found fhir.Key, err error) {
	if m.pending.Rebuilding() {
		return found, nil
	}
	r := m.pending.Server.Registry()
	where, err := r.Condition(ctx, r.Parameter("Patient", "identifier"), "", strings.Join(identifiers, ","), search.Env{})
	leaf, ok := where.(search.Leaf)
	if err != nil || !ok || len(leaf.Exact) == 0 {
		return found, nil //nolint:nilerror // an identifier that nothing can be found by proves nothing
	}
	for _, term := range leaf.Exact {
		page, err := m.pending.Scan(ctx, search.Scan{Type: "Patient", Term: term, Limit: 2, KeysOnly: true})
		if err != nil {
			return found, err
		}
		for _, hit := range page.Hits {
			if found.ID != "" && found != hit.Key {
				return fhir.Key{}, nil
			}
			found = hit.Key
		}
	}
	return found, nil
}

// apart reports whether two Patients aren't linked as records of one person
// (https://hl7.org/fhir/R4/patient.html#links).
func (m *membership) apart(ctx context.Context, a, b fhir.Key) (bool, error) {
	versions, err := m.pending.Stored(ctx, a, b)
	if err != nil {
		return false, err
	}
	for i, v := range versions {
		key := []fhir.Key{a, b}[i]
		other := []fhir.Key{b, a}[i]
		var tree *fhir.Tree
		if mine, ok := m.people[key]; ok {
			tree = mine
		} else if v.JSON != nil {
			if tree, err = m.decode(v); err != nil {
				return false, err
			}
		}
		if tree != nil && slices.Contains(fhir.KeysAt(tree.Root(), []string{"link.other"}, m.base), other) {
			return false, nil
		}
	}
	return true, nil
}
