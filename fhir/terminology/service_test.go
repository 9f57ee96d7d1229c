package terminology_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/search"
	"caseway/fhir/terminology"
)

// resources is a Resolver over some resources.
type resources []*fhir.Tree

func (r resources) Resolve(_ context.Context, typ, canonical string) (*fhir.Tree, error) {
	if canonical == "http://broken" {
		return nil, errors.New("the store is away")
	}
	for _, tree := range r {
		if tree.Type().Name == typ && (tree.Root().Child("url").Text() == canonical || typ+"/"+tree.ID() == canonical) {
			return tree, nil
		}
	}
	return nil, nil
}

func decode(t testing.TB, texts ...string) resources {
	t.Helper()
	var r resources
	for _, text := range texts {
		tree, err := fhir.Decode(definition.R4(), []byte(text), fhir.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		r = append(r, tree)
	}
	return r
}

// system has animals: a cat is a pet and a mammal.
const system = `{"resourceType":"CodeSystem","id":"s","url":"http://s","status":"active","content":"complete","concept":[
	{"code":"animal","concept":[
		{"code":"mammal","concept":[{"code":"cat"},{"code":"dog"}]},
		{"code":"bird"}]},
	{"code":"pet","property":[{"code":"child","valueCode":"cat"}]},
	{"code":"robin","property":[{"code":"parent","valueCode":"bird"}]},
	{"code":"stone"}]}`

func valueSet(url, rest string) string {
	return `{"resourceType":"ValueSet","id":"` + strings.TrimPrefix(url, "http://") + `","url":"` + url + `","status":"active",` + rest + `}`
}

func include(parts ...string) string {
	return `"compose":{"include":[` + strings.Join(parts, ",") + `]}`
}

func filter(op, value string) string {
	return include(`{"system":"http://s","filter":[{"property":"concept","op":"` + op + `","value":"` + value + `"}]}`)
}

func all(t testing.TB) *terminology.Service {
	t.Helper()
	many := make([]string, terminology.MostCodes+1)
	for i := range many {
		many[i] = fmt.Sprintf(`{"code":"c%d"}`, i)
	}
	return terminology.New(definition.R4(), decode(
		t, system,
		`{"resourceType":"CodeSystem","url":"http://part","status":"active","content":"fragment","concept":[{"code":"a"}]}`,
		`{"resourceType":"CodeSystem","url":"http://groups","status":"active","content":"complete","hierarchyMeaning":"grouped-by","concept":[{"code":"a","concept":[{"code":"b"}]}]}`,
		`{"resourceType":"CodeSystem","url":"http://circle","status":"active","content":"complete","concept":[
			{"code":"a","property":[{"code":"parent","valueCode":"b"}]},{"code":"b","property":[{"code":"parent","valueCode":"a"}]}]}`,
		`{"resourceType":"CodeSystem","url":"http://many","status":"active","content":"complete","concept":[`+strings.Join(many, ",")+`]}`,
		valueSet("http://list", include(`{"system":"http://unknown","concept":[{"code":"x"},{"code":"y"},{"code":"x"}]}`, `{"system":"http://s","concept":[{"code":"x"}]}`)),
		valueSet("http://whole", include(`{"system":"http://s"}`)),
		valueSet("http://unknown-system", include(`{"system":"http://unknown"}`)),
		valueSet("http://fragment", include(`{"system":"http://part"}`)),
		valueSet("http://too-many", include(`{"system":"http://many"}`)),
		valueSet("http://is-a", filter("is-a", "mammal")),
		valueSet("http://descendent-of", filter("descendent-of", "animal")),
		valueSet("http://is-not-a", filter("is-not-a", "animal")),
		valueSet("http://equal", filter("=", "cat")),
		valueSet("http://regex", filter("regex", "c.*")),
		valueSet("http://property", include(`{"system":"http://s","filter":[{"property":"color","op":"=","value":"red"}]}`)),
		valueSet("http://filters", include(`{"system":"http://s","filter":[{"property":"concept","op":"is-a","value":"animal"},{"property":"concept","op":"is-a","value":"pet"}]}`)),
		valueSet("http://import", include(`{"valueSet":["http://is-a","http://list"]}`)),
		valueSet("http://imports", include(`{"valueSet":["http://is-a"]}`, `{"valueSet":["http://list"]}`)),
		valueSet("http://import-of-system", include(`{"system":"http://s","valueSet":["http://is-a","http://filters"]}`)),
		valueSet("http://excludes", `"compose":{"include":[{"system":"http://s"}],"exclude":[{"system":"http://s","filter":[{"property":"concept","op":"is-a","value":"animal"}]},{"valueSet":["http://equal"]}]}`),
		valueSet("http://itself", include(`{"valueSet":["http://other"]}`)),
		valueSet("http://other", include(`{"valueSet":["http://itself"]}`)),
		valueSet("http://definition", include(`{"valueSet":["http://hl7.org/fhir/ValueSet/administrative-gender"]}`)),
		valueSet("http://definition-system", include(`{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","filter":[{"property":"concept","op":"is-a","value":"active"}]}`)),
		valueSet("http://away", include(`{"valueSet":["http://broken"]}`)),
		valueSet("http://expanded", `"expansion":{"timestamp":"2024-01-01","contains":[{"system":"http://s","code":"group","abstract":true,"contains":[{"system":"http://s","code":"cat"}]},{"display":"no code","contains":[{"system":"http://t","code":"dog"}]}]}`),
		valueSet("http://page", `"expansion":{"timestamp":"2024-01-01","offset":100,"contains":[{"system":"http://s","code":"cat"}]}`),
		valueSet("http://page-and-definition", include(`{"system":"http://s","concept":[{"code":"dog"}]}`)+`,"expansion":{"timestamp":"2024-01-01","parameter":[{"name":"count","valueInteger":1}],"contains":[{"system":"http://s","code":"cat"}]}`),
	))
}

func written(codings []search.Coding) string {
	texts := make([]string, len(codings))
	for i, c := range codings {
		texts[i] = strings.TrimPrefix(c.System, "http://") + "|" + c.Code
	}
	return strings.Join(texts, " ")
}

func kindOf(err error) fhir.Kind {
	if fe := (*fhir.Error)(nil); errors.As(err, &fe) {
		return fe.Kind
	}
	return fhir.Internal
}

func TestExpand(t *testing.T) {
	s := all(t)
	for _, c := range []struct{ url, want string }{
		{"http://list", "unknown|x unknown|y s|x"},
		{"ValueSet/list", "unknown|x unknown|y s|x"},
		{"http://whole", "s|animal s|mammal s|cat s|dog s|bird s|pet s|robin s|stone"},
		{"http://is-a", "s|mammal s|cat s|dog"},
		{"http://descendent-of", "s|mammal s|cat s|dog s|bird s|robin"},
		{"http://is-not-a", "s|pet s|stone"},
		{"http://equal", "s|cat"},
		{"http://filters", "s|cat"},
		{"http://import", ""},
		{"http://imports", "s|mammal s|cat s|dog unknown|x unknown|y s|x"},
		{"http://import-of-system", "s|cat"},
		{"http://excludes", "s|pet s|stone"},
		{"http://expanded", "s|cat t|dog"},
		{"http://page-and-definition", "s|dog"},
		{"http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1", "hl7.org/fhir/administrative-gender|male hl7.org/fhir/administrative-gender|female hl7.org/fhir/administrative-gender|other hl7.org/fhir/administrative-gender|unknown"},
		{"http://definition", "hl7.org/fhir/administrative-gender|male hl7.org/fhir/administrative-gender|female hl7.org/fhir/administrative-gender|other hl7.org/fhir/administrative-gender|unknown"},
		{"http://definition-system", "terminology.hl7.org/CodeSystem/condition-clinical|active terminology.hl7.org/CodeSystem/condition-clinical|recurrence terminology.hl7.org/CodeSystem/condition-clinical|relapse"},
		{"http://s?fhir_vs", "s|animal s|mammal s|cat s|dog s|bird s|pet s|robin s|stone"},
		{"http://s?fhir_vs=isa/bird", "s|bird s|robin"},
		{"http://s?fhir_vs=isa/nothing", ""},
	} {
		t.Run(c.url, func(t *testing.T) {
			got, err := s.Expand(t.Context(), c.url)
			if err != nil || written(got) != c.want {
				t.Errorf("%s: %s, %v", c.url, written(got), err)
			}
		})
	}
}

func TestExpandRefusesWhatItCantTell(t *testing.T) {
	s := all(t)
	for _, c := range []struct {
		url  string
		kind fhir.Kind
		text string
	}{
		{"http://nowhere", fhir.NotFound, "the value set isn't known here"},
		{"ValueSet/nowhere", fhir.NotFound, "the value set isn't known here"},
		{"http://unknown?fhir_vs=isa/1", fhir.NotFound, "the code system isn't known here"},
		{"http://s?fhir_vs=refset", fhir.NotFound, "the value set isn't known here"},
		{"http://unknown-system", fhir.NotFound, "the code system isn't known here"},
		{"http://fragment", fhir.Invalid, "content isn't complete"},
		{"http://regex", fhir.Invalid, "an operation other than"},
		{"http://property", fhir.Invalid, "a property other than concept"},
		{"http://itself", fhir.Invalid, "imports itself"},
		{"http://page", fhir.Invalid, "a part of its expansion only"},
		{"http://too-many", fhir.TooCostly, "more than 10000 codes"},
		{"http://hl7.org/fhir/ValueSet/mimetypes", fhir.Invalid, "can't be listed"},
		{"http://away", fhir.Internal, "the store is away"},
	} {
		t.Run(c.url, func(t *testing.T) {
			codings, err := s.Expand(t.Context(), c.url)
			if err == nil || kindOf(err) != c.kind || !strings.Contains(err.Error(), c.text) || codings != nil {
				t.Errorf("%s: got %v, want the error of the row and no codes", c.url, err)
			}
		})
	}
}

func TestHierarchies(t *testing.T) {
	s := all(t)
	const clinical = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
	for _, c := range []struct{ system, code, below, above string }{
		{"http://s", "cat", "cat", "cat mammal pet animal"},
		{"http://s", "animal", "animal mammal bird cat dog robin", "animal"},
		{"http://s", "stone", "stone", "stone"},
		{"http://s", "nothing", "", ""},
		{"http://circle", "a", "a b", "a b"},
		{"http://groups", "a", "a", "a"},
		{clinical, "inactive", "inactive resolved", "inactive"},
		{clinical, "resolved", "resolved", "resolved inactive"},
	} {
		t.Run(c.system, func(t *testing.T) {
			for _, way := range []struct {
				of   func(context.Context, search.Coding) ([]search.Coding, error)
				want string
			}{{s.Below, c.below}, {s.Above, c.above}} {
				got, err := way.of(t.Context(), search.Coding{System: c.system, Code: c.code})
				codes := make([]string, len(got))
				for i, coding := range got {
					codes[i] = coding.Code
				}
				if want := strings.Fields(way.want); err != nil || !slices.Equal(codes, want) {
					t.Errorf("%s|%s: %v, want %v; %v", c.system, c.code, codes, want, err)
				}
			}
		})
	}
	for _, c := range []struct {
		coding search.Coding
		kind   fhir.Kind
	}{
		{search.Coding{Code: "cat"}, fhir.Invalid},
		{search.Coding{System: "http://unknown", Code: "cat"}, fhir.NotFound},
		{search.Coding{System: "http://part", Code: "a"}, fhir.Invalid},
	} {
		if _, err := s.Below(t.Context(), c.coding); kindOf(err) != c.kind {
			t.Errorf("%v: %v", c.coding, err)
		}
	}
}

func TestWithoutAResolverTheDefinitionsAnswer(t *testing.T) {
	s := terminology.New(definition.R4(), nil)
	if got, err := s.Expand(t.Context(), "http://hl7.org/fhir/ValueSet/name-use"); len(got) != 7 || err != nil {
		t.Error(got, err)
	}
	if _, err := s.Expand(t.Context(), "http://list"); kindOf(err) != fhir.NotFound {
		t.Error(err)
	}
}

// TestSearchByValueSet: a search asks for codes in a value set of the store,
// and for codes below another.
func TestSearchByValueSet(t *testing.T) {
	r, _ := search.NewRegistry(definition.R4(), nil)
	o := search.ParseOptions{Env: search.Env{Terminology: all(t)}}
	condition := func(code string) []search.Term {
		return r.Index(decode(t, `{"resourceType":"Condition","subject":{"reference":"Patient/1"},"code":{"coding":[{"system":"http://s","code":"`+code+`"}]}}`)[0]).Merge()
	}
	for _, c := range []struct {
		query     string
		cat, bird bool
	}{
		{"code:in=http://is-a", true, false},
		{"code:not-in=http://is-a", false, true},
		{"code:in=http://whole", true, true},
		{"code:below=http://s|mammal", true, false},
		{"code:above=http://s|robin", false, true},
		{"_filter=code in http://is-a", true, false},
		{"_filter=code ni http://is-a", false, true},
		{"_filter=code ss http://s|mammal", true, false},
		{"_filter=code sb http://s|robin", false, true},
	} {
		t.Run(c.query, func(t *testing.T) {
			pairs, err := search.Split(c.query)
			if err != nil {
				t.Fatal(err)
			}
			request, err := r.Parse(t.Context(), []string{"Condition"}, pairs, o)
			if err != nil {
				t.Errorf("%s: got %v, want no error", c.query, err)
				return
			}
			if cat, bird := search.Match(request.Where, condition("cat")), search.Match(request.Where, condition("bird")); cat != c.cat || bird != c.bird {
				t.Errorf("%s: %v, %v", c.query, cat, bird)
			}
		})
	}
	for query, text := range map[string]string{
		"code:in=http://nowhere":           "the parameter code:in: the value set isn't known here",
		"code:below=http://unknown|1":      "the parameter code:below: the code system isn't known here",
		"code:in=http://too-many":          "more than 10000 codes",
		"_filter=code in http://nowhere":   "the value set isn't known here",
		"code:below=cat&code:above=dog":    "system|code; code:above: ",
		"code:in=http://broken":            "the store is away",
		"subject:Patient.gender:below=cat": "the value is system|code",
	} {
		t.Run(query, func(t *testing.T) {
			pairs, err := search.Split(query)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.Parse(t.Context(), []string{"Condition"}, pairs, o); err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("%s: got %v, want an error with the text of the row", query, err)
			}
		})
	}
}

// TestHierarchiesAreBounded: a code with so many below it is expanded, one more is
// refused.
func TestHierarchiesAreBounded(t *testing.T) {
	for _, row := range []struct {
		name     string
		children int
		refused  bool
	}{
		{"as many as may be", terminology.MostCodes - 1, false}, // and the code itself
		{"one more", terminology.MostCodes, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			children := make([]string, row.children)
			for i := range children {
				children[i] = fmt.Sprintf(`{"code":"c%d"}`, i)
			}
			s := terminology.New(definition.R4(), decode(t, `{"resourceType":"CodeSystem","url":"http://wide","status":"active","content":"complete",
				"hierarchyMeaning":"is-a","concept":[{"code":"top","concept":[`+strings.Join(children, ",")+`]}]}`))
			got, err := s.Below(t.Context(), search.Coding{System: "http://wide", Code: "top"})
			if row.refused != fhir.Is(err, fhir.TooCostly) || !row.refused && len(got) != row.children+1 {
				t.Errorf("got %d codes, error %v, want it refused: %v", len(got), err, row.refused)
			}
		})
	}
}
