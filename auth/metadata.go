package auth

// Metadata is what an authorization server says of itself (OpenID Connect
// Discovery 1.0 section 3, RFC 8414 section 2), as far as clients of this server
// need it, and what .well-known/smart-configuration says
// (https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html#using-well-known).
// What there isn't is left out as JSON, but for what SMART requires.
type Metadata struct {
	Issuer                string   `json:"issuer,omitempty"`
	JWKSURI               string   `json:"jwks_uri,omitempty"`
	AuthorizationEndpoint string   `json:"authorization_endpoint,omitempty"`
	TokenEndpoint         string   `json:"token_endpoint"`
	IntrospectionEndpoint string   `json:"introspection_endpoint,omitempty"`
	RevocationEndpoint    string   `json:"revocation_endpoint,omitempty"`
	RegistrationEndpoint  string   `json:"registration_endpoint,omitempty"`
	ManagementEndpoint    string   `json:"management_endpoint,omitempty"`
	UserinfoEndpoint      string   `json:"userinfo_endpoint,omitempty"`
	GrantTypes            []string `json:"grant_types_supported"`
	AuthMethods           []string `json:"token_endpoint_auth_methods_supported,omitempty"`
	AuthAlgorithms        []string `json:"token_endpoint_auth_signing_alg_values_supported,omitempty"`
	Scopes                []string `json:"scopes_supported,omitempty"`
	ResponseTypes         []string `json:"response_types_supported,omitempty"`
	ChallengeMethods      []string `json:"code_challenge_methods_supported"`
	// Capabilities are SMART's, which requires them; an issuer that doesn't know
	// SMART has none
	// (https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html#capabilities).
	Capabilities []string `json:"capabilities,omitempty"`
}
