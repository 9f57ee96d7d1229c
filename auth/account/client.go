package account

import "time"

// Kind says how a client proves who it is
// (https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#support-for-public-and-confidential-apps).
type Kind string

// The kinds of clients.
const (
	Public                 Kind = "public"
	ConfidentialSymmetric  Kind = "confidential-symmetric"
	ConfidentialAsymmetric Kind = "confidential-asymmetric"
)

// The grant types (RFC 6749) that a client may be given.
const (
	GrantAuthorizationCode = "authorization_code"
	GrantRefreshToken      = "refresh_token"
	GrantClientCredentials = "client_credentials"
)

// Client is an application that may ask for tokens.
type Client struct {
	ID   string `json:"id"`
	Name string `json:"name"` // for people
	Kind Kind   `json:"kind"`
	// JWKS is the key set of an asymmetric client by value, JWKSURL where it is.
	JWKS    string `json:"jwks,omitempty"`
	JWKSURL string `json:"jwksUrl,omitempty"`
	// RedirectURIs are compared as they are, character by character.
	RedirectURIs []string `json:"redirectUris,omitempty"`
	// LaunchURI is where an EHR launch opens the app.
	LaunchURI      string   `json:"launchUri,omitempty"`
	PostLogoutURIs []string `json:"postLogoutUris,omitempty"`
	// Scopes is the most that the client can be granted, divided by spaces.
	Scopes string   `json:"scopes"`
	Grants []string `json:"grants"` // grant types
	// Launch: the client may make launch contexts (POST /auth/launch).
	Launch bool `json:"launch,omitempty"`
	// Organization is the logical id of the Organization that the client
	// belongs to, "" for none.
	Organization string `json:"organization,omitempty"`
	// Origins are those of web pages that may call the token and FHIR endpoints,
	// beside the origins of RedirectURIs.
	Origins []string  `json:"origins,omitempty"`
	Created time.Time `json:"created"` // UTC
}
