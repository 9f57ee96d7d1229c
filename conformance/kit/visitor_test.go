package kit_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// callback is where the clients of testdata/attack are sent with their codes.
const callback = "https://app.example.org/callback"

// tokens are an answer of the token endpoint.
type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
	Scope   string `json:"scope"`
	Patient string `json:"patient"`
	Error   string `json:"error"`
}

// visitor goes through the login's pages as a browser without scripts does.
type visitor struct {
	t    testing.TB
	root string
	http *http.Client
}

func newVisitor(t testing.TB, root string) *visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &visitor{t: t, root: root, http: &http.Client{
		Jar: jar,
		CheckRedirect: func(r *http.Request, _ []*http.Request) error {
			if strings.HasPrefix(r.URL.String(), callback) {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}}
}

// verifierText is the code_verifier of all visits (RFC 7636 section 4.1).
var verifierText = strings.Repeat("v", 43)

func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// signIn goes through a standalone launch and gives the tokens.
func (v *visitor) signIn(user, scope string) tokens {
	v.t.Helper()
	return v.redeem(v.code(user, scope))
}

// code asks for authorization, signs in, allows everything, and gives the code.
func (v *visitor) code(user, scope string) string {
	v.t.Helper()
	return v.codeFor(user, scope, "")
}

// launched goes through a launch that an EHR begins for a patient
// (https://hl7.org/fhir/smart-app-launch/STU2.2/app-launch.html#launch-app-ehr-launch).
func (v *visitor) launched(user, patient, scope string) tokens {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.root+"/auth/launch", strings.NewReader(`{"patient":"`+patient+`"}`))
	if err != nil {
		v.t.Fatal(err)
	}
	r.SetBasicAuth("ehr", url.QueryEscape(password))
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	var launch struct{ Launch string }
	if err := json.NewDecoder(answer.Body).Decode(&launch); err != nil || launch.Launch == "" {
		v.t.Fatalf("launch: %d %v", answer.StatusCode, err)
	}
	return v.redeem(v.codeFor(user, scope, launch.Launch))
}

// codeFor is code for a launch, "" for none.
func (v *visitor) codeFor(user, scope, launch string) string {
	v.t.Helper()
	asked := url.Values{
		"response_type": {"code"}, "client_id": {"app"}, "redirect_uri": {callback}, "scope": {scope}, "state": {"s"},
		"aud": {v.root + "/fhir"}, "code_challenge": {challengeOf(verifierText)}, "code_challenge_method": {"S256"},
	}
	if launch != "" {
		asked.Set("launch", launch)
	}
	page, at := v.read(v.http.Get(v.root + "/auth/authorize?" + asked.Encode()))
	page, at = v.send(page, at, url.Values{"name": {user}, "password": {password}})
	page, at = v.send(page, at, url.Values{"decision": {"allow"}})
	code := at.Query().Get("code")
	if code == "" {
		v.t.Fatalf("%s gets no code: %s\n%.600s", user, at, page)
	}
	return code
}

// redeem exchanges a code for tokens.
func (v *visitor) redeem(code string) tokens {
	v.t.Helper()
	return askToken(v.t, v.root, url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "client_id": {"app"},
		"code_verifier": {verifierText},
	})
}

// read gives a page's text and where it is; a redirect to the app gives that.
func (v *visitor) read(answer *http.Response, err error) (string, *url.URL) {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	if to, err := answer.Location(); err == nil {
		return string(text), to
	}
	return string(text), answer.Request.URL
}

var input = regexp.MustCompile(`<input type="(hidden|checkbox)"[^>]* name="([^"]+)" value="([^"]*)"`)

// send sends a page's form, with what it holds and what is filled in.
func (v *visitor) send(page string, at *url.URL, filled url.Values) (string, *url.URL) {
	v.t.Helper()
	for _, field := range input.FindAllStringSubmatch(page, -1) {
		filled.Add(field[2], html.UnescapeString(field[3]))
	}
	r, err := http.NewRequest(http.MethodPost, v.root+at.Path, strings.NewReader(filled.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", v.root)
	return v.read(v.http.Do(r))
}

// askToken asks the token endpoint.
func askToken(t testing.TB, root string, form url.Values) (answer tokens) {
	t.Helper()
	response, err := http.PostForm(root+"/auth/token", form)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

// serviceKey signs the assertions of clients that act for themselves.
var serviceKey = sync.OnceValue(func() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
})

// attackSeed writes testdata/attack/seed.yaml with the key set of serviceKey.
func attackSeed(t testing.TB) string {
	t.Helper()
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{
		Key: serviceKey().Public(), KeyID: "service", Use: "sig", Algorithm: string(jose.ES384),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	seed, err := os.ReadFile(filepath.Join("testdata", "attack", "seed.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "seed.yaml")
	seed = []byte(strings.ReplaceAll(string(seed), "jwks: JWKS", "jwks: "+string(set)))
	if err := os.WriteFile(file, seed, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// service gets a token for a client that acts for itself from the server at
// root, which calls itself name
// (https://hl7.org/fhir/smart-app-launch/STU2.2/backend-services.html).
func service(t testing.TB, root, name, client, scope string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES384, Key: serviceKey()},
		(&jose.SignerOptions{}).WithType("JWT").WithHeader("kid", "service"))
	if err != nil {
		t.Fatal(err)
	}
	assertion, err := jwt.Signed(signer).Claims(map[string]any{
		"iss": client, "sub": client, "aud": name + "/auth/token", "exp": time.Now().Add(time.Minute).Unix(), "jti": rand.Text(),
	}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	answer := askToken(t, root, url.Values{
		"grant_type": {"client_credentials"}, "scope": {scope}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	})
	if answer.Access == "" {
		t.Fatalf("%s gets no token: %s", client, answer.Error)
	}
	return answer.Access
}
