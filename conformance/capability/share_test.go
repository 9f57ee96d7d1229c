package capability

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"caseway/fhir/definition"
	"caseway/fhir/search"
)

// TestNothingIsLostByBeingSaidOnce: who reads the statement as it says of itself
// knows of each type what the registry knows.
func TestNothingIsLostByBeingSaidOnce(t *testing.T) {
	registry, problems := search.NewRegistry(definition.R4(), nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	c := claims()
	c.Search = registry
	text := Statement(c)
	if len(text) > 400_000 {
		t.Errorf("the statement has %d bytes, want 400000 at most", len(text))
	}
	var s statement
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	said := readerOf(t, s.Rest[0])
	if got, want := said.whole(s.Rest[0].SearchParam), searchParams(registry.SystemMetadata()); !slices.Equal(got, want) {
		t.Errorf("the system's parameters are %v, want %v", got, want)
	}
	for _, r := range s.Rest[0].Resource {
		want := registry.MetadataFor(r.Type)
		got := said.whole(r.SearchParam)
		for _, p := range said.whole(s.Rest[0].SearchParam) {
			if strings.HasPrefix(p.Definition, "http://hl7.org/fhir/SearchParameter/Resource-") {
				got = append(got, p)
			}
		}
		slices.SortFunc(got, func(a, b searchParam) int { return strings.Compare(a.Name, b.Name) })
		parameters := searchParams(want.Parameters)
		slices.SortFunc(parameters, func(a, b searchParam) int { return strings.Compare(a.Name, b.Name) })
		if !slices.Equal(got, parameters) {
			t.Errorf("%s: parameters are\n%v, want\n%v", r.Type, got, parameters)
		}
		includes := slices.Sorted(slices.Values(append(r.SearchRevInclude, said.toAny...)))
		if !slices.Equal(includes, want.RevIncludes) || !slices.Equal(r.SearchInclude, want.Includes) {
			t.Errorf("%s: includes are\n%v and %v, want\n%v and %v", r.Type, includes, r.SearchInclude, want.RevIncludes, want.Includes)
		}
	}
}

// reader knows what a statement says once.
type reader struct {
	usual map[string]string // documentation by type of parameter
	toAny []string          // references that may lead to every type
}

func readerOf(t *testing.T, r rest) reader {
	t.Helper()
	said := reader{usual: map[string]string{}}
	const takes = "takes, where its own documentation says nothing else: "
	for part := range strings.SplitSeq(r.Documentation, " A parameter of type ") {
		if typ, text, found := strings.Cut(part, " "+takes); found {
			text, _, _ = strings.Cut(text, " As _revinclude")
			said.usual[typ] = text
		}
	}
	_, list, _ := strings.Cut(r.Documentation, "references that may lead to any type: ")
	said.toAny = strings.Split(strings.TrimSuffix(list, "."), ", ")
	if len(said.usual) < 6 || len(said.toAny) < 50 || !slices.Contains(said.toAny, "Provenance:target") {
		t.Fatalf("the statement says once %v and %v", said.usual, said.toAny)
	}
	return said
}

// whole gives parameters their documentation back.
func (r reader) whole(list []searchParam) []searchParam {
	all := slices.Clone(list)
	for i, p := range all {
		if p.Documentation == "" {
			all[i].Documentation = r.usual[p.Type]
		}
	}
	return all
}
