package provider_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/url"
	"testing"
	"time"

	"caseway/fhir"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// signer is a client's key pairs.
type signer struct {
	rsa *rsa.PrivateKey
	ec  *ecdsa.PrivateKey
}

func newSigner(t testing.TB) *signer {
	t.Helper()
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	e, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	must(t, err)
	return &signer{rsa: r, ec: e}
}

// public is the key set, of keys that sign and others.
func (s *signer) public(t testing.TB) string {
	t.Helper()
	data, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{Key: &s.rsa.PublicKey, KeyID: "r", Algorithm: "RS384", Use: "sig"},
		{Key: &s.ec.PublicKey, KeyID: "e", Algorithm: "ES384"},
		{Key: &s.rsa.PublicKey, KeyID: "enc", Use: "enc"},
	}})
	must(t, err)
	return string(data)
}

// claims are those of a good assertion.
func (h *house) claims(client string) map[string]any {
	return map[string]any{
		"iss": client, "sub": client, "aud": h.url + "/auth/token",
		"exp": h.clock.now().Add(4 * time.Minute).Unix(), "jti": rand.Text(),
	}
}

// sign makes a JWT by any key and algorithm.
func sign(t testing.TB, alg jose.SignatureAlgorithm, key any, header, claims map[string]any) string {
	t.Helper()
	o := (&jose.SignerOptions{}).WithType("JWT")
	for name, value := range header {
		o = o.WithHeader(jose.HeaderKey(name), value)
	}
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, o)
	must(t, err)
	text, err := jwt.Signed(s).Claims(claims).Serialize()
	must(t, err)
	return text
}

// assertion is a good assertion of a client that signs.
func (h *house) assertion(client string) string {
	h.t.Helper()
	return sign(h.t, jose.RS384, h.signer.rsa, map[string]any{"kid": "r"}, h.claims(client))
}

// service gives the form by which a backend service asks.
func service(assertion, scopes string) url.Values {
	return url.Values{
		"grant_type": {"client_credentials"}, "scope": {scopes}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	}
}

func wantLogin(t testing.TB, err error) {
	t.Helper()
	if !fhir.Is(err, fhir.Login) {
		t.Errorf("error %v, want one of kind Login", err)
	}
}

// opened checks a JWT of the server by its published keys, and gives header and
// claims.
func (h *house) opened(text string) (jose.Header, map[string]any) {
	h.t.Helper()
	var set jose.JSONWebKeySet
	must(h.t, json.Unmarshal([]byte(h.get("/auth/jwks").text), &set))
	signed, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.RS256})
	must(h.t, err)
	keys := set.Key(signed.Headers[0].KeyID)
	if len(keys) != 1 {
		h.t.Fatalf("%d keys of this id are published", len(keys))
	}
	claims := map[string]any{}
	must(h.t, signed.Claims(keys[0].Key.(crypto.PublicKey), &claims))
	return signed.Headers[0], claims
}
