package kit_test

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"caseway/conformance/kit"
	"caseway/fhir/fhirtest"
	loading "caseway/server/load"
)

// usCore is a server with US Core's search parameters and the reference
// patients, and what they are in its history.
type usCore struct {
	*kit.Client
	resources map[string][]map[string]any // by type
	each      int                         // resources whose values a search is tried with
	checked   map[string]bool             // searches
}

// newUSCore starts a server, has it take the search parameters, waits until
// they are in effect, and loads the patients.
func newUSCore(t *testing.T, store string) *usCore {
	t.Helper()
	data := filepath.Join(fhirtest.SharedDir(t), "data")
	p := start(t, kit.Launch{Store: store})
	u := &usCore{Client: kit.NewClient(p.Base), resources: map[string][]map[string]any{}, checked: map[string]bool{}}
	target := loading.HTTP{Base: p.Base, Client: u.HTTP}
	for _, path := range []string{
		filepath.Join(data, "ig/hl7.fhir.us.core-6.1.0/searchparameter.ndjson"), filepath.Join(data, "inferno-reference-data"),
	} {
		report, err := loading.Run(t.Context(), target, []string{path}, loading.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d stored, %d refused", filepath.Base(path), report.Stored(), report.Refused())
	}
	u.awaitParameters(t)
	u.read(t)
	return u
}

// beyondR4 are searches by US Core's parameters that R4 lacks.
var beyondR4 = []string{
	"CareTeam?role=x", "Condition?asserted-date=2020", "Encounter?discharge-disposition=x", "Goal?description=x",
}

// awaitParameters waits until what is there has been indexed by the stored
// parameters too. Until then they must be refused.
func (u *usCore) awaitParameters(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for _, path := range beyondR4 {
		for {
			answer, err := u.Do(t.Context(), http.MethodGet, path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if answer.Status == http.StatusOK {
				break
			}
			if answer.Status >= 500 || time.Now().After(deadline) {
				t.Fatalf("GET %s: status %d: %s", path, answer.Status, answer.Body)
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
}

// read takes what the server has from its history: searches are compared with
// it, so it doesn't come from a search.
func (u *usCore) read(t *testing.T) {
	t.Helper()
	read := map[string]bool{}
	for url := "_history?_count=500"; url != ""; {
		answer, err := u.Do(t.Context(), http.MethodGet, url, nil)
		if err != nil || answer.Status != http.StatusOK {
			t.Fatalf("GET %s: status %d, %v", url, answer.Status, err)
		}
		var page bundle
		if err := json.Unmarshal(answer.Body, &page); err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Entry { // the newest version comes first
			if !read[e.key()] && len(e.Resource) > 0 {
				u.add(t, e.Resource)
			}
			read[e.key()] = true
		}
		url = page.next()
	}
}

func (u *usCore) add(t *testing.T, text []byte) {
	t.Helper()
	var resource map[string]any
	if err := json.Unmarshal(text, &resource); err != nil {
		t.Fatal(err)
	}
	typ := resource["resourceType"].(string)
	u.resources[typ] = append(u.resources[typ], resource)
}

func keyIn(resource map[string]any) string {
	return resource["resourceType"].(string) + "/" + resource["id"].(string)
}

// term is one parameter of a search with its value.
type requiredTerm struct {
	name, value string
	parameterRequirement
}

// expected are the resources of a type that satisfy all terms.
func (u *usCore) expected(typ string, terms []requiredTerm) []string {
	var keys []string
	for _, r := range u.resources[typ] {
		if !slices.ContainsFunc(terms, func(q requiredTerm) bool { return !q.matches(r, q.value) }) {
			keys = append(keys, keyIn(r))
		}
	}
	return sorted(keys)
}

// provenances are those whose targets are among the keys.
func (u *usCore) provenances(keys []string) []string {
	var all []string
	for _, p := range u.resources["Provenance"] {
		if anyOf(walk(p, "target"), func(v any) bool {
			ref, _ := textOf(v, "reference")
			return slices.Contains(keys, ref)
		}) {
			all = append(all, keyIn(p))
		}
	}
	return sorted(all)
}
