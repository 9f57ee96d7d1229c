package server_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"caseway/server"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

func TestTrustedProxiesSayWhoAsksForWhat(t *testing.T) {
	h := listen(t, server.Config{TrustedProxies: loopback, BaseURL: ""})
	const patient = `{"resourceType":"Patient","id":"a"}`
	_, header, _ := do(t, "PUT", h.URL+"/fhir/Patient/a", patient,
		"X-Forwarded-Proto", "https", "X-Forwarded-Host", "evil.example, localhost:8443")
	if got := header.Get("Location"); got != "https://localhost:8443/fhir/Patient/a/_history/1" {
		t.Errorf("Location %q", got)
	}
	if status, _, _ := do(t, "GET", h.URL+"/fhir/Patient/a", "", "X-Forwarded-Host", "evil.example"); status != http.StatusForbidden {
		t.Errorf("a foreign name through the proxy: %d", status)
	}
}

func TestTheBaseURLStandsInLinks(t *testing.T) {
	h := listen(t, server.Config{BaseURL: "https://fhir.example.org/caseway/"})
	r, err := http.NewRequest("PUT", h.URL+"/fhir/Patient/a", strings.NewReader(`{"resourceType":"Patient","id":"a"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "fhir.example.org"
	r.Header.Set("Content-Type", "application/fhir+json")
	answer, err := plainClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if got := answer.Header.Get("Location"); got != "https://fhir.example.org/caseway/fhir/Patient/a/_history/1" {
		t.Errorf("%d, Location %q", answer.StatusCode, got)
	}
	if _, _, body := do(t, "GET", h.URL+"/fhir/metadata", ""); !strings.Contains(body, `"url":"https://fhir.example.org/caseway/fhir"`) {
		t.Errorf("metadata doesn't say where it is: %.300s", body)
	}
}

func TestOriginsMustBeNamed(t *testing.T) {
	for _, origin := range []string{"*", "app.example.org", "https://app.example.org/path"} {
		t.Run(origin, func(t *testing.T) {
			s := openSQLite(t)
			if _, err := server.New(server.Config{Engine: engineOn(t, s), Store: s, CORSOrigins: []string{origin}}); err == nil {
				t.Errorf("%s is taken for an origin", origin)
			}
		})
	}
}
