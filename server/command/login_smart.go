package command

import (
	"slices"

	"caseway/auth"
)

// smartOf says of an issuer elsewhere what it says of itself, and of SMART's
// capabilities those that follow from that.
func smartOf(m auth.Metadata) auth.Metadata {
	c := m
	c.ChallengeMethods = nil
	if len(c.GrantTypes) == 0 { // OpenID Connect Discovery 1.0 section 3
		c.GrantTypes = []string{"authorization_code"}
	}
	for _, method := range m.ChallengeMethods {
		if method != "plain" { // SMART's clients have to use S256
			c.ChallengeMethods = append(c.ChallengeMethods, method)
		}
	}
	if len(c.Capabilities) == 0 {
		c.Capabilities = capabilitiesOf(m)
	}
	return c
}

// capabilitiesOf are those of
// https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html#capabilities
// that an issuer's metadata shows, and those that are this server's own: which
// scopes it enforces.
func capabilitiesOf(m auth.Metadata) []string {
	all := []string{"permission-patient", "permission-user", "permission-v1", "permission-v2"}
	for _, c := range []struct {
		name string
		list []string
		has  []string // one of these
	}{
		{"client-public", m.AuthMethods, []string{"none"}},
		{"client-confidential-symmetric", m.AuthMethods, []string{"client_secret_basic", "client_secret_post"}},
		{"client-confidential-asymmetric", m.AuthMethods, []string{"private_key_jwt"}},
		{"sso-openid-connect", m.Scopes, []string{"openid"}},
		{"permission-offline", m.Scopes, []string{"offline_access"}},
		{"permission-online", m.Scopes, []string{"online_access"}},
		{"launch-ehr", m.Scopes, []string{"launch"}},
		{"launch-standalone", m.Scopes, []string{"launch/patient", "launch/encounter"}},
		{"context-standalone-patient", m.Scopes, []string{"launch/patient"}},
		{"context-standalone-encounter", m.Scopes, []string{"launch/encounter"}},
	} {
		if slices.ContainsFunc(c.has, func(name string) bool { return slices.Contains(c.list, name) }) {
			all = append(all, c.name)
		}
	}
	return all
}
