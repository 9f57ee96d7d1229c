package provider

import (
	"net/http"

	"caseway/auth"
	"caseway/auth/scope"
)

// openIDConfiguration is what /auth/.well-known/openid-configuration answers.
type openIDConfiguration struct {
	auth.Metadata
	EndSession       string   `json:"end_session_endpoint"`
	ResponseModes    []string `json:"response_modes_supported"`
	Subjects         []string `json:"subject_types_supported"`
	IDAlgorithms     []string `json:"id_token_signing_alg_values_supported"`
	Claims           []string `json:"claims_supported"`
	Prompts          []string `json:"prompt_values_supported"`
	IssuerInResponse bool     `json:"authorization_response_iss_parameter_supported"`
	Request          bool     `json:"request_parameter_supported"`
	RequestURI       bool     `json:"request_uri_parameter_supported"`
}

// capabilities are those of SMART that hold here
// (https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html#capabilities).
var capabilities = []string{
	"launch-ehr", "launch-standalone", "authorize-post", "client-public", "client-confidential-symmetric",
	"client-confidential-asymmetric", "sso-openid-connect", "context-banner", "context-style", "context-ehr-patient",
	"context-ehr-encounter", "context-standalone-patient", "permission-offline", "permission-online", "permission-patient",
	"permission-user", "permission-v1", "permission-v2",
}

func (p *Provider) metadata() auth.Metadata {
	return auth.Metadata{
		Issuer: p.issuer, JWKSURI: p.endpoint("jwks"), AuthorizationEndpoint: p.endpoint("authorize"), TokenEndpoint: p.endpoint("token"),
		IntrospectionEndpoint: p.endpoint("introspect"), RevocationEndpoint: p.endpoint("revoke"), UserinfoEndpoint: p.endpoint("userinfo"),
		GrantTypes:     []string{"authorization_code", "refresh_token", "client_credentials"},
		AuthMethods:    []string{"none", "client_secret_basic", "client_secret_post", "private_key_jwt"},
		AuthAlgorithms: []string{"RS384", "ES384"},
		Scopes: append(scope.Others(),
			"patient/*.cruds", "user/*.cruds", "system/*.cruds", "patient/*.read", "user/*.read", "system/*.read"),
		ResponseTypes: []string{"code"}, ChallengeMethods: []string{"S256"},
	}
}

// SMARTConfiguration gives what /fhir/.well-known/smart-configuration answers
// (https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html#metadata).
func (p *Provider) SMARTConfiguration() auth.Metadata {
	m := p.metadata()
	m.ManagementEndpoint, m.Capabilities = p.o.BaseURL+PathApps, capabilities
	return m
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) (any, error) {
	keep(w)
	return openIDConfiguration{
		Metadata: p.metadata(), EndSession: p.endpoint("logout"),
		ResponseModes: []string{"query"}, Subjects: []string{"public"}, IDAlgorithms: []string{"RS256"},
		Claims:  []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "fhirUser", "name"},
		Prompts: []string{"none", "login", "consent", "select_account"}, IssuerInResponse: true,
	}, nil
}

// jwks publishes the keys that sign, as bare JWKs (RFC 7517).
func (p *Provider) jwks(w http.ResponseWriter, r *http.Request) (any, error) {
	set, err := p.keys.set(r.Context())
	if err == nil {
		keep(w)
	}
	return set, err
}

// keep lets an answer that everybody may know be kept for a while.
func keep(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "public, max-age=300")
	w.Header().Del("Pragma")
}
