package kit_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"caseway/conformance/kit"
)

// segment writes a part of a JWT.
func segment(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// signWith makes a compact JWS of a payload.
func signWith(t *testing.T, alg jose.SignatureAlgorithm, key any, header map[jose.HeaderKey]any, payload []byte) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, &jose.SignerOptions{ExtraHeaders: header})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// publicKey is the server's own, from /auth/jwks.
func (st *stage) publicKey(t *testing.T) (jose.JSONWebKey, []byte) {
	t.Helper()
	answer, err := st.client.Do(t.Context(), "GET", st.Root+"/auth/jwks", nil)
	if err != nil {
		t.Fatal(err)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(answer.Body, &set); err != nil || len(set.Keys) == 0 {
		t.Fatalf("%v: %s", err, answer.Body)
	}
	return set.Keys[0], answer.Body
}

// tokenAttacks are tokens that stand for nobody. Each asks for ann's own record.
func (st *stage) tokenAttacks(t *testing.T) []attack {
	t.Helper()
	good := st.tokens[""]
	parts := strings.Split(good, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	with := func(change map[string]any) []byte {
		var claims map[string]any
		if err := json.Unmarshal(payload, &claims); err != nil {
			t.Fatal(err)
		}
		for name, value := range change {
			if claims[name] = value; value == nil {
				delete(claims, name)
			}
		}
		text, err := json.Marshal(claims)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	public, set := st.publicKey(t)
	der, err := x509.MarshalPKIXPublicKey(public.Key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := x509.MarshalPKCS1PublicKey(public.Key.(*rsa.PublicKey))
	jwk, err := public.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	mine, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	kid := map[jose.HeaderKey]any{"kid": public.KeyID}
	bare := jose.JSONWebKey{Key: mine.Public(), KeyID: "mine"}
	forged := map[string]string{
		"alg none":                  segment(`{"alg":"none"}`) + "." + parts[1] + ".",
		"alg none with kid":         segment(`{"alg":"none","kid":"`+public.KeyID+`"}`) + "." + parts[1] + ".",
		"alg NONE":                  segment(`{"alg":"NONE"}`) + "." + parts[1] + ".",
		"alg nOnE, old signature":   segment(`{"alg":"nOnE"}`) + "." + parts[1] + "." + parts[2],
		"alg empty":                 segment(`{"alg":""}`) + "." + parts[1] + ".",
		"no alg":                    segment(`{"kid":"`+public.KeyID+`"}`) + "." + parts[1] + "." + parts[2],
		"signature left out":        parts[0] + "." + parts[1] + ".",
		"two parts":                 parts[0] + "." + parts[1],
		"HS256 with the DER":        signWith(t, jose.HS256, der, kid, payload),
		"HS256 with the PKCS1":      signWith(t, jose.HS256, pkcs1, kid, payload),
		"HS256 with the PEM":        signWith(t, jose.HS256, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), kid, payload),
		"HS256 with the JWK":        signWith(t, jose.HS256, jwk, kid, payload),
		"HS256 with the JWK Set":    signWith(t, jose.HS256, set, kid, payload),
		"HS256 with the modulus":    signWith(t, jose.HS256, public.Key.(*rsa.PublicKey).N.Bytes(), kid, payload),
		"HS384 with the DER":        signWith(t, jose.HS384, der, kid, payload),
		"HS512 with the DER":        signWith(t, jose.HS512, der, kid, payload),
		"HS256 with nothing":        signWith(t, jose.HS256, make([]byte, 32), kid, payload),
		"own key, known kid":        signWith(t, jose.RS256, mine, kid, payload),
		"own key, no kid":           signWith(t, jose.RS256, mine, nil, payload),
		"own key, unknown kid":      signWith(t, jose.RS256, mine, map[jose.HeaderKey]any{"kid": "mine"}, payload),
		"own key in jwk":            signWith(t, jose.RS256, mine, map[jose.HeaderKey]any{"jwk": bare}, payload),
		"own key in jku":            signWith(t, jose.RS256, mine, map[jose.HeaderKey]any{"kid": "mine", "jku": "https://evil.example/jwks"}, payload),
		"own key in x5u":            signWith(t, jose.RS256, mine, map[jose.HeaderKey]any{"x5u": "https://evil.example/cert"}, payload),
		"kid is a path":             signWith(t, jose.RS256, mine, map[jose.HeaderKey]any{"kid": "../../dev/null"}, payload),
		"kid with a query":          signWith(t, jose.RS256, mine, map[jose.HeaderKey]any{"kid": "x' OR '1'='1"}, payload),
		"own key, PS256":            signWith(t, jose.PS256, mine, kid, payload),
		"own key, RS512":            signWith(t, jose.RS512, mine, kid, payload),
		"expired":                   signWith(t, jose.RS256, mine, kid, with(map[string]any{"exp": 1})),
		"without exp":               signWith(t, jose.RS256, mine, kid, with(map[string]any{"exp": nil})),
		"not valid yet":             signWith(t, jose.RS256, mine, kid, with(map[string]any{"nbf": 4102444800})),
		"another issuer":            signWith(t, jose.RS256, mine, kid, with(map[string]any{"iss": "https://evil.example"})),
		"another audience":          signWith(t, jose.RS256, mine, kid, with(map[string]any{"aud": "https://evil.example/fhir"})),
		"critical header":           segment(`{"alg":"RS256","kid":"`+public.KeyID+`","crit":["x"],"x":1}`) + "." + parts[1] + "." + parts[2],
		"patient changed":           parts[0] + "." + segment(string(with(map[string]any{"patient": "bob"}))) + "." + parts[2],
		"scope changed":             parts[0] + "." + segment(string(with(map[string]any{"scope": "system/*.cruds"}))) + "." + parts[2],
		"exp changed":               parts[0] + "." + segment(string(with(map[string]any{"exp": 4102444800}))) + "." + parts[2],
		"sub changed":               parts[0] + "." + segment(string(with(map[string]any{"sub": "root"}))) + "." + parts[2],
		"id_token":                  st.tokens["id_token"],
		"refresh token":             st.tokens["refresh"],
		"code":                      newVisitor(t, st.Root).code("ann", "launch/patient patient/*.cruds"),
		"of another server":         st.stranger(t),
		"cut off":                   good[:len(good)-3],
		"a letter more":             good + "A",
		"turned round":              parts[2] + "." + parts[1] + "." + parts[0],
		"as JSON":                   base64.StdEncoding.EncodeToString([]byte(`{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`)),
		"very long":                 "ey" + strings.Repeat("A", 30<<10),
		"the client's own id":       "app",
		"the user's own id":         "ann",
		"of a grant that was ended": st.revoked(t),
	}
	var rows []attack
	for name, token := range forged {
		rows = append(rows, attack{
			name: "token " + name, method: "GET", path: "Patient/ann", status: "401", header: []string{"Authorization", "Bearer " + token},
		})
	}
	return rows
}

// stranger is a valid token of another server that calls itself the same.
func (st *stage) stranger(t *testing.T) string {
	t.Helper()
	uri := "sqlite:" + filepath.Join(t.TempDir(), "other.db")
	loadAttackWorld(t, uri)
	other := start(t, kit.Launch{Store: uri, Args: []string{
		"--auth", "embedded", "--auth-seed", attackSeed(t), "--base-url", st.Root,
	}})
	return service(t, other.Root, st.Root, "backend", "system/*.cruds")
}

// revoked is a token whose grant the app has ended (RFC 7009).
func (st *stage) revoked(t *testing.T) string {
	t.Helper()
	got := newVisitor(t, st.Root).signIn("ann", "launch/patient offline_access patient/*.cruds")
	form := url.Values{"token": {got.Refresh}, "client_id": {"app"}}
	answer, err := st.client.Do(t.Context(), "POST", st.Root+"/auth/revoke", []byte(form.Encode()),
		"Content-Type", "application/x-www-form-urlencoded")
	if err != nil || answer.Status != 200 {
		t.Fatalf("%d, %v", answer.Status, err)
	}
	return got.Access
}
