package server_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"caseway/auth"
	"caseway/auth/access"
	"caseway/auth/external"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
	"caseway/server"
	"caseway/server/audit"
	"caseway/server/cases/membership"
)

var signingKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// guarded is a server that takes the tokens of an issuer elsewhere.
type guarded struct {
	*httptest.Server
	issuer   string
	store    store.Store
	recorder *audit.Recorder
}

// guard serves a store behind a login, with change's wishes.
func guard(t testing.TB, data store.Store, change func(*server.Config)) *guarded {
	t.Helper()
	g := &guarded{store: data, recorder: audit.NewRecorder(definition.R4(), discard, data.Transactional())}
	mux := http.NewServeMux()
	issuer := httptest.NewServer(mux)
	t.Cleanup(issuer.Close)
	g.issuer = issuer.URL
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": issuer.URL, "jwks_uri": issuer.URL + "/keys"})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: signingKey().Public(), KeyID: "k", Use: "sig"}}})
	})
	verifier, err := external.New(external.Config{
		Issuers: []string{issuer.URL}, Audiences: []string{audience}, Claims: external.Claims{Role: "role", Organization: "organization"},
	})
	if err != nil {
		t.Fatal(err)
	}
	background(t, verifier.Run)
	g.Server = httptest.NewServer(g.front(t, verifier, change))
	t.Cleanup(g.Close)
	for deadline := time.Now().Add(20 * time.Second); !verifier.States()[0].Usable; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the issuer wasn't found")
		}
	}
	return g
}

const audience = "https://care.example/fhir"

// front wires a server as `caseway serve` does with a login.
func (g *guarded) front(t testing.TB, verifier *external.Verifier, change func(*server.Config)) http.Handler {
	t.Helper()
	r4 := definition.R4()
	engine, err := interaction.New(interaction.Config{
		Store: g.store, Schema: r4, ResourceTypes: r4.ResourceTypes(),
		Compartments: []interaction.Compartment{membership.Compartment()},
		Guards:       []interaction.Guard{membership.NewGuard(r4), &audit.Guard{Schema: r4, Recorder: g.recorder, Separately: !g.store.Transactional()}},
	})
	if err != nil {
		t.Fatal(err)
	}
	decides, err := access.New(access.Config{Store: g.store, Schema: r4, Registry: engine.Registry, Membership: membership.NewGuard(r4)})
	if err != nil {
		t.Fatal(err)
	}
	c := server.Config{
		Store: g.store, ResourceTypes: r4.ResourceTypes(), Audit: g.recorder,
		Login: &server.Login{
			Verifier: verifier,
			SMART: func(context.Context) (auth.Metadata, error) {
				return auth.Metadata{Issuer: g.issuer, TokenEndpoint: g.issuer + "/token"}, nil
			},
			IsOrigin: func(_ context.Context, origin string) bool { return origin == "https://app.example.org" },
			Issuers: func() (states []server.IssuerState) {
				for _, s := range verifier.States() {
					states = append(states, server.IssuerState(s))
				}
				return states
			},
		},
	}
	c.Engine = engine.As(audit.Access{Decides: decides})
	if change != nil {
		change(&c)
	}
	if c.AuditReads {
		c.Engine = engine.As(audit.Access{Decides: decides, Reads: true})
	}
	keepIndexed(t, engine)
	background(t, func(ctx context.Context) { g.recorder.Run(ctx, engine.As(nil)) })
	front, err := server.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return front
}

// background runs until the test ends.
func background(t testing.TB, run func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
}

// token is one of the issuer's, for changes to a valid user's claims; nil takes
// a claim away.
func (g *guarded) token(t testing.TB, changes map[string]any) string {
	t.Helper()
	claims := map[string]any{
		"iss": g.issuer, "sub": "alice", "aud": audience, "exp": time.Now().Add(time.Hour).Unix(), "client_id": "app",
		"scope": "patient/*.cruds", "patient": "a", "fhirUser": "Patient/a",
	}
	for name, value := range changes {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: signingKey(), KeyID: "k"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// administrator's token may see everything.
func (g *guarded) administrator(t testing.TB) string {
	return g.token(t, map[string]any{
		"sub": "root", "role": "administrator", "scope": "user/*.cruds", "fhirUser": nil, "patient": nil,
	})
}

// staff's token may write clinical resources.
func (g *guarded) staff(t testing.TB) string {
	return g.token(t, map[string]any{
		"sub": "dr", "scope": "user/*.cruds", "fhirUser": "Practitioner/dr", "patient": nil,
	})
}
