package external_test

import (
	"crypto"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"caseway/auth/external"
	"caseway/fhir"
)

func TestAnIssuerThatIsAwayAtStart(t *testing.T) {
	i := newIssuer(t)
	i.setAway(true)
	v := verifier(t, i, nil)
	token := i.token(nil)
	if _, err := v.Verify(t.Context(), token); kindOf(err) != fhir.Transient {
		t.Errorf("nothing is known of the issuer: %v", err)
	}
	for name, forged := range map[string]string{"alg none": "eyJhbGciOiJub25lIn0." + strings.Split(token, ".")[1] + ".", "opaque": "x"} {
		t.Run(name, func(t *testing.T) {
			if _, err := v.Verify(t.Context(), forged); kindOf(err) != fhir.Login {
				t.Errorf("%s: got %v, want it refused as no login", name, err)
			}
		})
	}
	if s := v.States()[0]; s.Usable || !strings.Contains(s.Trouble, "can't be checked") {
		t.Errorf("got %+v, want that tokens can't be checked", s)
	}
	if _, known := v.Metadata(); known {
		t.Error("metadata of an issuer that never answered")
	}
	i.setAway(false)
	await(t, func() bool { return v.States()[0].Usable })
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Errorf("the issuer is back: %v", err)
	}
	if s := v.States()[0]; s.Trouble != "" {
		t.Errorf("got %+v, want no trouble", s)
	}
}

// TestAnIssuerThatGoesAway: its keys are used on, and what they can't decide
// is neither let in nor refused for good.
func TestAnIssuerThatGoesAway(t *testing.T) {
	i := newIssuer(t)
	var ahead atomic.Int64
	v := verifier(t, i, func(c *external.Config) {
		c.Clock = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	i.setAway(true)
	if _, err := v.Verify(t.Context(), i.token(nil)); err != nil {
		t.Errorf("a token of a known key: %v", err)
	}
	ahead.Store(int64(10 * time.Second)) // longer ago than the issuer is asked for each unknown key
	unknown := sign(jose.RS256, "new", otherKey(), i.claims(nil))
	if _, err := v.Verify(t.Context(), unknown); kindOf(err) != fhir.Transient {
		t.Errorf("a token of a key that may be new: %v", err)
	}
	if s := v.States()[0]; !s.Usable || !strings.Contains(s.Trouble, "with its keys of") {
		t.Errorf("got %+v, want it usable with its keys of before", s)
	}
	i.setKeys(map[string]crypto.Signer{"rsa": rsaKey(), "new": otherKey()})
	i.setAway(false)
	await(t, func() bool { return v.States()[0].Trouble == "" })
	if _, err := v.Verify(t.Context(), unknown); err != nil {
		t.Errorf("the key is known now: %v", err)
	}
}

func TestKeysRotate(t *testing.T) {
	i := newIssuer(t)
	var ahead atomic.Int64
	v := verifier(t, i, func(c *external.Config) {
		c.Clock = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	old := i.token(nil)
	if _, err := v.Verify(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	i.setKeys(map[string]crypto.Signer{"new": otherKey()})
	ahead.Store(int64(10 * time.Second))
	if _, err := v.Verify(t.Context(), sign(jose.RS256, "new", otherKey(), i.claims(nil))); err != nil {
		t.Errorf("a new key is asked for: %v", err)
	}
	if _, err := v.Verify(t.Context(), old); kindOf(err) != fhir.Login {
		t.Errorf("a token whose key was withdrawn, and that was remembered: %v", err)
	}
}

// TestUnknownKeysDoNotFloodTheIssuer: who makes up kids makes no traffic.
func TestUnknownKeysDoNotFloodTheIssuer(t *testing.T) {
	i := newIssuer(t)
	v := verifier(t, i, nil)
	before := i.count("/keys")
	for n := range 50 {
		if _, err := v.Verify(t.Context(), sign(jose.RS256, "k"+strings.Repeat("x", n), otherKey(), i.claims(nil))); err == nil {
			t.Fatal("taken")
		}
	}
	if asked := i.count("/keys") - before; asked > 1 {
		t.Errorf("asked %d times", asked)
	}
}

func TestOpaqueTokensAreIntrospected(t *testing.T) {
	i := newIssuer(t)
	var ahead atomic.Int64
	v := verifier(t, i, func(c *external.Config) {
		c.Introspection = []external.Introspection{{Client: "our server", Secret: "a:secret"}}
		c.Clock = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	for name, row := range map[string]struct {
		changes map[string]any
		want    fhir.Kind
	}{
		"active":               {nil, -1},
		"without aud and iss":  {map[string]any{"aud": nil, "iss": nil}, -1},
		"for somebody else":    {map[string]any{"aud": "https://other.example"}, fhir.Login},
		"of somebody else":     {map[string]any{"iss": "https://other.example"}, fhir.Login},
		"expired":              {map[string]any{"exp": 1}, fhir.Login},
		"not active":           {map[string]any{"active": false}, fhir.Login},
		"not said to be":       {map[string]any{"active": nil}, fhir.Login},
		"active, but as text":  {map[string]any{"active": "true"}, fhir.Login},
		"Bearer":               {map[string]any{"token_type": "Bearer"}, -1},
		"a refresh token":      {map[string]any{"token_type": "refresh_token"}, fhir.Login},
		"used for refreshing":  {map[string]any{"token_use": "refresh_token"}, fhir.Login},
		"patient that is none": {map[string]any{"patient": "../p1"}, fhir.Login},
	} {
		t.Run(name, func(t *testing.T) {
			ahead.Add(int64(2 * time.Minute)) // what was said of the token before counts no more
			claims := i.claims(map[string]any{"active": true, "exp": time.Now().Add(24 * time.Hour).Unix()})
			for claim, value := range row.changes {
				if claims[claim] = value; value == nil {
					delete(claims, claim)
				}
			}
			i.mu.Lock()
			i.active = claims
			i.mu.Unlock()
			before := i.count("/introspect")
			for range 2 {
				p, err := v.Verify(t.Context(), "opaque")
				if kindOf(err) != row.want || err == nil && (p.Patient != "p1" || p.Issuer != i.URL) {
					t.Errorf("%s: %+v, %v", name, p, err)
				}
			}
			if asked := i.count("/introspect") - before; row.want == -1 && asked != 1 {
				t.Errorf("%s: asked %d times", name, asked)
			}
		})
	}
	if _, err := v.Verify(t.Context(), "another"); kindOf(err) != fhir.Login {
		t.Errorf("a token that the issuer doesn't know: %v", err)
	}
	i.setAway(true)
	if _, err := v.Verify(t.Context(), "a third"); kindOf(err) != fhir.Transient {
		t.Errorf("an issuer that is away: %v", err)
	}
}

// TestOpaqueTokensOfSeveralIssuers are asked about at each that can be asked, in
// turn; one that is away isn't taken for a no.
func TestOpaqueTokensOfSeveralIssuers(t *testing.T) {
	unasked, first, second := newIssuer(t), newIssuer(t), newIssuer(t)
	active := second.claims(map[string]any{"active": true, "exp": time.Now().Add(time.Hour).Unix()})
	us := external.Introspection{Client: "our server", Secret: "a:secret"}
	var ahead atomic.Int64
	v := verifier(t, unasked, func(c *external.Config) {
		c.Issuers = []string{unasked.URL, first.URL, second.URL}
		c.Introspection = []external.Introspection{{}, us, us}
		c.Clock = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	await(t, func() bool { s := v.States(); return s[1].Usable && s[2].Usable })
	say := func(i *issuer, claims map[string]any) {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.active = claims
	}
	for _, row := range []struct {
		name          string
		first, second map[string]any
		away          bool // the first
		want          fhir.Kind
	}{
		{"of the second", map[string]any{"active": false}, active, false, -1},
		{"of nobody", map[string]any{"active": false}, map[string]any{"active": false}, false, fhir.Login},
		{"the first is away", nil, active, true, -1},
		{"the first is away and the second says no", nil, map[string]any{"active": false}, true, fhir.Transient},
		{"the first says active, and that it is for somebody else", map[string]any{"active": true, "aud": "https://other.example"}, active, false, fhir.Login},
	} {
		t.Run(row.name, func(t *testing.T) {
			ahead.Add(int64(2 * time.Minute))
			first.setAway(row.away)
			say(first, row.first)
			say(second, row.second)
			p, err := v.Verify(t.Context(), "opaque")
			if kindOf(err) != row.want || err == nil && (p.Patient != "p1" || p.Issuer != second.URL) {
				t.Errorf("%s: %+v, %v", row.name, p, err)
			}
		})
	}
	if n := unasked.count("/introspect"); n > 0 {
		t.Errorf("an issuer without credentials was asked %d times", n)
	}
}

func TestIssuersThatCannotBeTrusted(t *testing.T) {
	for _, url := range []string{"http://login.example", "login.example", "", "ftp://x", "https://u:p@login.example", "https://login.example#a"} {
		t.Run(url, func(t *testing.T) {
			if _, err := external.New(external.Config{Issuers: []string{url}, Audiences: []string{base}}); err == nil {
				t.Errorf("%q is taken", url)
			}
		})
	}
}

func BenchmarkAKnownToken(b *testing.B) {
	i := newIssuer(b)
	v := verifier(b, i, nil)
	token := i.token(nil)
	for b.Loop() {
		if _, err := v.Verify(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}
