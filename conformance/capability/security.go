package capability

// SMART is how clients log in, for CapabilityStatement.rest.security
// (https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html#using-cs). An
// endpoint that there isn't is "".
type SMART struct {
	Authorize, Token, Introspect, Revoke, Manage string
}

type security struct {
	Extension   []extension       `json:"extension,omitempty"`
	CORS        bool              `json:"cors"`
	Service     []codeableConcept `json:"service,omitempty"`
	Description string            `json:"description"`
}

type extension struct {
	URL       string      `json:"url"`
	ValueURI  string      `json:"valueUri,omitempty"`
	Extension []extension `json:"extension,omitempty"`
}

type codeableConcept struct {
	Coding []coding `json:"coding"`
	Text   string   `json:"text,omitempty"`
}

type coding struct {
	System  string `json:"system"`
	Code    string `json:"code"`
	Display string `json:"display,omitempty"`
}

const openDoor = "This server runs without a login: whoever reaches it may do everything, so it refuses to listen " +
	"beyond loopback unless told that its network is closed. Consent resources are stored and not enforced."

const smart = "Every request but for this statement and .well-known/smart-configuration needs a bearer token with SMART " +
	"scopes. Tokens narrow what can be seen and done on every path. Consent resources are stored and not enforced."

const oauthURIs = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"

func securityOf(c Claims) security {
	if c.SMART == nil {
		return security{Description: openDoor}
	}
	s := security{CORS: true, Description: smart, Service: []codeableConcept{{
		Coding: []coding{{
			System: "http://terminology.hl7.org/CodeSystem/restful-security-service", Code: "SMART-on-FHIR", Display: "SMART-on-FHIR",
		}},
		Text: "OAuth2 using SMART-on-FHIR profile (see http://docs.smarthealthit.org)",
	}}}
	var endpoints []extension
	for _, e := range []extension{
		{URL: "authorize", ValueURI: c.SMART.Authorize},
		{URL: "token", ValueURI: c.SMART.Token},
		{URL: "introspect", ValueURI: c.SMART.Introspect},
		{URL: "revoke", ValueURI: c.SMART.Revoke},
		{URL: "manage", ValueURI: c.SMART.Manage},
	} {
		if e.ValueURI != "" {
			endpoints = append(endpoints, e)
		}
	}
	if len(endpoints) > 0 {
		s.Extension = []extension{{URL: oauthURIs, Extension: endpoints}}
	}
	return s
}
