package provider

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"caseway/auth/account"
	"caseway/auth/record"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// accessType is the typ of access tokens (RFC 9068 section 2.1): an id_token
// can't be taken for one.
const accessType = "at+jwt"

// accessClaims are the claims of an access token (RFC 9068 section 2.2).
type accessClaims struct {
	Issuer   string           `json:"iss"`
	Subject  string           `json:"sub"`
	Audience jwt.Audience     `json:"aud"`
	Expires  *jwt.NumericDate `json:"exp"`
	Issued   *jwt.NumericDate `json:"iat"`
	ID       string           `json:"jti"`
	ClientID string           `json:"client_id"`
	Scope    string           `json:"scope"` // as the client was told
	Grant    string           `json:"grant"` // the grant's id
}

// idClaims are the claims of an id_token (OpenID Connect Core section 2,
// https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html#scopes-for-requesting-identity-data).
type idClaims struct {
	Issuer   string           `json:"iss"`
	Subject  string           `json:"sub"`
	Audience jwt.Audience     `json:"aud"`
	Expires  *jwt.NumericDate `json:"exp"`
	Issued   *jwt.NumericDate `json:"iat"`
	Auth     *jwt.NumericDate `json:"auth_time,omitempty"`
	Nonce    string           `json:"nonce,omitempty"`
	Hash     string           `json:"at_hash,omitempty"`
	FHIRUser string           `json:"fhirUser,omitempty"`
	Name     string           `json:"name,omitempty"`
}

// sign makes a JWT by the key of now.
func (p *Provider) sign(ctx context.Context, typ string, claims any) (string, error) {
	key, err := p.keys.signer(ctx)
	if err != nil {
		return "", err
	}
	options := (&jose.SignerOptions{}).WithType(jose.ContentType(typ)).WithHeader(jose.HeaderKey("kid"), key.ID)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key.pair}, options)
	if err != nil {
		return "", err
	}
	return jwt.Signed(signer).Claims(claims).Serialize()
}

// accessToken makes an access token of a grant.
func (p *Provider) accessToken(ctx context.Context, id string, g *grant, scope string, life time.Duration) (string, error) {
	now := p.now()
	subject := g.User
	if subject == "" {
		subject = g.Client
	}
	return p.sign(ctx, accessType, accessClaims{
		Issuer: p.issuer, Subject: subject, Audience: jwt.Audience{p.audience}, ClientID: g.Client, Scope: scope, Grant: id,
		Expires: jwt.NewNumericDate(now.Add(life)), Issued: jwt.NewNumericDate(now), ID: newSecret(),
	})
}

// idToken makes an id_token that goes with an access token.
func (p *Provider) idToken(ctx context.Context, row *record.Row[grant], u *account.User, access string) (string, error) {
	g, now := &row.Value, p.now()
	sum := sha256.Sum256([]byte(access))
	claims := idClaims{
		Issuer: p.issuer, Subject: u.ID, Audience: jwt.Audience{g.Client}, Nonce: g.Nonce,
		Expires: jwt.NewNumericDate(now.Add(accessLife)), Issued: jwt.NewNumericDate(now), Auth: jwt.NewNumericDate(g.Auth),
		Hash: base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2]),
	}
	set := g.set()
	if set.Has("fhirUser") {
		claims.FHIRUser = p.fhirUser(u)
	}
	if set.Has("profile") {
		claims.Name = u.Name
	}
	return p.sign(ctx, "JWT", claims)
}

// fhirUser is the user's resource as an absolute URL, "" for none.
func (p *Provider) fhirUser(u *account.User) string {
	if u.FHIRUser == "" {
		return ""
	}
	return p.audience + "/" + u.FHIRUser
}
