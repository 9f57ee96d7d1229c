package external_test

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"

	"caseway/auth"
	"caseway/auth/external"
	"caseway/fhir"
)

// verifier trusts i and knows its keys already, unless it is away.
func verifier(t testing.TB, i *issuer, change func(*external.Config)) *external.Verifier {
	t.Helper()
	c := external.Config{Issuers: []string{i.URL}, Audiences: []string{base}, Base: base, ClockSkew: time.Minute}
	if change != nil {
		change(&c)
	}
	v, err := external.New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		v.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	await(t, func() bool { s := v.States()[0]; return s.Usable || strings.HasPrefix(s.Trouble, "away") })
	return v
}

func await(t testing.TB, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
	}
}

func kindOf(err error) fhir.Kind {
	fe := (*fhir.Error)(nil)
	if !errors.As(err, &fe) {
		return -1
	}
	return fe.Kind
}

func TestAValidTokenSaysWhoAsks(t *testing.T) {
	i := newIssuer(t)
	v := verifier(t, i, nil)
	p, err := v.Verify(t.Context(), i.token(map[string]any{"encounter": "Encounter/e1"}))
	if err != nil {
		t.Fatal(err)
	}
	if p.Expires.IsZero() || p.Token == "" {
		t.Errorf("got %+v, want when it expires, and its token", p)
	}
	if scopes := p.Scopes.String(); scopes != "openid patient/CarePlan.rs" {
		t.Errorf("scopes %q", scopes)
	}
	got := *p
	got.Expires, got.Token = time.Time{}, ""
	want := auth.Principal{
		Issuer: i.URL, Subject: "alice", Client: "app", Role: auth.Patient, FHIRUser: "Patient/p1", Patient: "p1",
		Encounter: "e1", Scopes: p.Scopes,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// typed is a token with a typ of its own.
func typed(typ any, claims map[string]any) string {
	options := (&jose.SignerOptions{}).WithHeader("kid", "rsa").WithHeader(jose.HeaderType, typ)
	signer := must(jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: rsaKey()}, options))
	return must(jwt.Signed(signer).Claims(claims).Serialize())
}

func TestTypesThatAreTaken(t *testing.T) {
	i := newIssuer(t)
	v := verifier(t, i, nil)
	for _, typ := range []string{"JWT", "jwt", "at+jwt", "application/at+jwt"} {
		t.Run(typ, func(t *testing.T) {
			if _, err := v.Verify(t.Context(), typed(typ, i.claims(nil))); err != nil {
				t.Errorf("%s: got %v, want no error", typ, err)
			}
		})
	}
}

func TestAlgorithmsThatAreTaken(t *testing.T) {
	i := newIssuer(t)
	v := verifier(t, i, nil)
	for _, row := range []struct {
		alg jose.SignatureAlgorithm
		kid string
		key crypto.Signer
	}{
		{jose.RS256, "rsa", rsaKey()},
		{jose.RS384, "rsa", rsaKey()},
		{jose.PS256, "rsa", rsaKey()},
		{jose.ES256, "ec", ecKey()},
		{jose.ES384, "ec384", ec384Key()},
		{jose.RS256, "", rsaKey()},
	} {
		t.Run(row.kid, func(t *testing.T) {
			if _, err := v.Verify(t.Context(), sign(row.alg, row.kid, row.key, i.claims(nil))); err != nil {
				t.Errorf("%s with kid %q: %v", row.alg, row.kid, err)
			}
		})
	}
}

func TestTokensThatAreRefused(t *testing.T) {
	i, stranger := newIssuer(t), newIssuer(t)
	v := verifier(t, i, func(c *external.Config) { c.Claims.Organization = "org" })
	now := time.Now()
	public := must(x509.MarshalPKIXPublicKey(rsaKey().Public()))
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	good := i.token(nil)
	parts := strings.Split(good, ".")
	segment := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	for name, token := range map[string]string{
		"empty":                       "",
		"opaque":                      "opaque",
		"alg none":                    segment(`{"alg":"none"}`) + "." + parts[1] + ".",
		"alg None":                    segment(`{"alg":"None"}`) + "." + parts[1] + ".",
		"no signature":                parts[0] + "." + parts[1] + ".",
		"no alg":                      segment(`{"kid":"rsa"}`) + "." + parts[1] + "." + parts[2],
		"HS256 with the public key":   sign(jose.HS256, "rsa", publicPEM, i.claims(nil)),
		"HS256 with the key's DER":    sign(jose.HS256, "rsa", public, i.claims(nil)),
		"HS512":                       sign(jose.HS512, "", publicPEM, i.claims(nil)),
		"RS512":                       sign(jose.RS512, "rsa", rsaKey(), i.claims(nil)),
		"another key, our kid":        sign(jose.RS256, "rsa", otherKey(), i.claims(nil)),
		"another key, no kid":         sign(jose.RS256, "", otherKey(), i.claims(nil)),
		"another key, unknown kid":    sign(jose.RS256, "new", otherKey(), i.claims(nil)),
		"key of another type":         sign(jose.ES256, "rsa", ecKey(), i.claims(nil)),
		"changed claims":              parts[0] + "." + segment(`{"iss":"`+i.URL+`","sub":"bob"}`) + "." + parts[2],
		"changed header":              segment(`{"alg":"RS384","kid":"rsa"}`) + "." + parts[1] + "." + parts[2],
		"critical header":             segment(`{"alg":"RS256","kid":"rsa","crit":["exp"],"exp":1}`) + "." + parts[1] + "." + parts[2],
		"a second signature":          good + "." + parts[2],
		"a stranger's":                stranger.token(nil),
		"a stranger's, our iss":       sign(jose.RS256, "ec", otherKey(), i.claims(nil)),
		"iss with a slash":            i.token(map[string]any{"iss": i.URL + "/"}),
		"no iss":                      i.token(map[string]any{"iss": nil}),
		"iss is a list":               i.token(map[string]any{"iss": []string{i.URL}}),
		"aud of another server":       i.token(map[string]any{"aud": "https://other.example/fhir"}),
		"aud is the client":           i.token(map[string]any{"aud": "app"}),
		"aud with our base in front":  i.token(map[string]any{"aud": base + ".evil.example"}),
		"no aud":                      i.token(map[string]any{"aud": nil}),
		"empty aud":                   i.token(map[string]any{"aud": []string{}}),
		"aud is a number":             i.token(map[string]any{"aud": 1}),
		"expired":                     i.token(map[string]any{"exp": now.Add(-2 * time.Minute).Unix()}),
		"no exp":                      i.token(map[string]any{"exp": nil}),
		"exp is null":                 parts[0] + "." + segment(`{"exp":null}`) + "." + parts[2],
		"exp is text":                 i.token(map[string]any{"exp": "tomorrow"}),
		"exp far away":                i.token(map[string]any{"exp": 1e300}),
		"not yet valid":               i.token(map[string]any{"nbf": now.Add(2 * time.Minute).Unix()}),
		"nbf is text":                 i.token(map[string]any{"nbf": "yesterday"}),
		"an ID token":                 i.token(map[string]any{"at_hash": "x"}),
		"a refresh token by typ":      i.token(map[string]any{"typ": "Refresh"}),
		"an offline token by typ":     i.token(map[string]any{"typ": "Offline"}),
		"an ID token by token_use":    i.token(map[string]any{"token_use": "id"}),
		"a logout token":              typed("logout+jwt", i.claims(nil)),
		"a client's assertion":        typed("client-authentication+jwt", i.claims(nil)),
		"typ is a number":             typed(7, i.claims(nil)),
		"no sub":                      i.token(map[string]any{"sub": nil}),
		"patient is no id":            i.token(map[string]any{"patient": "p1/../p2"}),
		"patient is a list":           i.token(map[string]any{"patient": []string{"p1", "p2"}}),
		"patient of another type":     i.token(map[string]any{"patient": "Practitioner/p1"}),
		"patient of another server":   i.token(map[string]any{"patient": "https://other.example/Patient/p1"}),
		"organization is no id":       i.token(map[string]any{"org": "a b"}),
		"not base64":                  "ey*." + parts[1] + "." + parts[2],
		"longer than any token":       "ey" + strings.Repeat("a", 20<<10) + "." + parts[1] + "." + parts[2],
		"encrypted":                   good + "." + parts[0] + "." + parts[1],
		"JSON serialization":          `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"a key that the token brings": sign(jose.RS256, "", otherKey(), i.claims(map[string]any{"jwk": "x"})),
	} {
		t.Run(name, func(t *testing.T) {
			p, err := v.Verify(t.Context(), token)
			if p != nil || kindOf(err) != fhir.Login {
				t.Errorf("%s: %+v, %v", name, p, err)
			}
			if err != nil && token != "" && strings.Contains(err.Error(), token) {
				t.Errorf("%s: the error holds the token", name)
			}
		})
	}
	if _, err := v.Verify(t.Context(), good); err != nil {
		t.Fatalf("the token that the others are made from: %v", err)
	}
}

func TestClocksMayDifferByTheSkew(t *testing.T) {
	i := newIssuer(t)
	now := time.Now()
	v := verifier(t, i, func(c *external.Config) { c.Clock = func() time.Time { return now } })
	for name, row := range map[string]struct {
		changes map[string]any
		taken   bool
	}{
		"expired within it":    {map[string]any{"exp": now.Add(-59 * time.Second).Unix()}, true},
		"expired beyond it":    {map[string]any{"exp": now.Add(-61 * time.Second).Unix()}, false},
		"valid soon":           {map[string]any{"nbf": now.Add(59 * time.Second).Unix()}, true},
		"valid later":          {map[string]any{"nbf": now.Add(62 * time.Second).Unix()}, false},
		"a fraction":           {map[string]any{"exp": float64(now.Unix()) + 0.5}, true},
		"several audiences":    {map[string]any{"aud": []string{"app", base}}, true},
		"aud with a slash":     {map[string]any{"aud": base + "/"}, true},
		"without nbf":          {map[string]any{"nbf": nil}, true},
		"without patient":      {map[string]any{"patient": nil, "fhirUser": nil}, true},
		"patient as reference": {map[string]any{"patient": base + "/Patient/p1"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := v.Verify(t.Context(), i.token(row.changes)); (err == nil) != row.taken {
				t.Errorf("%s: got %v, want it taken or refused as the row says", name, err)
			}
		})
	}
}

// TestARememberedTokenExpires: what is known of a token counts as long as the
// token does.
func TestARememberedTokenExpires(t *testing.T) {
	i := newIssuer(t)
	now := time.Now()
	clock := &now
	v := verifier(t, i, func(c *external.Config) { c.Clock = func() time.Time { return *clock } })
	token := i.token(map[string]any{"exp": now.Add(5 * time.Minute).Unix()})
	for _, step := range []struct {
		after time.Duration
		want  fhir.Kind
	}{{0, -1}, {5*time.Minute + 59*time.Second, -1}, {6*time.Minute + time.Second, fhir.Login}} {
		later := now.Add(step.after)
		*clock = later
		if _, err := v.Verify(t.Context(), token); kindOf(err) != step.want {
			t.Errorf("after %v: %v", step.after, err)
		}
	}
}

func TestClaimsAreMapped(t *testing.T) {
	i := newIssuer(t)
	v := verifier(t, i, func(c *external.Config) {
		c.Claims = external.Claims{
			Patient: "ctx.patient", FHIRUser: "https://idp.example/claims/user", Organization: "org.id", Role: "realm.roles",
		}
		c.Charges = func(_ context.Context, person string) ([]string, error) { return []string{"of " + person}, nil }
	})
	for name, row := range map[string]struct {
		changes map[string]any
		want    auth.Principal
	}{
		"nested, by URL, scp as a list": {
			map[string]any{
				"ctx": map[string]any{"patient": "p2"}, "https://idp.example/claims/user": "Practitioner/d",
				"org": map[string]any{"id": "Organization/o"}, "realm": map[string]any{"roles": []string{"x", "staff", "administrator"}},
				"scope": nil, "scp": []string{"user/Task.cud", "user/*.rs"},
			},
			auth.Principal{Role: auth.Administrator, FHIRUser: "Practitioner/d", Patient: "p2", Organization: "o"},
		},
		"role by type": {
			map[string]any{"https://idp.example/claims/user": base + "/PractitionerRole/d"},
			auth.Principal{Role: auth.Staff, FHIRUser: "PractitionerRole/d"},
		},
		"a caregiver": {
			map[string]any{"https://idp.example/claims/user": "RelatedPerson/r"},
			auth.Principal{Role: auth.Caregiver, FHIRUser: "RelatedPerson/r", Charges: []string{"of RelatedPerson/r"}},
		},
		"a user of another server": {
			map[string]any{"https://idp.example/claims/user": "https://other.example/fhir/Practitioner/d"},
			auth.Principal{},
		},
		"a user of no type": {map[string]any{"https://idp.example/claims/user": "Device/d"}, auth.Principal{}},
		"a role of no name": {map[string]any{"realm": map[string]any{"roles": "root"}}, auth.Principal{}},
		"names that aren't mapped": {
			map[string]any{"patient": "p9", "fhirUser": "Practitioner/d"}, auth.Principal{},
		},
		"azp": {map[string]any{"client_id": nil, "azp": "other"}, auth.Principal{Client: "other"}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := v.Verify(t.Context(), i.token(row.changes))
			if err != nil {
				t.Errorf("%s: got %v, want no error", name, err)
				return
			}
			got := auth.Principal{Role: p.Role, FHIRUser: p.FHIRUser, Patient: p.Patient, Organization: p.Organization, Charges: p.Charges}
			if row.want.Client != "" {
				got.Client = p.Client
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("%s: got what differs (-want +got):\n%s", name, diff)
			}
			if name == "nested, by URL, scp as a list" && p.Scopes.String() != "user/*.rs user/Task.cud" {
				t.Errorf("scopes %q", p.Scopes)
			}
		})
	}
}

// TestPeopleHaveNoSystemScopes: these are for clients that act for themselves,
// which a token with a fhirUser says that none does, be that user known here
// or not.
func TestPeopleHaveNoSystemScopes(t *testing.T) {
	i := newIssuer(t)
	v := verifier(t, i, nil)
	for user, want := range map[string]string{
		"Person/p":                             "user/*.rs",
		"https://other.example/Practitioner/d": "user/*.rs",
		"Device/d":                             "user/*.rs",
		"":                                     "user/*.rs system/*.rs",
	} {
		t.Run(user, func(t *testing.T) {
			p, err := v.Verify(t.Context(), i.token(map[string]any{"fhirUser": user, "patient": nil, "scope": "system/*.rs user/*.rs"}))
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Scopes.String(); got != want {
				t.Errorf("%q: %s, want %s", user, got, want)
			}
		})
	}
}
