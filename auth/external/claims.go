package external

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"caseway/auth"
	"caseway/auth/scope"
	"caseway/fhir"
)

// Claims are the names of the claims that hold what SMART needs to know. A name
// is taken as it is, or as a path into objects with dots: "ctx.patient". ""
// means that there is no such claim, but for Patient and FHIRUser, which have
// SMART's own names then.
type Claims struct {
	Patient      string // default "patient"
	FHIRUser     string // default "fhirUser"
	Organization string
	Role         string
}

// claims are what a token says.
type claims map[string]any

// UnmarshalJSON keeps numbers as they are written.
func (c *claims) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var plain map[string]any
	if err := d.Decode(&plain); err != nil {
		return err
	}
	*c = plain
	return nil
}

// at finds a claim by its name or path. Claims whose own names have dots, such
// as URLs, come first.
func (c claims) at(path string) any {
	if path == "" {
		return nil
	}
	if value, ok := c[path]; ok {
		return value
	}
	for i := range len(path) {
		if path[i] != '.' {
			continue
		}
		if inner, ok := c[path[:i]].(map[string]any); ok {
			if value := claims(inner).at(path[i+1:]); value != nil {
				return value
			}
		}
	}
	return nil
}

// list gives a claim that is a string or an array of strings.
func (c claims) list(path string) []string {
	switch value := c.at(path).(type) {
	case string:
		return []string{value}
	case []any:
		var all []string
		for _, member := range value {
			if text, ok := member.(string); ok {
				all = append(all, text)
			}
		}
		return all
	}
	return nil
}

func (c claims) text(paths ...string) string {
	for _, path := range paths {
		if value, ok := c.at(path).(string); ok && value != "" {
			return value
		}
	}
	return ""
}

// time reads a NumericDate (RFC 7519 section 2): seconds, whole or not.
func (c claims) time(name string) (time.Time, bool) {
	number, ok := c[name].(json.Number)
	if !ok {
		return time.Time{}, false
	}
	seconds, err := number.Float64()
	if err != nil || math.Abs(seconds) > 1<<40 {
		return time.Time{}, false
	}
	whole, part := math.Modf(seconds)
	return time.Unix(int64(whole), int64(part*1e9)), true
}

// principal says who a valid token's claims stand for.
func (v *Verifier) principal(ctx context.Context, c claims) (*auth.Principal, error) {
	p := &auth.Principal{
		Issuer: c.text("iss"), Subject: c.text("sub"), Client: c.text("client_id", "azp", "cid", "appid"),
	}
	if p.Subject == "" {
		return nil, invalid("the token doesn't say whom it stands for (sub)")
	}
	if isOtherKind(c) {
		return nil, invalid("the token isn't an access token")
	}
	p.Expires, _ = c.time("exp")
	p.Scopes = scopesOf(c)
	var err error
	names := v.config.Claims
	if p.Patient, err = v.id(c, or(names.Patient, "patient"), "Patient"); err != nil {
		return nil, err
	}
	if p.Encounter, err = v.id(c, "encounter", "Encounter"); err != nil {
		return nil, err
	}
	if p.Organization, err = v.id(c, names.Organization, "Organization"); err != nil {
		return nil, err
	}
	user := c.text(or(names.FHIRUser, "fhirUser"))
	p.FHIRUser = v.fhirUser(user)
	if user != "" { // system/ is for clients that act for themselves
		p.Scopes.Resources = slices.DeleteFunc(p.Scopes.Resources, func(s scope.Scope) bool { return s.Context == scope.System })
	}
	p.Role = roleOf(c.list(names.Role), p.FHIRUser)
	if p.Role == auth.Caregiver && v.config.Charges != nil {
		if p.Charges, err = v.config.Charges(ctx, p.FHIRUser); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// otherKinds are what issuers call tokens that aren't for resource servers.
var otherKinds = []string{"refresh", "refresh_token", "offline", "id", "id_token"}

// isOtherKind reports whether a token says that it isn't an access token, by
// token_type (RFC 7662 section 2.2) or by what issuers write in its place:
// whoever introspects a refresh token is told that it is active, too.
func isOtherKind(c claims) bool {
	return slices.ContainsFunc([]string{"token_type", "token_use", "typ"}, func(name string) bool {
		kind, _ := c[name].(string)
		return slices.Contains(otherKinds, strings.ToLower(kind))
	})
}

func or(name, fallback string) string {
	if name == "" {
		return fallback
	}
	return name
}

// scopesOf reads scope, or scp, as one string or an array (RFC 8693 section
// 4.2; what Okta and Entra send).
func scopesOf(c claims) scope.Set {
	words := c.list("scope")
	if c["scope"] == nil {
		words = c.list("scp")
	}
	// What isn't understood gives no rights, and issuers have scopes of their own.
	granted, _ := scope.Parse(strings.Join(words, " "))
	return granted
}

// id reads a logical id, which may come as a reference. A claim that is there
// and can't be one refuses the token: without it the token might see more.
func (v *Verifier) id(c claims, name, typ string) (string, error) {
	value := c.at(name)
	if value == nil || value == "" {
		return "", nil
	}
	text, _ := value.(string)
	id := strings.TrimPrefix(v.relative(text), typ+"/")
	if !fhir.IsID(id) {
		return "", invalid("the token's claim for the " + typ + " is no logical id of one")
	}
	return id, nil
}

// relative cuts our own base URL off a reference.
func (v *Verifier) relative(reference string) string {
	if base := strings.TrimSuffix(v.config.Base, "/") + "/"; base != "/" {
		return strings.TrimPrefix(reference, base)
	}
	return reference
}

// userTypes are what a fhirUser may be
// (https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#scopes-for-requesting-identity-data),
// with the role that each has where no claim says more.
var userTypes = map[string]auth.Role{
	"Patient": auth.Patient, "RelatedPerson": auth.Caregiver,
	"Practitioner": auth.Staff, "PractitionerRole": auth.Staff, "Person": "",
}

// fhirUser gives a relative reference; "" for a user of another server.
func (v *Verifier) fhirUser(reference string) string {
	reference = v.relative(reference)
	typ, id, _ := strings.Cut(reference, "/")
	if _, known := userTypes[typ]; !known || !fhir.IsID(id) {
		return ""
	}
	return reference
}

// roleOf takes the first of the roles that a claim names, those that may most
// first, else the one that goes with the type of the fhirUser.
func roleOf(named []string, fhirUser string) auth.Role {
	for _, role := range []auth.Role{auth.Administrator, auth.Staff, auth.Caregiver, auth.Patient} {
		for _, name := range named {
			if name == string(role) {
				return role
			}
		}
	}
	typ, _, _ := strings.Cut(fhirUser, "/")
	return userTypes[typ]
}
