package kit_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"caseway/fhir/fhirtest"
)

// requirements are what US Core asks of searching one profile.
type requirements struct {
	Name       string
	Resource   string
	ProfileURL string `json:"profile_url"`
	Searches   []struct{ Names []string }
	Parameters map[string]parameterRequirement `json:"search_definitions"`
	RevInclude []string                        `json:"revincludes"`
	Include    []string                        `json:"include_params"`
}

func readRequirements(t *testing.T) []requirements {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(fhirtest.SharedDir(t), "data/requirements/us-core-6.1.0-metadata.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Groups []requirements }
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all.Groups
}

// TestUSCoreSearches does every search that US Core 6.1 names, with values
// taken from the reference patients, and compares the whole answer with what a
// plain matcher selects from the same resources.
func TestUSCoreSearches(t *testing.T) {
	fhirtest.SharedDir(t)
	onBothStores(t, func(t *testing.T, store string) {
		u := newUSCore(t, store)
		u.each = 4
		done, idle := 0, []string{}
		for _, g := range readRequirements(t) {
			for _, s := range g.Searches {
				done++
				r := &uscoreRun{usCore: u, group: g, asked: map[string]bool{}}
				t.Run(g.Name+"/"+strings.Join(s.Names, "+"), func(t *testing.T) { r.search(t, s.Names) })
				if len(r.asked) == 0 {
					idle = append(idle, g.Name+" by "+strings.Join(s.Names, ", "))
				}
			}
		}
		t.Logf("%d searches; no resource has values for %d: %s", done, len(idle), strings.Join(idle, "; "))
		if done != 222 || len(idle) > 20 {
			t.Errorf("%d of %d searches without a resource that has values", len(idle), done)
		}
	})
}

type uscoreRun struct {
	*usCore
	group requirements
	asked map[string]bool // queries
}

// search takes values from several resources, those of the profile first.
func (r *uscoreRun) search(t *testing.T, names []string) {
	resources := slices.Clone(r.resources[r.group.Resource])
	slices.SortStableFunc(resources, func(a, b map[string]any) int { return r.rank(a) - r.rank(b) })
	var before []requiredTerm
	for _, resource := range resources {
		terms := r.terms(names, resource)
		if terms == nil || r.asked[queryOf(terms)] {
			continue
		}
		if len(r.asked) == r.each {
			break
		}
		r.asked[queryOf(terms)] = true
		r.check(t, resource, terms)
		r.ways(t, resource, terms)
		r.lists(t, before, terms)
		before = terms
	}
}

func (r *uscoreRun) rank(resource map[string]any) int {
	if slices.Contains(walk(resource, "meta.profile"), any(r.group.ProfileURL)) {
		return 0
	}
	return 1
}

func queryOf(terms []requiredTerm) string {
	var pairs []string
	for _, q := range terms {
		pairs = append(pairs, q.name, q.value)
	}
	return escaped(pairs...)
}

// terms takes a value for each parameter; nil where the resource has none.
func (r *uscoreRun) terms(names []string, resource map[string]any) []requiredTerm {
	var terms []requiredTerm
	for _, name := range names {
		p := r.group.Parameters[name]
		value := p.valueOf(resource)
		if value == "" {
			return nil
		}
		terms = append(terms, requiredTerm{name, value, p})
	}
	return terms
}

// valueOf is a value that the resource has for a parameter.
func (p parameterRequirement) valueOf(resource map[string]any) string {
	for _, e := range p.elements(resource) {
		value := ""
		switch {
		case p.isDate():
			value, _ = e.(string)
			for _, end := range []string{"start", "end"} {
				if text, has := textOf(e, end); has && value == "" {
					value = "ge" + text
				}
			}
		case p.isToken():
			if tokens := tokensOf(e); len(tokens) > 0 {
				value = tokens[0][1]
			}
		case p.Type == "Reference":
			value, _ = textOf(e, "reference")
			if target, found := strings.CutPrefix(value, "Patient/"); found {
				value = target
			}
		default:
			if all := sorted(stringsOf(e)); len(all) > 0 {
				value = all[len(all)-1]
			}
		}
		if value != "" && !strings.ContainsAny(value, `,|$\`) {
			return value
		}
	}
	return ""
}

// check compares a search with the matcher, and its POST with its GET.
func (r *uscoreRun) check(t *testing.T, known map[string]any, terms []requiredTerm) {
	t.Helper()
	typ, query := r.group.Resource, queryOf(terms)
	if r.checked[typ+"?"+query] {
		return
	}
	r.checked[typ+"?"+query] = true
	want := r.expected(typ, terms)
	if known != nil && !slices.Contains(want, keyIn(known)) {
		t.Fatalf("%s?%s: the matcher misses %s, which the values are from", typ, query, keyIn(known))
	}
	got := searchAll(t, r.Client, typ+"?"+query)
	if keys := sorted(got.keys("match")); !slices.Equal(keys, want) {
		t.Errorf("GET %s?%s: %d matches, want %d\nonly in the answer: %v\nmissing: %v",
			typ, query, len(keys), len(want), without(keys, want), without(want, keys))
	}
	if posted := postAll(t, r.Client, typ, query); !slices.Equal(posted.keys("match"), got.keys("match")) {
		t.Errorf("POST %s/_search %s: %d matches, %d by GET", typ, query, len(posted.keys("match")), len(got.keys("match")))
	}
}

func without(keys, others []string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return slices.Contains(others, k) })
}

// ways says the same in other ways, and a little more or less.
func (r *uscoreRun) ways(t *testing.T, resource map[string]any, terms []requiredTerm) {
	for i, q := range terms {
		switch {
		case q.name == "patient":
			r.check(t, resource, replaced(terms, i, "Patient/"+q.value))
		case q.isDate():
			r.comparators(t, terms, i)
		case q.isToken() && q.Type != "code":
			for _, e := range q.elements(resource) {
				if tokens := tokensOf(e); len(tokens) > 0 && tokens[0][1] == q.value {
					r.check(t, resource, replaced(terms, i, tokens[0][0]+"|"+q.value))
				}
			}
		}
	}
	r.included(t, terms)
}

func replaced(terms []requiredTerm, i int, value string) []requiredTerm {
	terms = slices.Clone(terms)
	terms[i].value = value
	return terms
}

// comparators tries all, those that are only allowed among them, with the
// value as precise as it is and with its day alone.
func (r *uscoreRun) comparators(t *testing.T, terms []requiredTerm, i int) {
	date := strings.TrimPrefix(terms[i].value, "ge")
	for _, prefix := range []string{"eq", "ne", "gt", "ge", "lt", "le", "sa", "eb"} {
		r.check(t, nil, replaced(terms, i, prefix+date))
		if day, _, cut := strings.Cut(date, "T"); cut {
			r.check(t, nil, replaced(terms, i, prefix+day))
		}
	}
}

// lists joins the values of two resources with commas.
func (r *uscoreRun) lists(t *testing.T, before, terms []requiredTerm) {
	for i := range before {
		if before[i].value != terms[i].value {
			r.check(t, nil, replaced(terms, i, before[i].value+","+terms[i].value))
		}
	}
}

// included asks for the provenance of matches, and for what they refer to.
func (r *uscoreRun) included(t *testing.T, terms []requiredTerm) {
	typ, query := r.group.Resource, queryOf(terms)
	if slices.Contains(r.group.RevInclude, "Provenance:target") {
		want := r.expected(typ, terms)
		got := searchAll(t, r.Client, typ+"?"+query+"&_revinclude=Provenance:target")
		if keys := sorted(got.keys("match")); !slices.Equal(keys, want) {
			t.Errorf("%s?%s with provenance: %d matches, want %d", typ, query, len(keys), len(want))
		}
		keys := sorted(got.keys("include"))
		if want := r.provenances(want); !slices.Equal(slices.Compact(keys), want) {
			t.Errorf("%s?%s: provenance %v, want %v", typ, query, keys, want)
		}
	}
	for _, include := range r.group.Include {
		r.forward(t, query, include)
	}
}

// forward checks that what is included is what the matches refer to.
func (r *uscoreRun) forward(t *testing.T, query, include string) {
	parts := strings.Split(include, ":")
	got := searchAll(t, r.Client, parts[0]+"?"+query+"&_include="+include)
	want := map[string]bool{}
	for _, e := range got.Entry {
		if e.Search.Mode != "match" {
			continue
		}
		var resource map[string]any
		if err := json.Unmarshal(e.Resource, &resource); err != nil {
			t.Fatal(err)
		}
		for _, element := range walk(resource, pathOf[parts[1]]) {
			ref, _ := textOf(element, "reference")
			if target, _, _ := strings.Cut(ref, "/"); (len(parts) < 3 || target == parts[2]) && r.has(ref) {
				want[ref] = true
			}
		}
	}
	keys := slices.Compact(sorted(got.keys("include")))
	if !slices.Equal(keys, slices.Sorted(maps.Keys(want))) {
		t.Errorf("%s?%s&_include=%s: included %v, want %v", parts[0], query, include, keys, slices.Sorted(maps.Keys(want)))
	}
}

// pathOf is where the parameters of US Core's includes look.
var pathOf = map[string]string{
	"participant": "participant.member", "medication": "medicationReference", "endpoint": "endpoint", "practitioner": "practitioner",
}

func (u *usCore) has(key string) bool {
	typ, _, _ := strings.Cut(key, "/")
	return slices.ContainsFunc(u.resources[typ], func(r map[string]any) bool { return keyIn(r) == key })
}
