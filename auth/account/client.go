package account

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"caseway/auth"
	"caseway/auth/scope"
)

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

// clientID is what a client may be called: characters that need no escaping in
// a URI, and colons and slashes for ids that are URIs.
var clientID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._~:/@+-]{0,199}$`)

// May reports whether the client has a grant type.
func (c *Client) May(grant string) bool { return slices.Contains(c.Grants, grant) }

// fill gives a client the grant types that its other parts ask for, where it
// names none.
func (c *Client) fill() {
	if len(c.Grants) > 0 {
		return
	}
	if len(c.RedirectURIs) > 0 {
		c.Grants = append(c.Grants, GrantAuthorizationCode, GrantRefreshToken)
	}
	if c.Kind == ConfidentialAsymmetric && strings.Contains(" "+c.Scopes, " system/") {
		c.Grants = append(c.Grants, GrantClientCredentials)
	}
}

// Check says what is wrong with a client, nil where nothing.
func (c *Client) Check() error {
	if !clientID.MatchString(c.ID) {
		return errors.New("a client's id is 1 to 200 letters, digits and . _ ~ : / @ + -, starting with a letter or digit")
	}
	if utf8.RuneCountInString(c.Name) > maxName {
		return fmt.Errorf("a client's name has at most %d characters", maxName)
	}
	if c.Organization != "" && !logicalID.MatchString(c.Organization) {
		return errors.New("a client's organization is the logical id of an Organization, as in 123")
	}
	if _, err := scope.Parse(c.Scopes); err != nil {
		return fmt.Errorf("a client's scopes: %w", err)
	}
	return firstError(c.checkKind, c.checkGrants, c.checkURIs)
}

func firstError(checks ...func() error) error {
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (c *Client) checkKind() error {
	keys := 0
	if c.JWKS != "" {
		keys++
	}
	if c.JWKSURL != "" {
		keys++
	}
	switch c.Kind {
	case Public, ConfidentialSymmetric:
		if keys > 0 {
			return errors.New("only a confidential-asymmetric client has a JWKS")
		}
		return nil
	case ConfidentialAsymmetric:
		if keys != 1 {
			return errors.New("a confidential-asymmetric client has a JWKS either by value or by URL")
		}
		return c.checkKeys()
	}
	return errors.New("a client's kind is public, confidential-symmetric or confidential-asymmetric")
}

func (c *Client) checkKeys() error {
	if c.JWKSURL != "" {
		return checkKeysURL(c.JWKSURL)
	}
	_, err := ParseKeys([]byte(c.JWKS))
	return err
}

func (c *Client) checkGrants() error {
	for _, g := range c.Grants {
		switch g {
		case GrantAuthorizationCode, GrantRefreshToken:
			if len(c.RedirectURIs) == 0 {
				return fmt.Errorf("a client with the grant type %s has a redirect URI", g)
			}
		case GrantClientCredentials:
			if c.Kind != ConfidentialAsymmetric {
				return errors.New("a client with the grant type client_credentials is confidential-asymmetric (SMART backend services)")
			}
		default:
			return errors.New("a client's grant types are authorization_code, refresh_token and client_credentials")
		}
	}
	if len(c.Grants) == 0 && !c.Launch {
		return errors.New("a client has redirect URIs, system/ scopes with a JWKS, or the right to launch")
	}
	if c.Launch && c.Kind == Public {
		return errors.New("a client that may launch is confidential")
	}
	return nil
}

func (c *Client) checkURIs() error {
	for _, u := range slices.Concat(c.RedirectURIs, c.PostLogoutURIs) {
		if err := checkRedirect(u); err != nil {
			return err
		}
	}
	for _, o := range c.Origins {
		if u, err := url.Parse(o); err != nil || originOf(u) != o {
			return errors.New("an origin is scheme, host and port alone, as in https://app.example.org")
		}
	}
	if c.LaunchURI != "" {
		return checkWebURL("a client's launch URI", c.LaunchURI)
	}
	return nil
}

// checkRedirect takes absolute URIs without a fragment (RFC 6749 section 3.1.2),
// those of native apps with a scheme of their own (RFC 8252 section 7.1) too, and
// none that a browser would run.
func checkRedirect(s string) error {
	u, err := url.Parse(s)
	if err != nil || !u.IsAbs() || u.Fragment != "" || strings.Contains(s, "#") || u.User != nil {
		return errors.New("a redirect URI is absolute, without a fragment and without a login")
	}
	switch strings.ToLower(u.Scheme) {
	case "javascript", "data", "vbscript", "file", "blob", "about":
		return fmt.Errorf("a redirect URI can't have the scheme %s", u.Scheme)
	case "http", "https":
		return checkWebURL("a redirect URI", s)
	}
	return nil
}

func checkWebURL(what, s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("%s is an http or https URL", what)
	}
	return nil
}

// checkKeysURL refuses plain HTTP beyond this machine: whoever can change an
// answer on its way could be the client.
func checkKeysURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "http" && !auth.IsLoopback(u.Hostname()) {
		return errors.New("a client's JWKS URL is an https URL; http is for loopback only")
	}
	return checkWebURL("a client's JWKS URL", s)
}

// originOf is a URL's origin as browsers write it (RFC 6454), "" where it has
// none of the web's.
func originOf(u *url.URL) string {
	if u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return u.Scheme + "://" + strings.ToLower(u.Host)
}

// webOrigins are the origins of pages that belong to the client.
func (c *Client) webOrigins() []string {
	origins := slices.Clone(c.Origins)
	for _, r := range c.RedirectURIs {
		if u, err := url.Parse(r); err == nil && originOf(u) != "" {
			origins = append(origins, originOf(u))
		}
	}
	return origins
}
