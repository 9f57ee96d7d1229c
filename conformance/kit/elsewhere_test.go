package kit_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
	"golang.org/x/text/language"

	"caseway/conformance/kit"
)

// elsewhereVariable makes this test's binary an OpenID provider that listens on
// its value.
const elsewhereVariable = "CASEWAY_TEST_OPENID_PROVIDER"

// elsewhere is the storage of an OpenID provider: what it grants says which
// patient a token is for, as scopes "patient:ID" and "aud:URL" of the request ask.
type elsewhere struct{ *storage.Storage }

// jwtClient gets tokens that are JWTs; others are opaque.
type jwtClient struct{ op.Client }

func (jwtClient) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeJWT }

func (e elsewhere) ClientCredentials(ctx context.Context, id, secret string) (op.Client, error) {
	client, err := e.Storage.ClientCredentials(ctx, "sid1", secret)
	if id == "jwt" && err == nil {
		return jwtClient{client}, nil
	}
	return client, err
}

func (e elsewhere) ClientCredentialsTokenRequest(_ context.Context, id string, scopes []string) (op.TokenRequest, error) {
	return &oidc.JWTTokenRequest{Subject: id, Audience: asked(scopes, "aud:"), Scopes: scopes}, nil
}

func asked(scopes []string, prefix string) (values []string) {
	for _, s := range scopes {
		if value, ok := strings.CutPrefix(s, prefix); ok {
			values = append(values, value)
		}
	}
	return values
}

// about are the claims of a token: nested, to be mapped.
func about(scopes []string) map[string]any {
	patient := strings.Join(asked(scopes, "patient:"), "")
	return map[string]any{"ctx": map[string]any{"patient": patient}, "fhirUser": "Patient/" + patient, "scope": strings.Join(scopes, " ")}
}

func (e elsewhere) GetPrivateClaimsFromScopes(_ context.Context, _, _ string, scopes []string) (map[string]any, error) {
	return about(scopes), nil
}

func (e elsewhere) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	if id != "caseway" || secret != "asks" {
		return errors.New("unknown client")
	}
	return nil
}

func (e elsewhere) SetIntrospectionFromToken(_ context.Context, r *oidc.IntrospectionResponse, _, subject, _ string) error {
	r.Active, r.Subject, r.ClientID = true, subject, subject
	r.Claims = about([]string{"patient:ann", "patient/*.rs"})
	r.Scope = oidc.SpaceDelimitedArray{"patient/*.rs"}
	return nil
}

// serveElsewhere runs the provider for a process of its own.
func serveElsewhere(listen string) error {
	issuer := "http://" + listen
	provider, err := op.NewProvider(&op.Config{
		CryptoKey: [32]byte{1}, CodeMethodS256: true, AuthMethodPost: true, SupportedUILocales: []language.Tag{language.English},
		SupportedScopes: []string{"openid", "fhirUser", "launch/patient", "offline_access"},
	}, elsewhere{storage.NewStorage(storage.NewUserStore(issuer))}, op.StaticIssuer(issuer), op.WithAllowInsecure(),
		op.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	return http.ListenAndServe(listen, provider)
}

// issuer is an OpenID provider in a process of its own.
type issuer struct {
	listen string
	stop   func()
}

func (i *issuer) url() string { return "http://" + i.listen }

func (i *issuer) start(t *testing.T) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), elsewhereVariable+"="+i.listen)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	i.stop = func() {
		_ = cmd.Process.Kill() // fails only where it has ended
		_ = cmd.Wait()
	}
	t.Cleanup(i.stop)
	eventually(t, "the provider answers", func() bool {
		answer, err := http.Get(i.url() + "/.well-known/openid-configuration")
		if err == nil {
			answer.Body.Close()
		}
		return err == nil && answer.StatusCode == http.StatusOK
	})
}

// token asks for one by client_credentials.
func (i *issuer) token(t *testing.T, client string, scopes ...string) string {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, i.url()+"/oauth/token", strings.NewReader(url.Values{
		"grant_type": {"client_credentials"}, "scope": {strings.Join(scopes, " ")},
	}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(client, "verysecret")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var got tokens
	if err := json.NewDecoder(answer.Body).Decode(&got); err != nil || got.Access == "" {
		t.Fatalf("no token: %v %s", err, got.Error)
	}
	return got.Access
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// TestAnIssuerElsewhere goes through the life of an external issuer: away at
// start, there, away again, back with other keys.
func TestAnIssuerElsewhere(t *testing.T) {
	port, err := kit.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{listen: "127.0.0.1:" + strconv.Itoa(port)}
	uri := "sqlite:" + t.TempDir() + "/caseway.db"
	loadAttackWorld(t, uri)
	p := startAt(t, uri, "--auth", i.url(), "--auth-patient-claim", "ctx.patient",
		"--auth-introspection-client", "caseway", "--auth-introspection-secret", "asks")
	c := kit.NewClient(p.Base)
	want := func(what string, status int, path, token string) string {
		t.Helper()
		answer, err := c.Do(t.Context(), http.MethodGet, path, nil, "Authorization", "Bearer "+token)
		if err != nil || answer.Status != status {
			t.Errorf("%s: %d, %v, want %d: %.300s", what, answer.Status, err, status, answer.Body)
		}
		return string(answer.Body)
	}
	forged := forgery(t, i.url(), p.Base)

	if text := want("readiness without the issuer", 503, p.Root+"/readyz", ""); !strings.Contains(text, i.url()) {
		t.Errorf("/readyz says %s", text)
	}
	want("a token that can't be checked", 503, "Patient/ann", forged)
	want("a token of no issuer of ours", 401, "Patient/ann", forgery(t, "https://evil.example", p.Base))
	want("no token", 401, "Patient/ann", "")
	want("a configuration that isn't known", 503, ".well-known/smart-configuration", "")

	i.start(t)
	eventually(t, "the issuer is noticed", func() bool {
		answer, err := c.Do(t.Context(), http.MethodGet, p.Root+"/readyz", nil)
		return err == nil && answer.Status == http.StatusOK
	})
	for _, part := range []string{`"issuer":"` + i.url() + `"`, `"token_endpoint":"` + i.url() + `/oauth/token"`, `"S256"`, `"launch-standalone"`} {
		t.Run(part, func(t *testing.T) {
			if text := want("configuration", 200, ".well-known/smart-configuration", ""); !strings.Contains(text, part) {
				t.Errorf("the configuration lacks %s: %s", part, text)
			}
		})
	}
	good := i.token(t, "jwt", "patient:ann", "patient/*.rs", "aud:"+p.Base)
	want("a forged token", 401, "Patient/ann", forged)
	want("a token", 200, "Patient/ann", good)
	want("another patient", 404, "Patient/bob", good)
	want("a token for somebody else", 401, "Patient/ann", i.token(t, "jwt", "patient:ann", "patient/*.rs", "aud:https://other.example/fhir"))
	want("a token without scopes", 403, "Patient/ann", i.token(t, "jwt", "patient:ann", "aud:"+p.Base))
	opaque := i.token(t, "opaque", "patient/*.rs")
	want("an opaque token", 200, "Patient/ann", opaque)
	want("an opaque token for another patient", 404, "Patient/bob", opaque)
	want("an unknown opaque token", 401, "Patient/ann", "unknown")
	unseen := i.token(t, "jwt", "patient:ann", "patient/Patient.r", "aud:"+p.Base)

	i.stop()
	want("a known token, the issuer away", 200, "Patient/ann", good)
	want("a new token of a known key, the issuer away", 200, "Patient/ann", unseen)
	want("an opaque token, the issuer away", 503, "Patient/ann", "another")
	want("readiness with keys of before", 200, p.Root+"/readyz", "")

	i.start(t)
	fresh := i.token(t, "jwt", "patient:ann", "patient/*.rs", "aud:"+p.Base)
	eventually(t, "the new key is fetched", func() bool {
		answer, err := c.Do(t.Context(), http.MethodGet, "Patient/ann", nil, "Authorization", "Bearer "+fresh)
		return err == nil && answer.Status == http.StatusOK
	})
	want("a token of a key that is no more", 401, "Patient/ann", good)
	if strings.Contains(p.Output(), good) || strings.Contains(p.Output(), "asks") {
		t.Error("the log holds a token or the secret")
	}
}

// forgery is a token that is right but for its key.
func forgery(t *testing.T, issuer, audience string) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(map[string]any{
		"iss": issuer, "aud": audience, "sub": "x", "exp": time.Now().Add(time.Hour).Unix(), "scope": "patient/*.cruds",
		"ctx": map[string]any{"patient": "ann"},
	}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}
