package search

import "testing"

func TestSortKeys(t *testing.T) {
	r := newRegistry(t)
	key := func(typ, code, resource string, descending bool) (string, bool) {
		t.Helper()
		return r.Parameter(typ, code).SortKey(r.Index(decoded(t, resource)).Merge(), descending)
	}
	for _, c := range []struct{ typ, code, less, more string }{
		{"Patient", "birthdate", `"birthDate":"1970"`, `"birthDate":"1970-01-02"`},
		{"Patient", "family", `"name":[{"family":"ábel"}]`, `"name":[{"family":"Abz"}]`},
		{"Patient", "family", `"name":[{"family":"van Aa"}]`, `"name":[{"family":"von"}]`}, // as a whole, not by its parts
		{"Patient", "gender", `"gender":"female"`, `"gender":"male"`},
		{"Patient", "identifier", `"identifier":[{"system":"http://z.org","value":"1"}]`, `"identifier":[{"system":"http://a.org","value":"2"}]`},
		{"Patient", "general-practitioner", `"generalPractitioner":[{"reference":"Organization/1"}]`, `"generalPractitioner":[{"reference":"Practitioner/1"}]`},
		{"Patient", "phonetic", `"name":[{"family":"Rubin"}]`, `"name":[{"family":"Robert"}]`},
		{"Encounter", "date", `"period":{"end":"2024"}`, `"period":{"start":"2024","end":"2024"}`},
		{"Encounter", "date", `"period":{"start":"2023"}`, `"period":{"start":"2024","end":"2024"}`},
		{"ChargeItem", "factor-override", `"factorOverride":-10`, `"factorOverride":9`},
		{
			"Observation", "value-quantity", `"valueQuantity":{"value":900,"system":"http://unitsofmeasure.org","code":"mg"}`,
			`"valueQuantity":{"value":1,"system":"http://unitsofmeasure.org","code":"g"}`,
		},
		{"ValueSet", "url", `"url":"http://a.org/1"`, `"url":"http://a.org/2"`},
	} {
		t.Run(c.typ, func(t *testing.T) {
			for _, descending := range []bool{false, true} {
				less, okLess := key(c.typ, c.code, resourceOf(c.typ, c.less), descending)
				more, okMore := key(c.typ, c.code, resourceOf(c.typ, c.more), descending)
				if !okLess || !okMore || less >= more {
					t.Errorf("%s.%s: %s gives %q, %s gives %q", c.typ, c.code, c.less, less, c.more, more)
				}
			}
		})
	}
}

// resourceOf makes a resource with what its type requires.
func resourceOf(typ, members string) string {
	required := map[string]string{
		"Encounter":   `"status":"planned","class":{"code":"AMB"},`,
		"ChargeItem":  `"status":"billed","code":{"text":"x"},"subject":{"reference":"Patient/1"},`,
		"Observation": `"status":"final","code":{"text":"x"},`,
		"ValueSet":    `"status":"draft",`,
	}
	return `{"resourceType":"` + typ + `",` + required[typ] + members + `}`
}

func TestOfSeveralValuesTheFirstInTheOrderCounts(t *testing.T) {
	r := newRegistry(t)
	terms := r.Index(decoded(t, `{"resourceType":"Patient","name":[{"family":"Mid"},{"family":"Zed"},{"family":"Abe"}]}`)).Merge()
	p := r.Parameter("Patient", "family")
	if up, _ := p.SortKey(terms, false); up != "abe" {
		t.Errorf("ascending by %q", up)
	}
	if down, _ := p.SortKey(terms, true); down != "zed" {
		t.Errorf("descending by %q", down)
	}
}

func TestWithoutAValueThereIsNoSortKey(t *testing.T) {
	r := newRegistry(t)
	terms := r.Index(decoded(t, `{"resourceType":"Observation","status":"final","code":{"text":"x"}}`)).Merge()
	for _, code := range []string{"code", "date", "value-quantity", "subject", "code-value-quantity"} {
		t.Run(code, func(t *testing.T) {
			if key, ok := r.Parameter("Observation", code).SortKey(terms, false); ok {
				t.Errorf("%s sorts by %q", code, key)
			}
		})
	}
	for code, want := range map[string]bool{"date": true, "code-value-quantity": false} {
		t.Run(code, func(t *testing.T) {
			if got := r.Parameter("Observation", code).Sortable(); got != want {
				t.Errorf("%s is sortable: %v", code, got)
			}
		})
	}
}
