package provider_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"caseway/auth/provider"

	"github.com/go-jose/go-jose/v4"
)

// Each row of these tables is a request that must be refused.

// changed gives a form with parameters set to others, "" for taken away.
func changed(form url.Values, changes ...string) url.Values {
	form = maps.Clone(form)
	for i := 0; i < len(changes); i += 2 {
		if changes[i+1] == "" {
			form.Del(changes[i])
		} else {
			form.Set(changes[i], changes[i+1])
		}
	}
	return form
}

func TestAuthorizationIsRefusedWithoutARedirect(t *testing.T) {
	h := newHouse(t)
	good := h.request("app", appURI, "patient/*.rs")
	for name, form := range map[string]url.Values{
		"unknown client":             changed(good, "client_id", "nobody"),
		"no client":                  changed(good, "client_id", ""),
		"client like a path":         changed(good, "client_id", "../app"),
		"no redirect":                changed(good, "redirect_uri", ""),
		"redirect elsewhere":         changed(good, "redirect_uri", "https://evil.example.org/cb"),
		"redirect of another client": changed(good, "redirect_uri", portalURI),
		"longer path":                changed(good, "redirect_uri", appURI+"/more"),
		"parent path":                changed(good, "redirect_uri", appURI+"/../evil"),
		"query added":                changed(good, "redirect_uri", appURI+"?to=evil"),
		"fragment added":             changed(good, "redirect_uri", appURI+"#x"),
		"slash added":                changed(good, "redirect_uri", appURI+"/"),
		"host in upper case":         changed(good, "redirect_uri", "https://APP.example.org/cb"),
		"port added":                 changed(good, "redirect_uri", "https://app.example.org:443/cb"),
		"http for https":             changed(good, "redirect_uri", "http://app.example.org/cb"),
		"login in front of the host": changed(good, "redirect_uri", "https://app.example.org@evil.example.org/cb"),
		"longer host":                changed(good, "redirect_uri", "https://app.example.org.evil.example.org/cb"),
		"script":                     changed(good, "redirect_uri", "javascript:alert(1)"),
		"percent-encoded":            changed(good, "redirect_uri", "https://app.example.org/c%62"),
		"endless state":              changed(good, "state", strings.Repeat("x", 70<<10)),
		"two redirects":              {"client_id": {"app"}, "redirect_uri": {appURI, "https://evil.example.org/"}, "response_type": {"code"}},
		"two clients":                {"client_id": {"app", "other"}, "redirect_uri": {appURI}, "response_type": {"code"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, a := range []answer{h.get("/auth/authorize?" + form.Encode()), h.post("/auth/authorize", form)} {
				if a.status != http.StatusBadRequest || a.header.Get("Location") != "" || strings.Contains(a.text, "evil") {
					t.Errorf("%s: %d %q %s", name, a.status, a.header.Get("Location"), a.text)
				}
			}
		})
	}
	if a := h.post("/auth/authorize?client_id=app", good); a.status != http.StatusBadRequest {
		t.Errorf("parameters in URL and body: %d", a.status)
	}
}

func TestAuthorizationIsRefusedAtTheApp(t *testing.T) {
	h := newHouse(t)
	good := h.request("app", appURI, "patient/*.rs")
	for name, c := range map[string]struct {
		form  url.Values
		error string
	}{
		"no PKCE":                   {changed(good, "code_challenge", "", "code_challenge_method", ""), "invalid_request"},
		"no challenge":              {changed(good, "code_challenge", ""), "invalid_request"},
		"plain":                     {changed(good, "code_challenge_method", "plain"), "invalid_request"},
		"no method, which is plain": {changed(good, "code_challenge_method", ""), "invalid_request"},
		"method in lower case":      {changed(good, "code_challenge_method", "s256"), "invalid_request"},
		"short challenge":           {changed(good, "code_challenge", "abc"), "invalid_request"},
		"the verifier as challenge": {changed(good, "code_challenge", verifier), "invalid_request"},
		"no aud":                    {changed(good, "aud", ""), "invalid_request"},
		"aud elsewhere":             {changed(good, "aud", "https://evil.example.org/fhir"), "invalid_request"},
		"aud with a slash":          {changed(good, "aud", h.url+"/fhir/"), "invalid_request"},
		"aud without path":          {changed(good, "aud", h.url), "invalid_request"},
		"aud of the issuer":         {changed(good, "aud", h.url+"/auth"), "invalid_request"},
		"resource elsewhere":        {changed(good, "resource", "https://evil.example.org/fhir"), "invalid_request"},
		"no response_type":          {changed(good, "response_type", ""), "invalid_request"},
		"implicit":                  {changed(good, "response_type", "token"), "unsupported_response_type"},
		"hybrid":                    {changed(good, "response_type", "code id_token"), "unsupported_response_type"},
		"fragment mode":             {changed(good, "response_mode", "fragment"), "invalid_request"},
		"form mode":                 {changed(good, "response_mode", "form_post"), "invalid_request"},
		"request object":            {changed(good, "request", "eyJhbGciOiJub25lIn0.e30."), "request_not_supported"},
		"request object by URI":     {changed(good, "request_uri", "https://evil.example.org/r"), "request_uri_not_supported"},
		"no scope":                  {changed(good, "scope", ""), "invalid_scope"},
		"unknown scope":             {changed(good, "scope", "admin"), "invalid_scope"},
		"letters out of order":      {changed(good, "scope", "patient/*.sr"), "invalid_scope"},
		"system scope":              {changed(good, "scope", "system/*.rs"), "invalid_scope"},
		"scope of no resource type": {changed(good, "scope", "patient/Nonsense.rs"), "invalid_scope"},
		"unknown prompt":            {changed(good, "prompt", "nothing"), "invalid_request"},
		"prompt none and login":     {changed(good, "prompt", "none login"), "invalid_request"},
		"max_age in words":          {changed(good, "max_age", "soon"), "invalid_request"},
		"negative max_age":          {changed(good, "max_age", "-1"), "invalid_request"},
		"prompt none, signed out":   {changed(good, "prompt", "none"), "login_required"},
		"unknown launch":            {changed(good, "launch", "guess", "scope", "launch patient/*.rs"), "invalid_request"},
		"launch without its scope":  {changed(good, "launch", "guess"), "invalid_scope"},
		"empty launch":              {url.Values(merge(good, url.Values{"launch": {""}, "scope": {"launch patient/*.rs"}})), "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			a := h.get("/auth/authorize?" + c.form.Encode())
			to, err := url.Parse(a.header.Get("Location"))
			must(t, err)
			q := to.Query()
			if a.status != http.StatusFound || !strings.HasPrefix(a.header.Get("Location"), appURI+"?") || q.Get("error") != c.error ||
				q.Get("state") != "st&te=" || q.Get("iss") != h.url+"/auth" || q.Has("code") {
				t.Errorf("%s: %d %s", name, a.status, a.header.Get("Location"))
			}
		})
	}
	if a := h.get("/auth/authorize?" + good.Encode()); !strings.Contains(a.header.Get("Location"), provider.PathSignIn) {
		t.Errorf("the good request: %d %s", a.status, a.header.Get("Location"))
	}
}

func merge(a, b url.Values) url.Values {
	a = maps.Clone(a)
	maps.Copy(a, b)
	return a
}

func TestCodesAreRefused(t *testing.T) {
	h := newHouse(t)
	s := h.signIn("sam")
	code := h.code(h.request("app", appURI, "user/*.rs"), s, all(""))
	portal := h.code(h.request("portal", portalURI, "user/*.rs"), s, all(""))
	good := exchange("app", appURI, code)
	forPortal := changed(exchange("portal", portalURI, portal), "client_id", "")
	id := code[:strings.LastIndexByte(code, '.')]
	for name, c := range map[string]struct {
		answer answer
		error  string
	}{
		"no code":                      {h.post("/auth/token", changed(good, "code", "")), "invalid_request"},
		"no grant type":                {h.post("/auth/token", changed(good, "grant_type", "")), "invalid_request"},
		"unknown grant type":           {h.post("/auth/token", changed(good, "grant_type", "password")), "unsupported_grant_type"},
		"grant type of services":       {h.post("/auth/token", changed(good, "grant_type", "client_credentials")), "unauthorized_client"},
		"made-up code":                 {h.post("/auth/token", changed(good, "code", "guess")), "invalid_grant"},
		"made-up secret":               {h.post("/auth/token", changed(good, "code", id+".GUESS")), "invalid_grant"},
		"the grant's id":               {h.post("/auth/token", changed(good, "code", id)), "invalid_grant"},
		"code with a blank":            {h.post("/auth/token", changed(good, "code", code+" ")), "invalid_grant"},
		"no verifier":                  {h.post("/auth/token", changed(good, "code_verifier", "")), "invalid_request"},
		"other verifier":               {h.post("/auth/token", changed(good, "code_verifier", strings.ToUpper(verifier))), "invalid_grant"},
		"short verifier":               {h.post("/auth/token", changed(good, "code_verifier", "abc")), "invalid_grant"},
		"the challenge as verifier":    {h.post("/auth/token", changed(good, "code_verifier", challenge())), "invalid_grant"},
		"no redirect":                  {h.post("/auth/token", changed(good, "redirect_uri", "")), "invalid_request"},
		"other redirect":               {h.post("/auth/token", changed(good, "redirect_uri", "https://evil.example.org/")), "invalid_grant"},
		"other client":                 {h.post("/auth/token", changed(good, "client_id", "other")), "invalid_grant"},
		"unknown client":               {h.post("/auth/token", changed(good, "client_id", "nobody")), "invalid_client"},
		"no client":                    {h.post("/auth/token", changed(good, "client_id", "")), "invalid_client"},
		"public client with a secret":  {h.post("/auth/token", changed(good, "client_secret", "x")), "invalid_client"},
		"confidential without secret":  {h.post("/auth/token", exchange("portal", portalURI, portal)), "invalid_client"},
		"wrong secret in the form":     {h.post("/auth/token", changed(exchange("portal", portalURI, portal), "client_secret", "x")), "invalid_client"},
		"wrong secret in the header":   {h.post("/auth/token", forPortal, "Authorization", basic("portal", "x")), "invalid_client"},
		"empty secret in the header":   {h.post("/auth/token", forPortal, "Authorization", basic("portal", "")), "invalid_client"},
		"secret of an unknown client":  {h.post("/auth/token", forPortal, "Authorization", basic("nobody", secret)), "invalid_client"},
		"secret twice":                 {h.post("/auth/token", changed(forPortal, "client_secret", secret), "Authorization", basic("portal", secret)), "invalid_request"},
		"client_id against the header": {h.post("/auth/token", changed(forPortal, "client_id", "app"), "Authorization", basic("portal", secret)), "invalid_client"},
		"bearer as client":             {h.post("/auth/token", forPortal, "Authorization", "Bearer x"), "invalid_client"},
		"another's code, authentic":    {h.post("/auth/token", changed(forPortal, "code", code), "Authorization", basic("portal", secret)), "invalid_grant"},
		"code twice in the form":       {h.post("/auth/token", merge(good, url.Values{"code": {code, code}})), "invalid_request"},
		"all in the URL":               {h.post("/auth/token?"+good.Encode(), nil), "invalid_request"},
		"code in the URL":              {h.post("/auth/token?code="+code, changed(good, "code", "")), "invalid_request"},
		"JSON":                         {h.post("/auth/token", good, "Content-Type", "application/json"), "invalid_request"},
		"client signs elsewhere":       {h.post("/auth/token", changed(good, "client_id", "signs")), "invalid_client"},
	} {
		t.Run(name, func(t *testing.T) { (&house{t: t}).refused(c.answer, c.error) })
	}
	for _, path := range []string{"/auth/token", "/auth/introspect", "/auth/revoke", "/auth/launch", "/auth/userinfo"} {
		t.Run(path, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.url+path, strings.NewReader(forPortal.Encode()))
			must(t, err)
			req.Header = http.Header{
				"Content-Type": {"application/x-www-form-urlencoded"}, "Authorization": {basic("portal", secret), basic("portal", "x")},
			}
			if a := h.do(req); a.status != http.StatusUnauthorized {
				t.Errorf("%s with two Authorization headers: %d %s", path, a.status, a.text)
			}
		})
	}
	if a := h.get("/auth/token?" + good.Encode()); a.status != http.StatusMethodNotAllowed || a.is("access_token") != "" {
		t.Errorf("by GET: %d %s", a.status, a.text)
	}
	h.ok(h.post("/auth/token", good)) // nothing of that has used it up
	h.ok(h.post("/auth/token", forPortal, "Authorization", basic("portal", secret)))
}

func TestACodeUsedAgainEndsTheGrant(t *testing.T) {
	h := newHouse(t)
	good := exchange("app", appURI, h.code(h.request("app", appURI, "patient/*.rs offline_access"), h.signIn("alice"), all("")))
	a := h.ok(h.post("/auth/token", good))
	h.verify(a)
	h.refused(h.post("/auth/token", good), "invalid_grant")
	h.dead(a.is("access_token"))
	h.refused(h.post("/auth/token", refresh("app", a.is("refresh_token"))), "invalid_grant")
	if !h.told(provider.EventRevocation, true, "code used again") {
		t.Error("it wasn't audited")
	}
}

func TestTimesRunOut(t *testing.T) {
	h := newHouse(t)
	s := h.signIn("alice")
	good := exchange("app", appURI, h.code(h.request("app", appURI, "patient/*.rs"), s, all("")))
	h.clock.move(61 * time.Second)
	h.refused(h.post("/auth/token", good), "invalid_grant")

	id := h.pending(h.request("app", appURI, "patient/*.rs"))
	h.clock.move(16 * time.Minute)
	if _, err := h.p.Complete(t.Context(), id, s, all("")); err != provider.ErrNoPending {
		t.Errorf("a request that waited too long: %v", err)
	}
	a := h.tokens("alice", "patient/*.rs")
	h.clock.move(59 * time.Minute)
	h.verify(a)
	h.clock.move(2 * time.Minute)
	h.dead(a.is("access_token"))
	h.clock.move(12 * time.Hour)
	if _, err := h.p.Session(t.Context(), s.Value); err != provider.ErrNoSession {
		t.Errorf("a session of yesterday: %v", err)
	}
}

func TestAssertionsAreRefused(t *testing.T) {
	h := newHouse(t)
	now := h.clock.now()
	stranger := newSigner(t)
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: mustDER(t, &h.signer.rsa.PublicKey)})
	kid := map[string]any{"kid": "r"}
	claim := func(name string, value any) map[string]any {
		c := h.claims("payer")
		if c[name] = value; value == nil {
			delete(c, name)
		}
		return c
	}
	signed := func(c map[string]any) string { return sign(t, jose.RS384, h.signer.rsa, kid, c) }
	good := h.assertion("payer")
	body, err := json.Marshal(h.claims("payer"))
	must(t, err)
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","kid":"r"}`)) + "." + base64.RawURLEncoding.EncodeToString(body) + "."
	for name, text := range map[string]string{
		"alg none":                 none,
		"alg none, signature kept": none + strings.Split(good, ".")[2],
		"HS256 by the public key":  sign(t, jose.HS256, publicPEM, kid, h.claims("payer")),
		"HS384 by the public key":  sign(t, jose.HS384, publicPEM, kid, h.claims("payer")),
		"RS256":                    sign(t, jose.RS256, h.signer.rsa, kid, h.claims("payer")),
		"PS384":                    sign(t, jose.PS384, h.signer.rsa, kid, h.claims("payer")),
		"another's key":            sign(t, jose.RS384, stranger.rsa, kid, h.claims("payer")),
		"another's curve key":      sign(t, jose.ES384, stranger.ec, map[string]any{"kid": "e"}, h.claims("payer")),
		"key of another kid":       sign(t, jose.RS384, h.signer.rsa, map[string]any{"kid": "e"}, h.claims("payer")),
		"unknown kid":              sign(t, jose.RS384, h.signer.rsa, map[string]any{"kid": "x"}, h.claims("payer")),
		"key to encrypt":           sign(t, jose.RS384, h.signer.rsa, map[string]any{"kid": "enc"}, h.claims("payer")),
		"no kid":                   sign(t, jose.RS384, h.signer.rsa, nil, h.claims("payer")),
		"jku elsewhere":            sign(t, jose.RS384, h.signer.rsa, map[string]any{"kid": "r", "jku": "https://evil.example.org/jwks"}, h.claims("payer")),
		"own key in the header":    sign(t, jose.RS384, stranger.rsa, map[string]any{"kid": "r", "jwk": jose.JSONWebKey{Key: &stranger.rsa.PublicKey}}, h.claims("payer")),
		"wrong aud":                signed(claim("aud", "https://evil.example.org/token")),
		"aud the issuer":           signed(claim("aud", h.url+"/auth")),
		"no aud":                   signed(claim("aud", nil)),
		"no exp":                   signed(claim("exp", nil)),
		"expired":                  signed(claim("exp", now.Add(-time.Minute).Unix())),
		"exp too far ahead":        signed(claim("exp", now.Add(6*time.Minute).Unix())),
		"exp in milliseconds":      signed(claim("exp", now.UnixMilli())),
		"exp in words":             signed(claim("exp", "tomorrow")),
		"not yet valid":            signed(claim("nbf", now.Add(time.Minute).Unix())),
		"of the future":            signed(claim("iat", now.Add(time.Minute).Unix())),
		"no jti":                   signed(claim("jti", nil)),
		"endless jti":              signed(claim("jti", strings.Repeat("x", 1000))),
		"no iss":                   signed(claim("iss", nil)),
		"iss of another client":    signed(claim("iss", "app")),
		"unknown iss":              signed(claim("iss", "nobody")),
		"no sub":                   signed(claim("sub", nil)),
		"sub of another client":    signed(claim("sub", "signs")),
		"cut":                      good[:len(good)-4],
		"nothing":                  "",
		"five parts":               good + ".x.y",
		"endless":                  strings.Repeat("x", 20<<10),
	} {
		t.Run(name, func(t *testing.T) {
			a := h.post("/auth/token", service(text, "system/EpisodeOfCare.rs"))
			if a.status != http.StatusUnauthorized || a.is("error") != "invalid_client" {
				t.Errorf("%s: %d %s", name, a.status, a.text)
			}
		})
	}
	form := service(good, "system/EpisodeOfCare.rs")
	h.refused(h.post("/auth/token", changed(form, "client_assertion_type", "")), "invalid_client")
	h.refused(h.post("/auth/token", changed(form, "client_assertion_type", "jwt")), "invalid_client")
	h.refused(h.post("/auth/token", changed(form, "client_id", "signs")), "invalid_client")
	h.refused(h.post("/auth/token", changed(form, "client_secret", "x")), "invalid_request")
	h.refused(h.post("/auth/token?client_assertion="+good, changed(form, "client_assertion", "")), "invalid_request")
	h.ok(h.post("/auth/token", form))
	h.refused(h.post("/auth/token", form), "invalid_client") // replayed
	if !h.told(provider.EventToken, false, "invalid_client") {
		t.Error("it wasn't audited")
	}
}

func mustDER(t *testing.T, key *rsa.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	must(t, err)
	return der
}

// forged gives tokens that aren't the server's own.
func forged(t *testing.T, h *house, good string) map[string]string {
	header, claims := h.opened(good)
	kid := map[string]any{"kid": header.KeyID}
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	var set jose.JSONWebKeySet
	must(t, json.Unmarshal([]byte(h.get("/auth/jwks").text), &set))
	public := set.Keys[0].Key.(*rsa.PublicKey)
	pemKey := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: mustDER(t, public)})
	parts := strings.Split(good, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"at+jwt","kid":"` + header.KeyID + `"}`))
	raised := maps.Clone(claims)
	raised["scope"] = "user/*.cruds system/*.cruds"
	body, err := json.Marshal(raised)
	must(t, err)
	kid["typ"] = "at+jwt"
	return map[string]string{
		"empty": "", "not a token": "guess", "two parts": parts[0] + "." + parts[1],
		"alg none":               none + "." + parts[1] + ".",
		"alg none and signature": none + "." + parts[1] + "." + parts[2],
		"HS256 by public PEM":    sign(t, jose.HS256, pemKey, kid, claims),
		"HS256 by public DER":    sign(t, jose.HS256, mustDER(t, public), kid, claims),
		"another's key":          sign(t, jose.RS256, stranger, kid, claims),
		"another's PS256":        sign(t, jose.PS256, stranger, kid, claims),
		"unknown kid":            sign(t, jose.RS256, stranger, map[string]any{"kid": "x", "typ": "at+jwt"}, claims),
		"no kid":                 sign(t, jose.RS256, stranger, map[string]any{"typ": "at+jwt"}, claims),
		"raised scopes":          parts[0] + "." + base64.RawURLEncoding.EncodeToString(body) + "." + parts[2],
		"signature cut":          parts[0] + "." + parts[1] + ".",
		"signature of zeros":     parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 256)),
		"a letter behind":        good + "A",
		"padded":                 good + "=",
		"endless":                strings.Repeat("a", 40<<10),
	}
}

func TestForgedTokensAreRefused(t *testing.T) {
	h := newHouse(t)
	a := h.tokens("alice", "openid patient/*.rs offline_access")
	bad := forged(t, h, a.is("access_token"))
	bad["the id_token"] = a.is("id_token")
	bad["the refresh token"] = a.is("refresh_token")
	for name, token := range bad {
		who, err := h.p.Verify(t.Context(), token)
		if who != nil {
			t.Errorf("%s: taken", name)
		}
		wantLogin(t, err)
		if err != nil && len(token) > 20 && strings.Contains(err.Error(), token) {
			t.Errorf("%s: the token is in the error", name)
		}
		res := h.get("/auth/userinfo", "Authorization", "Bearer "+token)
		if res.status != http.StatusUnauthorized || !strings.Contains(res.header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%s: userinfo %d %v", name, res.status, res.header)
		}
		form := url.Values{"token": {token}}
		if got := h.post("/auth/introspect", form, "Authorization", basic("portal", secret)); name != "empty" && got.json["active"] != false {
			t.Errorf("%s: introspected as %s", name, got.text)
		}
	}
	h.verify(a)
}

// TestTokensOfAnotherServerAreRefused: signed well, by a server of the same
// make whose records this one doesn't have.
func TestTokensOfAnotherServerAreRefused(t *testing.T) {
	h, foreign := newHouse(t), newHouse(t)
	h.dead(foreign.tokens("alice", "patient/*.rs").is("access_token"))
	// The same keys, and another base URL: wrong iss and aud.
	sibling := build(t, h.store, h.clock, httptest.NewUnstartedServer(nil), "")
	h.dead(sibling.tokens("alice", "patient/*.rs").is("access_token"))
}

func TestEndpointsAreRefused(t *testing.T) {
	h := newHouse(t)
	a := h.tokens("alice", "openid patient/*.rs offline_access")
	token := a.is("access_token")
	service := h.ok(h.post("/auth/token", service(h.assertion("payer"), "system/Coverage.rs"))).is("access_token")
	for name, c := range map[string]struct {
		answer answer
		error  string
	}{
		"userinfo, token in the URL":     {h.get("/auth/userinfo?access_token=" + token), ""},
		"userinfo, token in the form":    {h.post("/auth/userinfo", url.Values{"access_token": {token}}), ""},
		"userinfo of a service":          {h.get("/auth/userinfo", "Authorization", "Bearer "+service), "insufficient_scope"},
		"userinfo by Basic":              {h.get("/auth/userinfo", "Authorization", basic("portal", secret)), ""},
		"introspect without client":      {h.post("/auth/introspect", url.Values{"token": {token}}), "invalid_client"},
		"introspect by a public client":  {h.post("/auth/introspect", url.Values{"token": {token}, "client_id": {"app"}}), "invalid_client"},
		"introspect, wrong secret":       {h.post("/auth/introspect", url.Values{"token": {token}}, "Authorization", basic("portal", "x")), "invalid_client"},
		"introspect, bad bearer":         {h.post("/auth/introspect", url.Values{"token": {token}}, "Authorization", "Bearer x"), "invalid_token"},
		"introspect, token in the URL":   {h.post("/auth/introspect?token="+token, nil, "Authorization", basic("portal", secret)), "invalid_request"},
		"introspect nothing":             {h.post("/auth/introspect", nil, "Authorization", basic("portal", secret)), "invalid_request"},
		"revoke by another client":       {h.post("/auth/revoke", url.Values{"token": {token}, "client_id": {"other"}}), "unauthorized_client"},
		"revoke refresh of another":      {h.post("/auth/revoke", url.Values{"token": {a.is("refresh_token")}, "client_id": {"other"}}), "unauthorized_client"},
		"revoke without client":          {h.post("/auth/revoke", url.Values{"token": {token}}), "invalid_client"},
		"revoke in the URL":              {h.post("/auth/revoke?token="+token+"&client_id=app", nil), "invalid_request"},
		"revoke nothing":                 {h.post("/auth/revoke", url.Values{"client_id": {"app"}}), "invalid_request"},
		"launch without client":          {h.post("/auth/launch", nil), "invalid_client"},
		"launch by a client that mayn't": {h.post("/auth/launch", nil, "Authorization", "Bearer "+service), "unauthorized_client"},
		"launch by a user's token":       {h.post("/auth/launch", nil, "Authorization", "Bearer "+token), "insufficient_scope"},
		"launch, wrong secret":           {h.post("/auth/launch", nil, "Authorization", basic("portal", "x")), "invalid_client"},
	} {
		t.Run(name, func(t *testing.T) { (&house{t: t}).refused(c.answer, c.error) })
	}
	h.verify(a)
}
