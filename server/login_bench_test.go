package server_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"caseway/server"
)

// BenchmarkLogin compares reads and searches with a login and without, over
// HTTP on loopback: a patient's own record, and the plans in its compartment.
func BenchmarkLogin(b *testing.B) {
	data := openSQLite(b)
	front := httptest.NewServer(newServer(b, data, server.Config{}))
	b.Cleanup(front.Close)
	open := front.URL
	for _, put := range []struct{ path, body string }{
		{"Patient/a", `{"resourceType":"Patient","id":"a","name":[{"family":"Example"}]}`},
		{"CarePlan/p", `{"resourceType":"CarePlan","id":"p","status":"active","intent":"plan","subject":{"reference":"Patient/a"}}`},
	} {
		ask(b, http.MethodPut, open+"/fhir/"+put.path, put.body, "")
	}
	g := guard(b, data, nil)
	token := g.token(b, nil)
	for _, path := range []string{"Patient/a", "CarePlan?status=active"} {
		b.Run("open/"+path, func(b *testing.B) { parallel(b, open+"/fhir/"+path, "") })
		b.Run("login/"+path, func(b *testing.B) { parallel(b, g.URL+"/fhir/"+path, token) })
	}
}

func parallel(b *testing.B, url, token string) {
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			ask(b, http.MethodGet, url, "", token)
		}
	})
}

var benchClient = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16, DisableCompression: true}}

func ask(b *testing.B, method, url, body, token string) {
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/fhir+json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := benchClient.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode >= 300 {
		b.Fatal(answer.StatusCode, err)
	}
}
