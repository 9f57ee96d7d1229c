package kit_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"caseway/conformance/kit"
)

// TestWhatIsContainedIsReachedByItsContainer: contained resources aren't found by
// themselves, and so nothing is found by what refers to it from within another
// resource; a chain that goes out from the container is evaluated in what it
// contains, also behind _has and within _filter
// (https://hl7.org/fhir/R4/search.html#contained).
func TestWhatIsContainedIsReachedByItsContainer(t *testing.T) {
	onBothStores(t, func(t *testing.T, store string) {
		c := kit.NewClient(start(t, kit.Launch{Store: store}).Base)
		put := func(key, text string) {
			t.Helper()
			typ, id, _ := strings.Cut(key, "/")
			body := `{"resourceType":"` + typ + `","id":"` + id + `",` + text + `}`
			if answer, err := c.Do(t.Context(), http.MethodPut, key, []byte(body)); err != nil || !answer.Acknowledged() {
				t.Fatalf("%s: %v %d %s", key, err, answer.Status, answer.Body)
			}
		}
		const reading = `"resourceType":"Observation","id":"o","status":"final","code":{"coding":[{"code":"x1"}]},"subject":{"reference":"Patient/`
		put("Patient/inside", `"active":true`)
		put("Patient/outside", `"active":true`)
		put("DiagnosticReport/r", `"status":"final","code":{"text":"r"},"subject":{"reference":"Patient/inside"},"result":[{"reference":"#o"}],"contained":[{`+reading+`inside"}}]`)
		put("Observation/o", strings.Replace(strings.Replace(reading, `"resourceType":"Observation","id":"o",`, "", 1), "x1", "x2", 1)+`outside"}`)
		for _, row := range []struct{ query, want string }{
			{"Observation?code=x1", ""},
			{"Observation?code=x2", "Observation/o"},
			{"Patient?_has:Observation:subject:code=x1", ""},
			{"Patient?_has:Observation:subject:code=x2", "Patient/outside"},
			{"Patient?_has:Observation:patient:code=x1,x2", "Patient/outside"},
			{"Patient?_has:DiagnosticReport:subject:result.code=x1", "Patient/inside"},
			{"DiagnosticReport?result.code=x1", "DiagnosticReport/r"},
			{"DiagnosticReport?result.subject=Patient/inside", "DiagnosticReport/r"},
			{"DiagnosticReport?_filter=result.code eq x1", "DiagnosticReport/r"},
			{"DiagnosticReport?result.code=x2", ""},
		} {
			t.Run(row.query, func(t *testing.T) {
				answer, err := c.Do(t.Context(), http.MethodGet, strings.ReplaceAll(row.query, " ", "%20"), nil)
				if err != nil {
					t.Fatal(err)
				}
				var found struct {
					Entry []struct {
						Resource struct{ ResourceType, ID string }
					}
				}
				if err := json.Unmarshal(answer.Body, &found); err != nil || answer.Status != http.StatusOK {
					t.Fatalf("%d %v %s", answer.Status, err, answer.Body)
				}
				var keys []string
				for _, e := range found.Entry {
					keys = append(keys, e.Resource.ResourceType+"/"+e.Resource.ID)
				}
				if slices.Sort(keys); strings.Join(keys, " ") != row.want {
					t.Errorf("found are %v, want %q", keys, row.want)
				}
			})
		}
	})
}
