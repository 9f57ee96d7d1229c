package server

import (
	"encoding/json"
	"net/http"

	"caseway/conformance/capability"
	"caseway/fhir"
)

// SMARTConfiguration is what .well-known/smart-configuration says
// (https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html#using-well-known).
// What there isn't is left out; the lists that SMART requires are there even if
// they are empty.
type SMARTConfiguration struct {
	Issuer                string   `json:"issuer,omitempty"`
	JWKSURI               string   `json:"jwks_uri,omitempty"`
	AuthorizationEndpoint string   `json:"authorization_endpoint,omitempty"`
	GrantTypes            []string `json:"grant_types_supported"`
	TokenEndpoint         string   `json:"token_endpoint"`
	AuthMethods           []string `json:"token_endpoint_auth_methods_supported,omitempty"`
	AuthAlgorithms        []string `json:"token_endpoint_auth_signing_alg_values_supported,omitempty"`
	RegistrationEndpoint  string   `json:"registration_endpoint,omitempty"`
	Scopes                []string `json:"scopes_supported,omitempty"`
	ResponseTypes         []string `json:"response_types_supported,omitempty"`
	ManagementEndpoint    string   `json:"management_endpoint,omitempty"`
	IntrospectionEndpoint string   `json:"introspection_endpoint,omitempty"`
	RevocationEndpoint    string   `json:"revocation_endpoint,omitempty"`
	UserinfoEndpoint      string   `json:"userinfo_endpoint,omitempty"`
	Capabilities          []string `json:"capabilities"`
	ChallengeMethods      []string `json:"code_challenge_methods_supported"`
}

// smartConfiguration is GET [base]/.well-known/smart-configuration: JSON
// whatever a client accepts.
func smartConfiguration(x *exchange) error {
	if x.server.login == nil {
		return fhir.NewError(fhir.NotFound, fhir.IssueNotFound,
			"this server runs without a login (--auth none): there is nothing to configure")
	}
	c, err := x.server.login.SMART(x.context())
	if err != nil {
		return err
	}
	for _, list := range []*[]string{&c.GrantTypes, &c.Capabilities, &c.ChallengeMethods} {
		if *list == nil {
			*list = []string{}
		}
	}
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	h := x.c.Writer.Header()
	h["Content-Type"] = asJSON
	h.Set("Cache-Control", "public, max-age=60")
	x.write(http.StatusOK, body)
	return nil
}

// smart is what the CapabilityStatement says of the login; nil: there is none.
func (x *exchange) smart() *capability.SMART {
	if x.server.login == nil {
		return nil
	}
	c, err := x.server.login.SMART(x.context())
	if err != nil {
		return &capability.SMART{} // an issuer that is away; /readyz says so
	}
	return &capability.SMART{
		Authorize: c.AuthorizationEndpoint, Token: c.TokenEndpoint, Introspect: c.IntrospectionEndpoint,
		Revoke: c.RevocationEndpoint, Manage: c.ManagementEndpoint,
	}
}
