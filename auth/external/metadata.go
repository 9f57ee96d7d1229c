package external

import (
	"errors"
	"net/netip"
	"net/url"
)

// Metadata is what an issuer says of itself (OpenID Connect Discovery 1.0
// section 3, RFC 8414 section 2), as far as clients of this server need it.
type Metadata struct {
	Issuer                string   `json:"issuer"`
	JWKSURI               string   `json:"jwks_uri"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	TokenEndpoint         string   `json:"token_endpoint"`
	IntrospectionEndpoint string   `json:"introspection_endpoint"`
	RevocationEndpoint    string   `json:"revocation_endpoint"`
	ManagementEndpoint    string   `json:"management_endpoint"`
	UserinfoEndpoint      string   `json:"userinfo_endpoint"`
	RegistrationEndpoint  string   `json:"registration_endpoint"`
	AuthMethods           []string `json:"token_endpoint_auth_methods_supported"`
	AuthAlgorithms        []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	Scopes                []string `json:"scopes_supported"`
	ResponseTypes         []string `json:"response_types_supported"`
	GrantTypes            []string `json:"grant_types_supported"`
	ChallengeMethods      []string `json:"code_challenge_methods_supported"`
	// Capabilities are SMART's, where the issuer knows SMART.
	Capabilities []string `json:"capabilities"`
}

// checkEndpoint refuses URLs that keys and tokens must not travel by: plain
// HTTP beyond this machine.
func checkEndpoint(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return errors.New("isn't a URL such as https://login.example.org")
	}
	if u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()) {
		return nil
	}
	return errors.New("must be https; http is for loopback only")
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
