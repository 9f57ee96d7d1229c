package server

import (
	"encoding/json"
	"net/http"

	"caseway/conformance/capability"
	"caseway/fhir"
)

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
