package search

import (
	"slices"
	"strings"
	"testing"

	"caseway/fhir/definition"
)

func newRegistry(t testing.TB, options ...Option) *Registry {
	t.Helper()
	r, problems := NewRegistry(definition.R4(), nil, options...)
	if len(problems) > 0 {
		t.Fatalf("got the problems %v, want none", problems)
	}
	return r
}

// indexed are the data types that make terms, by type of parameter.
var indexed = map[string][]string{
	"token": {
		"Coding", "CodeableConcept", "Identifier", "ContactPoint", "code", "id", "string", "markdown",
		"uri", "url", "canonical", "boolean",
	},
	"string":    {"string", "markdown", "HumanName", "Address"},
	"reference": {"Reference", "canonical", "uri"},
	"date":      {"date", "dateTime", "instant", "Period", "Timing"},
	"number":    {"integer", "positiveInt", "unsignedInt", "decimal", "Range"},
	"quantity":  {"Quantity", "Age", "Duration", "Money", "Range"},
	"uri":       {"uri", "url", "canonical"},
}

// present are the data types that only show that the element is there, because
// the parameter's type has no meaning for them.
var present = map[string][]string{
	"date":      {"Age", "Range", "string"},
	"quantity":  {"SampledData"},
	"reference": {"Attachment"},
}

// computed are the parameters whose expressions don't only walk down.
var computed = []string{"Patient.deceased"}

func TestEveryParameterOfR4WorksOrSaysWhyNot(t *testing.T) {
	r, set := newRegistry(t), definition.R4()
	seen := map[string]bool{}
	for _, typ := range set.ResourceTypes() {
		for _, d := range set.SearchParameters(typ) {
			seen[d.URL] = true
			p := r.Parameter(typ, d.Code)
			if p == nil || p.Definition != d {
				t.Errorf("%s.%s isn't found", typ, d.Code)
				continue
			}
			if p.Refused == "" {
				checkParameter(t, p)
			} else if slices.Contains(r.Parameters(typ), p) {
				t.Errorf("%s.%s is refused and listed as working", typ, d.Code)
			}
		}
	}
	if len(seen) != 1375 {
		t.Errorf("%d parameters, want R4's 1375", len(seen))
	}
	for url, why := range refused() {
		if !seen[url] || why == "" {
			t.Errorf("refused without need or reason: %s", url)
		}
	}
}

func checkParameter(t *testing.T, p *Parameter) {
	p.compile()
	switch {
	case p.problem != nil:
		t.Errorf("%s: got the problem %v, want none", p.prefix, p.problem)
	case p.Type == "composite":
		for _, part := range p.parts {
			if len(part.branches) == 0 || part.same == nil {
				t.Errorf("%s: a component has no expression or parameter", p.prefix)
			}
		}
	case len(p.branches) == 0:
		t.Errorf("%s: no part of the expression is about the type", p.prefix)
	case !p.shape.known && !slices.Contains(computed, p.prefix):
		t.Errorf("%s: what the expression leads to isn't known", p.prefix)
	}
	for _, typ := range p.shape.types {
		if !slices.Contains(indexed[p.Type], typ) && !slices.Contains(present[p.Type], typ) {
			t.Errorf("%s of type %s leads to %s", p.prefix, p.Type, typ)
		}
	}
	if p.shape.has("code") && !p.shape.only("code") {
		t.Errorf("%s leads to code and to other types, which its terms can't tell apart", p.prefix)
	}
}

func TestOwnParametersHaveOurCanonicals(t *testing.T) {
	r := newRegistry(t)
	for _, d := range OwnParameters() {
		if !strings.HasPrefix(d.URL, "https://caseway.dev/fhir/SearchParameter/") {
			t.Errorf("got %s, want a URL below https://caseway.dev/fhir/SearchParameter/", d.URL)
		}
		for _, base := range d.Base {
			p := r.Parameter(base, d.Code)
			if p == nil || p.Definition != d {
				t.Errorf("%s.%s isn't found", base, d.Code)
				continue
			}
			if p.compile(); p.problem != nil {
				t.Errorf("%s: got the problem %v, want none", p.prefix, p.problem)
			}
		}
	}
}

func TestSuggest(t *testing.T) {
	r := newRegistry(t)
	for code, want := range map[string]string{
		"birthDate": "birthdate", "general_practitioner": "general-practitioner", "famly": "family",
		"nmae": "name", "xyzzy": "", strings.Repeat("x", 10_000): "",
	} {
		t.Run(code, func(t *testing.T) {
			if got := r.Suggest("Patient", code); got != want {
				t.Errorf("Suggest(%.20q) = %q, want %q", code, got, want)
			}
		})
	}
}

func TestCustomParameters(t *testing.T) {
	one := func(d definition.SearchParameter) []CustomParameter {
		return []CustomParameter{{Definition: &d}}
	}
	good := definition.SearchParameter{
		URL: "http://example.org/p", Code: "nickname", Type: "string", Base: []string{"Patient"},
		Expression: "Patient.name.where(use = 'nickname').given",
	}
	change := func(f func(d *definition.SearchParameter)) definition.SearchParameter {
		d := good
		f(&d)
		return d
	}
	for name, c := range map[string]struct {
		d    definition.SearchParameter
		want string
	}{
		"good":                {good, ""},
		"no code":             {change(func(d *definition.SearchParameter) { d.Code = "a:b" }), "the code"},
		"reserved":            {change(func(d *definition.SearchParameter) { d.Code = "_sort" }), "FHIR's own"},
		"special":             {change(func(d *definition.SearchParameter) { d.Type = "special" }), "the type"},
		"no expression":       {change(func(d *definition.SearchParameter) { d.Expression = "" }), "no expression"},
		"unknown base":        {change(func(d *definition.SearchParameter) { d.Base = []string{"HumanName"} }), "the base"},
		"broken":              {change(func(d *definition.SearchParameter) { d.Expression = "Patient.name.where(" }), "can't be used"},
		"unknown element":     {change(func(d *definition.SearchParameter) { d.Expression = "Patient.nam" }), "can't be used"},
		"an extension itself": {change(func(d *definition.SearchParameter) { d.Expression = "Patient.extension('http://example.org/x')" }), "write .value behind it"},
		"another type": {change(func(d *definition.SearchParameter) {
			d.Type, d.Expression = "date", "Patient.name"
		}), "leads to HumanName, and a parameter of type date takes Period, Timing, date, dateTime, instant"},
		"a concept as quantity": {change(func(d *definition.SearchParameter) {
			d.Type, d.Expression = "quantity", "Patient.maritalStatus"
		}), "leads to CodeableConcept, and a parameter of type quantity takes Money, Quantity, Range"},
		"a computed date as quantity": {change(func(d *definition.SearchParameter) {
			d.Type, d.Expression = "quantity", "Patient.name.count()"
		}), "leads to System.Integer"},
		"a type it never has": {change(func(d *definition.SearchParameter) { d.Expression = "Patient.deceased.ofType(Period)" }), "no boolean is a Period"},
		"FHIRPath's own type": {change(func(d *definition.SearchParameter) { d.Expression = "Patient.deceased.as(DateTime)" }), "is a DateTime"},
		"a choice not had":    {change(func(d *definition.SearchParameter) { d.Expression = "Patient.deceasedPeriod" }), "no element deceasedPeriod"},
		"another resource":    {change(func(d *definition.SearchParameter) { d.Expression = "Patient.generalPractitioner.resolve().name" }), "resolve() works in type tests alone"},
		"another, of a type": {change(func(d *definition.SearchParameter) {
			d.Expression = "Patient.generalPractitioner.resolve().ofType(Practitioner).name"
		}), "resolve() works in type tests alone"},
		"undefined variable":  {change(func(d *definition.SearchParameter) { d.Expression = "%foo" }), "there is no variable %foo"},
		"variable in a where": {change(func(d *definition.SearchParameter) { d.Expression = "Patient.name.where(use = %usual).family" }), "there is no variable %usual"},
		"value set": {change(func(d *definition.SearchParameter) {
			d.Expression = "Patient.name.where(use.memberOf('http://x.org')).family"
		}), "memberOf()"},
		"the time":             {change(func(d *definition.SearchParameter) { d.Expression = "Patient.name.where(period.end > now()).family" }), "now()"},
		"nothing of the type":  {change(func(d *definition.SearchParameter) { d.Expression = "Person.name.family" }), "says nothing of this type"},
		"a union of others":    {change(func(d *definition.SearchParameter) { d.Expression = "(Person|Practitioner).name.family" }), "says nothing of this type"},
		"a part that is wrong": {change(func(d *definition.SearchParameter) { d.Expression = "Patient.name.family | Patient.birthDate" }), "a part of the expression finds nothing: Patient.birthDate leads to date"},
		"built in":             {change(func(d *definition.SearchParameter) { d.Code = "family" }), "that one stays"},
		"our own": {change(func(d *definition.SearchParameter) {
			d.Code, d.Base, d.Expression = "phase", []string{"EpisodeOfCare"}, "EpisodeOfCare.status"
		}), "it stays"},
	} {
		t.Run(name, func(t *testing.T) {
			r, problems := NewRegistry(definition.R4(), one(c.d))
			if c.want == "" {
				if len(problems) > 0 || r.Parameter("Patient", "nickname") == nil {
					t.Errorf("%s: got the problems %v, want none and the parameter", name, problems)
				}
				return
			}
			if len(problems) != 1 || !strings.Contains(problems[0].Text, c.want) {
				t.Errorf("%s: problems %v, want %q", name, problems, c.want)
			}
		})
	}
}

func TestChoicesMayBeWrittenAsInJSON(t *testing.T) {
	for _, d := range []definition.SearchParameter{
		{
			URL: "http://example.org/asserted", Code: "asserted", Type: "date", Base: []string{"Condition"},
			Expression: "Condition.extension.where(url = 'http://example.org/asserted').valueDateTime | Condition.onsetDateTime",
		},
	} {
		t.Run(d.URL, func(t *testing.T) {
			r, problems := NewRegistry(definition.R4(), []CustomParameter{{Definition: &d}})
			if len(problems) > 0 {
				t.Fatalf("got the problems %v, want none", problems)
			}
			tree := decoded(t, `{"resourceType":"Condition","subject":{"reference":"Patient/1"},"onsetDateTime":"2024-01-02",
			"extension":[{"url":"http://example.org/asserted","valueDateTime":"2024-01-03"}]}`)
			want := []Term{"Condition.asserted<20240102/20240103", "Condition.asserted<20240103/20240104"}
			for _, term := range want {
				if !slices.Contains(r.Index(tree).Terms, term) {
					t.Errorf("there is no term %q", term)
				}
			}
		})
	}
}

// Texts match without case, codes by their system, whichever the value is.
func TestTokensOfMoreThanOneType(t *testing.T) {
	d := definition.SearchParameter{
		URL: "http://example.org/stage", Code: "stage", Type: "token", Base: []string{"EpisodeOfCare"},
		Expression: "EpisodeOfCare.extension.where(url = 'http://example.org/stage').value",
	}
	r, problems := NewRegistry(definition.R4(), []CustomParameter{{Definition: &d}})
	if len(problems) > 0 {
		t.Fatalf("got the problems %v, want none", problems)
	}
	var resources []resource
	for id, value := range map[string]string{"s": `"valueString":"Monitoring"`, "c": `"valueCoding":{"system":"http://a.org","code":"active"}`} {
		t.Run(id, func(t *testing.T) {
			tree := decoded(t, `{"resourceType":"EpisodeOfCare","id":"`+id+`","status":"active","patient":{"reference":"Patient/1"},"extension":[{"url":"http://example.org/stage",`+value+`}]}`)
			resources = append(resources, resource{tree, r.Index(tree).Merge()})
		})
	}
	for query, want := range map[string]string{"stage=Monitoring": "s", "stage=http://a.org|active": "c"} {
		t.Run(query, func(t *testing.T) {
			checkRow(t, r, resources, "EpisodeOfCare?"+query, want)
		})
	}
}

func TestCustomParametersApplyToHeirsAndCanBePreferred(t *testing.T) {
	d := definition.SearchParameter{
		URL: "http://example.org/lang", Code: "lang", Type: "token", Base: []string{"DomainResource"}, Expression: "DomainResource.language",
	}
	family := definition.SearchParameter{
		URL: "http://example.org/f", Code: "family", Type: "string", Base: []string{"Patient"}, Expression: "Patient.name.family",
	}
	custom := []CustomParameter{{Definition: &d}, {Definition: &family, Pending: true}}
	r, problems := NewRegistry(definition.R4(), custom, PreferCustom())
	if len(problems) > 0 {
		t.Fatalf("got the problems %v, want none", problems)
	}
	if r.Parameter("CarePlan", "lang") == nil || r.Parameter("Bundle", "lang") != nil {
		t.Error("DomainResource stands for its heirs, and Bundle is none")
	}
	if p := r.Parameter("Patient", "family"); p.URL != family.URL || !p.Pending {
		t.Errorf("the preferred parameter isn't taken: %s", p.URL)
	}
	plain := newRegistry(t)
	if plain.Fingerprint() == r.Fingerprint() || plain.Fingerprint() != newRegistry(t).Fingerprint() {
		t.Error("fingerprints don't tell registries apart")
	}
}

// TestRegistryIsSafeForConcurrentUse means something under the race detector:
// everything is compiled when it is first needed.
func TestRegistryIsSafeForConcurrentUse(t *testing.T) {
	r, tree := newRegistry(t), decoded(t, carePlan)
	results := make(chan []Term, 8)
	for range cap(results) {
		go func() {
			e, err := r.Condition(t.Context(), r.Parameter("CarePlan", "status"), "", "active", Env{})
			terms := r.Index(tree).Merge()
			if err != nil || !Match(e, terms) {
				terms = nil
			}
			results <- terms
		}()
	}
	want := <-results
	for range cap(results) - 1 {
		if got := <-results; len(got) == 0 || !slices.Equal(got, want) {
			t.Errorf("%d terms, want %d", len(got), len(want))
		}
	}
}
