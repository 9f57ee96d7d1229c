package search_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/search"
)

func decode(t testing.TB, text string) *fhir.Tree {
	t.Helper()
	tree, err := fhir.Decode(definition.R4(), []byte(text), fhir.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

const patient = `{"resourceType":"Patient","id":"p","identifier":[
	{"system":"http://a","value":"1"}, {"value":"2"}, {"system":"http://b|c","value":"x,y|z\\w"},
	{"system":"http://only"}, {"system":"http://a","value":"1"}],
	"managingOrganization":{"identifier":{"system":"http://a","value":"not-mine"}},
	"contained":[{"resourceType":"Organization","id":"c","identifier":[{"value":"not-mine-either"}]}]}`

func TestCriteriaMatchWhatTermsSay(t *testing.T) {
	terms := search.Terms(decode(t, patient))
	for _, c := range []struct {
		query string
		match bool
	}{
		{"identifier=http://a|1", true},
		{"identifier=http%3A%2F%2Fa%7C1", true},
		{"identifier=1", true},
		{"identifier=|1", false},
		{"identifier=http://b|1", false},
		{"identifier=http://a|2", false},
		{"identifier=|2", true},
		{"identifier=2", true},
		{"identifier=http://A|1", false},
		{`identifier=http://b\|c|x\,y\|z\\w`, true},
		{`identifier=x\,y\|z\\w`, true},
		{"identifier=http://b|c", false},
		{"identifier=nothing,http://a|1", true},
		{"identifier=http://a|1&identifier=2", true},
		{"identifier=http://a|1&identifier=3", false},
		{"identifier=not-mine", false},
		{"identifier=not-mine-either", false},
		{"_id=p", true},
		{"_id=q", false},
		{"_id=q,p", true},
		{"_id=p,q&_id=q,r", false},
		{"_id=p,q&_id=p,r", true},
		{"_id=p&identifier=1", true},
		{"_id=q&identifier=1", false},
		{"_id=p&identifier=3", false},
	} {
		criteria, err := search.ParseCriteria("Patient", c.query)
		if err != nil {
			t.Errorf("%s: %v", c.query, err)
			continue
		}
		if got := criteria.Match("p", terms); got != c.match {
			t.Errorf("%s: %v", c.query, got)
		}
	}
}

func TestCriteriaRefuseWhatTheyCantDo(t *testing.T) {
	for _, c := range []struct{ typ, query, code, text string }{
		{"Patient", "", "invalid", "the criteria name no parameter"},
		{"Patient", "&&", "invalid", "the criteria name no parameter"},
		{"Patient", "name=Miller", "not-supported", "the parameter name isn't supported"},
		{"Patient", "identifer=1", "not-supported", "the parameter identifer isn't supported"},
		{"Patient", "identifier:of-type=a|b|c", "not-supported", "the parameter identifier:of-type"},
		{"Patient", "identifier=1&name=Miller", "not-supported", "the parameter name"},
		{"Patient", "identifier", "invalid", "identifier has no value"},
		{"Patient", "identifier=", "invalid", "identifier has no value"},
		{"Patient", "identifier=|", "invalid", "identifier has no value"},
		{"Patient", "identifier=1,", "invalid", "identifier has no value"},
		{"Patient", "identifier=http://a|", "not-supported", "without a value"},
		{"Patient", "identifier=Miller|b|c", "invalid", "more than one bar"},
		{"Patient", "identifier=%zz", "invalid", "broken percent escape"},
		{"Patient", "%zz=Miller", "invalid", "broken percent escape"},
		{"Patient", "_id=", "invalid", "_id isn't a logical id"},
		{"Patient", "_id=a_b", "invalid", "_id isn't a logical id"},
		{"Provenance", "identifier=1", "not-supported", "Provenance has no search parameter identifier"},
		{"Patient", "a%0Ab=1", "not-supported", "the parameter a?b"},
		{"Patient", strings.Repeat("x", 200) + "=1", "not-supported", "the parameter " + strings.Repeat("x", 64) + " isn't"},
	} {
		_, err := search.ParseCriteria(c.typ, c.query)
		fe := (*fhir.Error)(nil)
		if !errors.As(err, &fe) || fe.Kind != fhir.Invalid {
			t.Errorf("%s: %v", c.query, err)
			continue
		}
		if is := fe.Issues[0]; is.Code != c.code || !strings.Contains(is.Text, c.text) || strings.Contains(is.Text, "Miller") {
			t.Errorf("%s: %s: %s", c.query, is.Code, is.Text)
		}
	}
}

func TestEqualCriteriaHaveOneKey(t *testing.T) {
	key := func(typ, query string) string {
		c, err := search.ParseCriteria(typ, query)
		if err != nil {
			t.Fatal(err)
		}
		return c.Key()
	}
	for _, same := range [][2]string{
		{"identifier=a|1", "identifier=a%7C1"},
		{"identifier=1,2", "identifier=2,1,2"},
		{"identifier=1&identifier=2", "identifier=2&identifier=1"},
		{"_id=a,b", "_id=b,a"},
	} {
		if key("Patient", same[0]) != key("Patient", same[1]) {
			t.Errorf("%s and %s differ", same[0], same[1])
		}
	}
	seen := map[string]string{}
	for _, query := range []string{
		"identifier=a|1", "identifier=a|2", "identifier=1", "identifier=|1", "identifier=1,2", "identifier=1&identifier=2",
		"_id=a", "_id=a,b", "_id=a&identifier=1", "_id=a&_id=b",
	} {
		k := key("Patient", query)
		if other, twice := seen[k]; twice {
			t.Errorf("%s and %s are one", query, other)
		}
		seen[k] = query
	}
	if key("Patient", "identifier=1") == key("Group", "identifier=1") {
		t.Error("types are one")
	}
}

func TestTermsAreSortedAndSmall(t *testing.T) {
	want := []search.Term{
		`Patient identifier *1`, `Patient identifier *2`, `Patient identifier *x,y|z\w`,
		`Patient identifier =http://a|1`, `Patient identifier =http://b\|c|x,y|z\w`, `Patient identifier =|2`,
	}
	if diff := cmp.Diff(want, search.Terms(decode(t, patient))); diff != "" {
		t.Error(diff)
	}
	long := strings.Repeat("é", 300)
	one := search.Terms(decode(t, `{"resourceType":"Patient","identifier":[{"value":"`+long+`a"}]}`))
	two := search.Terms(decode(t, `{"resourceType":"Patient","identifier":[{"value":"`+long+`b"}]}`))
	for i := range one {
		if len(one[i]) > 300 || !utf8.ValidString(string(one[i])) || one[i] == two[i] {
			t.Errorf("%d bytes: %s", len(one[i]), one[i])
		}
	}
}

func TestMasterIdentifierCounts(t *testing.T) {
	terms := search.Terms(decode(t, `{"resourceType":"DocumentManifest","status":"current","masterIdentifier":{"value":"m"},
		"identifier":[{"value":"i"}],"content":[{"display":"x"}]}`))
	for _, query := range []string{"identifier=m", "identifier=i"} {
		c, err := search.ParseCriteria("DocumentManifest", query)
		if err != nil || !c.Match("x", terms) {
			t.Errorf("%s: %v", query, err)
		}
	}
}

// TestEveryIdentifierIsFoundByItsOwnCriteria writes any system and value into
// criteria, escaped as the specification says.
func TestEveryIdentifierIsFoundByItsOwnCriteria(t *testing.T) {
	escape := strings.NewReplacer(`\`, `\\`, `|`, `\|`, `,`, `\,`, `$`, `\$`)
	query := strings.NewReplacer("%", "%25", "&", "%26", "+", "%2B", "=", "%3D", "#", "%23")
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-c|\\,$&+%=é]{1,6}`)
		system, value := text.Draw(t, "system"), text.Draw(t, "value")
		other := text.Draw(t, "other")
		quote := strings.NewReplacer(`\`, `\\`).Replace
		tree, err := fhir.Decode(definition.R4(), []byte(
			`{"resourceType":"Patient","identifier":[{"system":"`+quote(system)+`","value":"`+quote(value)+`"}]}`), fhir.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		terms := search.Terms(tree)
		for v, want := range map[string]bool{value: true, other: other == value} {
			c, err := search.ParseCriteria("Patient", "identifier="+query.Replace(escape.Replace(system)+"|"+escape.Replace(v)))
			if err != nil {
				t.Fatal(err)
			}
			if c.Match("x", terms) != want {
				t.Fatalf("system %q, value %q against %q: %v", system, value, v, !want)
			}
		}
	})
}
