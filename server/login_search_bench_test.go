package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"caseway/server"
)

// searchedPatients is of how many patients the store has data.
const searchedPatients = 100

// BenchmarkSearchOfAPatient compares the searches of a patient's app with those
// of a server without a login, over HTTP on loopback, by turns, so that a busy
// machine falls on both. ratio is how fast the guarded one is where the open one
// is 1.
func BenchmarkSearchOfAPatient(b *testing.B) {
	data := openSQLite(b)
	front := httptest.NewServer(newServer(b, data, server.Config{}))
	b.Cleanup(front.Close)
	for n := range searchedPatients {
		putPatient(b, front.URL, n)
	}
	g := guard(b, data, nil)
	token := g.token(b, nil)
	for _, search := range []string{
		"CarePlan?patient=Patient/a&status=active&category=http://example.org/c|k",
		"EpisodeOfCare?patient=Patient/a&status=active",
		"Task?patient=Patient/a",
		"CarePlan?status=active",
	} {
		b.Run(search, func(b *testing.B) {
			query := "/fhir/" + strings.ReplaceAll(search, "|", url.QueryEscape("|")) + "&_count=20"
			var times [2]time.Duration
			for b.Loop() {
				for n, do := range []func(){
					func() { ask(b, http.MethodGet, front.URL+query, "", "") },
					func() { ask(b, http.MethodGet, g.URL+query, "", token) },
				} {
					begin := time.Now()
					for range 20 {
						do()
					}
					times[n] += time.Since(begin)
				}
			}
			b.ReportMetric(float64(times[0])/float64(times[1]), "ratio")
		})
	}
}

// putPatient writes what an app shows of a patient. The first is "a", whom the
// tokens of tests are for.
func putPatient(b *testing.B, base string, n int) {
	id := "a"
	if n > 0 {
		id = fmt.Sprint("b", n)
	}
	note := strings.Repeat("As agreed with the family. ", 60)
	about := fmt.Sprintf(`{"reference":"Patient/%s"}`, id)
	for _, put := range []struct{ typ, rest string }{
		{"Patient", `"name":[{"family":"Example"}]`},
		{"CarePlan", `"status":"active","intent":"plan","subject":` + about +
			`,"category":[{"coding":[{"system":"http://example.org/c","code":"k"}]}],"description":"` + note + `"`},
		{"EpisodeOfCare", `"status":"active","patient":` + about},
		{"Task", `"status":"requested","intent":"order","for":` + about + `,"description":"` + note + `"`},
	} {
		ask(b, http.MethodPut, base+"/fhir/"+put.typ+"/"+id, fmt.Sprintf(`{"resourceType":%q,"id":%q,%s}`, put.typ, id, put.rest), "")
	}
}
