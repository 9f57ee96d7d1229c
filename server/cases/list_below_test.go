package cases_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestCasesAreListedByProblemsBelow a code: where a CodeSystem says what is below
// what, cases of each problem are found by the codes above it, and not by those
// beside it or below it, nor by those of a system whose hierarchy nobody knows.
func TestCasesAreListedByProblemsBelow(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.directory()
		a.put("CodeSystem/diseases", `{"resourceType":"CodeSystem","id":"diseases","url":"http://example.org/diseases","status":"active","content":"complete",
			"concept":[{"code":"joint","concept":[{"code":"arthritis","concept":[{"code":"rheumatoid"}]},{"code":"arthrosis"}]},{"code":"lung","concept":[{"code":"asthma"}]}]}`)
		for id, code := range map[string]string{
			"joint": "http://example.org/diseases|joint", "rheuma": "http://example.org/diseases|rheumatoid", "arthrosis": "http://example.org/diseases|arthrosis",
			"asthma": "http://example.org/diseases|asthma", "other": "http://example.org/unknown|rheumatoid", "snomed": "http://snomed.info/sct|69896004",
		} {
			system, code, _ := strings.Cut(code, "|")
			a.put("EpisodeOfCare/"+id, `{"resourceType":"EpisodeOfCare","id":"`+id+`","status":"active","patient":{"reference":"Patient/p1"}}`)
			a.put("Condition/"+id, `{"resourceType":"Condition","id":"`+id+`","subject":{"reference":"Patient/p1"},"code":{"coding":[{"system":"`+system+`","code":"`+code+`"}]},
				"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare","valueReference":{"reference":"EpisodeOfCare/`+id+`"}}]}`)
		}
		for _, row := range []struct{ query, want string }{
			{"condition:below=http://example.org/diseases|joint", "arthrosis joint rheuma"},
			{"condition:below=http://example.org/diseases|arthritis", "rheuma"},
			{"condition:below=http://example.org/diseases|rheumatoid", "rheuma"},
			{"condition:below=http://example.org/diseases|lung", "asthma"},
			{"condition:below=http://example.org/diseases|lung&phase=closed", ""},
			{"condition:below=http://example.org/diseases|lung,http://example.org/diseases|arthrosis", "arthrosis asthma"},
			{"condition=http://example.org/diseases|joint", "joint"},
			{"condition:below=http://example.org/diseases|nothing", ""},
		} {
			t.Run(row.query, func(t *testing.T) {
				if got := idsOn(a.page("/cases?" + row.query)); got != row.want {
					t.Errorf("found are %q, want %q", got, row.want)
				}
			})
		}
		for _, row := range []struct{ query, told string }{
			{"condition:below=", "with :below a code"},
			{"condition:below=http://snomed.info/sct|3723001", `"detail":"the parameter condition:below: the code system isn't known here`},
			{"condition:below=3723001", `"detail":"the parameter condition:below: a hierarchy of codes belongs to a code system`},
			{"condition:in=http://example.org/nowhere", `"detail":"the parameter condition:in: the value set isn't known here`},
			{"condition=a|b|c", `"detail":"the parameter condition: the value has more than one bar`},
			{"condition:below=http://snomed.info/sct|3723001&condition:in=http://example.org/nowhere", `"detail":"the parameter condition:in: the value set`},
			{"condition:above=http://example.org/diseases|joint", "condition (also with :in and :below)"},
		} {
			for _, path := range []string{"/cases?", "/cases/export?"} {
				t.Run(path+row.query, func(t *testing.T) {
					if got := a.do("GET", path+row.query, ""); got.status != http.StatusBadRequest || !strings.Contains(got.body, row.told) {
						t.Errorf("got %d %s, want 400 and %q", got.status, got.body, row.told)
					}
				})
			}
		}
	})
}
