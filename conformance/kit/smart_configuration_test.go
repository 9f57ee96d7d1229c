package kit_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"caseway/conformance/kit"
)

// configuration is what the tests look at in a SMART configuration.
type configuration struct {
	Issuer         string   `json:"issuer"`
	JWKS           string   `json:"jwks_uri"`
	Authorize      string   `json:"authorization_endpoint"`
	Token          string   `json:"token_endpoint"`
	Introspect     string   `json:"introspection_endpoint"`
	Revoke         string   `json:"revocation_endpoint"`
	Manage         string   `json:"management_endpoint"`
	Userinfo       string   `json:"userinfo_endpoint"`
	Registration   string   `json:"registration_endpoint"`
	Brands         string   `json:"user_access_brand_bundle"`
	GrantTypes     []string `json:"grant_types_supported"`
	AuthMethods    []string `json:"token_endpoint_auth_methods_supported"`
	AuthAlgorithms []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	Scopes         []string `json:"scopes_supported"`
	ResponseTypes  []string `json:"response_types_supported"`
	Challenges     []string `json:"code_challenge_methods_supported"`
	Capabilities   []string `json:"capabilities"`
}

// TestSMARTConfigurationIsTrue reads what a server with the embedded login says
// of itself, and tries the endpoints that it names
// (https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html#using-well-known).
func TestSMARTConfigurationIsTrue(t *testing.T) {
	uri := "sqlite:" + filepath.Join(t.TempDir(), "caseway.db")
	p := startAt(t, uri, "--auth", "embedded", "--auth-seed", attackSeed(t))
	c := kit.NewClient(p.Base)
	answer, err := c.Do(t.Context(), http.MethodGet, ".well-known/smart-configuration", nil, "Accept", "text/html", "Origin", "https://anywhere.example")
	if err != nil || answer.Status != http.StatusOK {
		t.Fatalf("%d, %v", answer.Status, err)
	}
	if typ := answer.Header.Get("Content-Type"); typ != "application/json" {
		t.Errorf("Content-Type %q, whatever a client accepts", typ)
	}
	if origin := answer.Header.Get("Access-Control-Allow-Origin"); origin != "*" {
		t.Errorf("Access-Control-Allow-Origin %q", origin)
	}
	var says configuration
	if err := json.Unmarshal(answer.Body, &says); err != nil {
		t.Fatal(err)
	}
	says.checkLists(t)
	if says.Registration != "" || says.Brands != "" {
		t.Errorf("endpoints that aren't there: %q, %q", says.Registration, says.Brands)
	}
	for name, at := range map[string]string{
		"issuer": says.Issuer, "jwks": says.JWKS, "authorize": says.Authorize, "token": says.Token, "introspect": says.Introspect,
		"revoke": says.Revoke, "manage": says.Manage, "userinfo": says.Userinfo,
	} {
		t.Run(name, func(t *testing.T) {
			if u, err := url.Parse(at); err != nil || !u.IsAbs() || u.Host == "" {
				t.Errorf("%s: %q isn't absolute", name, at)
			}
		})
	}
	says.checkEndpoints(t, c)
	checkStatement(t, c, says)
}

func (says configuration) checkLists(t *testing.T) {
	t.Helper()
	for name, row := range map[string]struct {
		got    []string
		want   string
		absent string
	}{
		"grant types":     {says.GrantTypes, "authorization_code refresh_token client_credentials", "password implicit"},
		"auth methods":    {says.AuthMethods, "none client_secret_basic client_secret_post private_key_jwt", ""},
		"auth algorithms": {says.AuthAlgorithms, "RS384 ES384", "none HS256"},
		"scopes":          {says.Scopes, "openid fhirUser offline_access online_access launch launch/patient patient/*.cruds", ""},
		"response types":  {says.ResponseTypes, "code", "token id_token"},
		"challenges":      {says.Challenges, "S256", "plain"},
		"capabilities": {
			says.Capabilities,
			"launch-ehr launch-standalone authorize-post client-public client-confidential-symmetric client-confidential-asymmetric " +
				"sso-openid-connect context-banner context-style context-ehr-patient context-ehr-encounter context-standalone-patient " +
				"permission-offline permission-online permission-patient permission-user permission-v1 permission-v2",
			"smart-app-state",
		},
	} {
		for word := range strings.FieldsSeq(row.want) {
			if !slices.Contains(row.got, word) {
				t.Errorf("%s lack %s: %q", name, word, row.got)
			}
		}
		for word := range strings.FieldsSeq(row.absent) {
			if slices.Contains(row.got, word) {
				t.Errorf("%s have %s: %q", name, word, row.got)
			}
		}
	}
}

// checkEndpoints asks each endpoint for nothing in particular: it must be there.
func (says configuration) checkEndpoints(t *testing.T, c *kit.Client) {
	t.Helper()
	for _, row := range []struct {
		method, url string
		status      []int
		has         string
	}{
		{"GET", says.Issuer + "/.well-known/openid-configuration", []int{200}, `"issuer":"` + says.Issuer + `"`},
		{"GET", says.JWKS, []int{200}, `"keys":[`},
		{"GET", says.Authorize, []int{400}, ""},
		{"POST", says.Token, []int{400, 401}, `"error"`},
		{"POST", says.Introspect, []int{400, 401}, ""},
		{"POST", says.Revoke, []int{400, 401}, `"error"`},
		{"GET", says.Userinfo, []int{401}, ""},
		{"GET", says.Manage, []int{200}, "<html"},
	} {
		answer, err := c.Do(t.Context(), row.method, row.url, nil)
		if err != nil || !slices.Contains(row.status, answer.Status) || !strings.Contains(string(answer.Body), row.has) {
			t.Errorf("%s %s: %d, %v, want %v with %q: %.300s", row.method, row.url, answer.Status, err, row.status, row.has, answer.Body)
		}
	}
}

// checkStatement compares the CapabilityStatement's security.
func checkStatement(t *testing.T, c *kit.Client, says configuration) {
	t.Helper()
	answer, err := c.Do(t.Context(), http.MethodGet, "metadata", nil)
	if err != nil {
		t.Fatal(err)
	}
	var statement struct {
		Rest []struct {
			Security struct {
				CORS    bool
				Service []struct {
					Coding []struct{ System, Code string }
				}
				Extension []struct {
					URL       string
					Extension []struct{ URL, ValueURI string }
				}
			}
		}
	}
	if err := json.Unmarshal(answer.Body, &statement); err != nil {
		t.Fatal(err)
	}
	s := statement.Rest[0].Security
	if !s.CORS || len(s.Service) != 1 || s.Service[0].Coding[0].Code != "SMART-on-FHIR" ||
		s.Service[0].Coding[0].System != "http://terminology.hl7.org/CodeSystem/restful-security-service" {
		t.Errorf("got %+v, want SMART-on-FHIR as the service", s)
	}
	got := map[string]string{}
	for _, e := range s.Extension {
		if e.URL != "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris" {
			t.Errorf("extension %s", e.URL)
		}
		for _, endpoint := range e.Extension {
			got[endpoint.URL] = endpoint.ValueURI
		}
	}
	for name, want := range map[string]string{
		"authorize": says.Authorize, "token": says.Token, "introspect": says.Introspect, "revoke": says.Revoke, "manage": says.Manage,
	} {
		if got[name] != want {
			t.Errorf("oauth-uris: %s is %q, want %q", name, got[name], want)
		}
	}
}
