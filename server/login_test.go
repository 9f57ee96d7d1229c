package server_test

import (
	"bufio"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"caseway/server"
)

var discard = slog.New(slog.DiscardHandler)

// TestNothingIsDoneWithoutAToken walks paths and verbs: each is refused before
// anything is said about what is there.
func TestNothingIsDoneWithoutAToken(t *testing.T) {
	g := guard(t, openSQLite(t), nil)
	for path := range verbs {
		for _, verb := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "BREW"} {
			t.Run(verb, func(t *testing.T) {
				if !strings.HasPrefix(path, "/fhir") || path == "/fhir/metadata" {
					return
				}
				status, header, body := do(t, verb, g.URL+path, "")
				if status != http.StatusUnauthorized || !strings.HasPrefix(header.Get("WWW-Authenticate"), "Bearer realm=") {
					t.Errorf("%s %s: %d, WWW-Authenticate %q", verb, path, status, header.Get("WWW-Authenticate"))
				}
				if strings.Contains(header.Get("WWW-Authenticate"), "error=") {
					t.Errorf("%s %s: an error code for a request without credentials (RFC 6750 section 3.1)", verb, path)
				}
				if verb != "HEAD" && !strings.Contains(body, `"code":"login"`) {
					t.Errorf("%s %s: %s", verb, path, body)
				}
			})
		}
	}
}

func TestWhatIsPublicNeedsNoToken(t *testing.T) {
	g := guard(t, openSQLite(t), nil)
	for _, path := range []string{"/fhir/metadata", "/fhir/.well-known/smart-configuration", "/livez", "/readyz", "/"} {
		t.Run(path, func(t *testing.T) {
			status, _, body := do(t, "GET", g.URL+path, "")
			if status != http.StatusOK || strings.HasPrefix(body, `{"resourceType":"OperationOutcome"`) {
				t.Errorf("%s: %d %.200s", path, status, body)
			}
		})
	}
}

// TestWhereATokenMayStand sends a valid token in every place but the right one.
func TestWhereATokenMayStand(t *testing.T) {
	g := guard(t, openSQLite(t), nil)
	token := g.staff(t)
	for name, row := range map[string]struct {
		header string // raw lines
		query  string
		status int
		code   string
	}{
		"as it should":                     {"Authorization: Bearer " + token, "", 200, ""},
		"the scheme in lower case":         {"Authorization: bearer " + token, "", 200, ""},
		"the header's name in lower case":  {"authorization: Bearer " + token, "", 200, ""},
		"two spaces":                       {"Authorization: Bearer  " + token, "", 200, ""},
		"a tab":                            {"Authorization: Bearer\t" + token, "", 401, ""},
		"no space":                         {"Authorization: Bearer" + token, "", 401, ""},
		"in quotes":                        {`Authorization: Bearer "` + token + `"`, "", 401, "invalid_request"},
		"with more behind it":              {"Authorization: Bearer " + token + " x", "", 401, "invalid_request"},
		"two tokens":                       {"Authorization: Bearer " + token + ", Bearer " + token, "", 401, "invalid_request"},
		"two headers":                      {"Authorization: Bearer " + token + "\r\nAuthorization: Bearer " + token, "", 401, "invalid_request"},
		"two headers, one empty":           {"Authorization: Bearer " + token + "\r\nauthorization: ", "", 401, "invalid_request"},
		"two headers, the first no Bearer": {"Authorization: Basic eDp5\r\nAuthorization: Bearer " + token, "", 401, "invalid_request"},
		"empty":                            {"Authorization: ", "", 401, ""},
		"no token":                         {"Authorization: Bearer ", "", 401, ""},
		"Basic":                            {"Authorization: Basic " + token, "", 401, ""},
		"DPoP":                             {"Authorization: DPoP " + token, "", 401, ""},
		"no scheme":                        {"Authorization: " + token, "", 401, ""},
		"garbage":                          {"Authorization: Bearer x", "", 401, "invalid_token"},
		"Proxy-Authorization":              {"Proxy-Authorization: Bearer " + token, "", 401, ""},
		"X-Authorization":                  {"X-Authorization: Bearer " + token, "", 401, ""},
		"X-Forwarded-Authorization":        {"X-Forwarded-Authorization: Bearer " + token, "", 401, ""},
		"X-Access-Token":                   {"X-Access-Token: " + token, "", 401, ""},
		"Cookie":                           {"Cookie: access_token=" + token, "", 401, ""},
		"X-Forwarded-User":                 {"X-Forwarded-User: admin\r\nX-Remote-User: admin", "", 401, ""},
		"X-Forwarded-For":                  {"X-Forwarded-For: 127.0.0.1\r\nX-Real-IP: 127.0.0.1", "", 401, ""},
		"a method of another header":       {"X-HTTP-Method-Override: OPTIONS", "", 401, ""},
		"URL":                              {"X: y", "?access_token=" + token, 401, "invalid_request"},
		"URL and header":                   {"Authorization: Bearer " + token, "?access_token=" + token, 401, "invalid_request"},
		"URL, odd case":                    {"Authorization: Bearer " + token, "?Access_Token=" + token, 401, "invalid_request"},
		"URL, encoded":                     {"Authorization: Bearer " + token, "?access%5Ftoken=" + token, 401, "invalid_request"},
		"URL, not first":                   {"Authorization: Bearer " + token, "?_count=1&access_token=" + token, 401, "invalid_request"},
		"a folded header":                  {"Authorization: Bearer\r\n " + token, "", 0, ""},
		"a space before the colon":         {"Authorization : Bearer " + token, "", 400, ""},
		"a header with a line break in it": {"X: y\nAuthorization: Bearer x", "", 401, "invalid_token"},
	} {
		t.Run(name, func(t *testing.T) {
			status, challenge := rawGet(t, g.URL, "/fhir/Practitioner"+row.query, row.header)
			if row.status == 0 { // either is right, as long as it isn't let in by half
				if status != http.StatusUnauthorized && status != http.StatusBadRequest && status != http.StatusOK {
					t.Errorf("%s: %d", name, status)
				}
				return
			}
			if status != row.status {
				t.Errorf("%s: %d, want %d", name, status, row.status)
			}
			if want := `error="` + row.code + `"`; row.code != "" && !strings.Contains(challenge, want) {
				t.Errorf("%s: WWW-Authenticate %q lacks %s", name, challenge, want)
			}
			if strings.Contains(challenge, token) {
				t.Errorf("%s: the token is repeated", name)
			}
		})
	}
}

// rawGet sends header lines as they are, which a http.Client would mend.
func rawGet(t *testing.T, server, path, lines string) (status int, challenge string) {
	t.Helper()
	host := strings.TrimPrefix(server, "http://")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s\r\n\r\n", path, host, lines)
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode, answer.Header.Get("WWW-Authenticate")
}

func TestATokenInAFormIsRefused(t *testing.T) {
	g := guard(t, openSQLite(t), nil)
	token := g.staff(t)
	for _, authorization := range []string{"", "Bearer " + token} {
		t.Run(authorization, func(t *testing.T) {
			status, _, _ := do(t, "POST", g.URL+"/fhir/Practitioner/_search", "access_token="+token,
				"Content-Type", "application/x-www-form-urlencoded", "Authorization", authorization)
			if status != http.StatusUnauthorized {
				t.Errorf("with Authorization %.10q: %d", authorization, status)
			}
		})
	}
}

func TestPagesOfElsewhere(t *testing.T) {
	g := guard(t, openSQLite(t), nil)
	token := "Bearer " + g.staff(t)
	const client, stranger = "https://app.example.org", "https://evil.example"
	for _, row := range []struct {
		verb, path, origin, authorization string
		status                            int
		allowed                           string // Access-Control-Allow-Origin
	}{
		{"GET", "/fhir/metadata", stranger, "", 200, "*"},
		{"GET", "/fhir/.well-known/smart-configuration", stranger, "", 200, "*"},
		{"OPTIONS", "/fhir/.well-known/smart-configuration", stranger, "", 204, "*"},
		{"OPTIONS", "/fhir/metadata", client, "", 204, "*"},
		{"OPTIONS", "/fhir/Practitioner", client, "", 204, client},
		{"OPTIONS", "/fhir/Practitioner", stranger, "", 204, ""},
		{"OPTIONS", "/fhir/Practitioner", "null", "", 204, ""},
		{"GET", "/fhir/Practitioner", client, token, 200, client},
		{"GET", "/fhir/Practitioner", client, "", 401, client},
		{"GET", "/fhir/Practitioner", stranger, token, 200, ""},
		{"GET", "/fhir/Practitioner", "null", token, 200, ""},
		{"GET", "/fhir/Practitioner", client + ".evil.example", token, 200, ""},
		{"GET", "/fhir/Practitioner", strings.ToUpper(client), token, 200, ""},
		{"POST", "/fhir/Practitioner/_search", client, token, 200, client},
		{"POST", "/fhir/Practitioner/_search", stranger, token, 403, ""},
		{"POST", "/fhir/Practitioner/_search", "null", token, 403, ""},
	} {
		t.Run(row.verb, func(t *testing.T) {
			status, header, _ := do(t, row.verb, g.URL+row.path, "", "Origin", row.origin, "Authorization", row.authorization,
				"Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization")
			if status != row.status || header.Get("Access-Control-Allow-Origin") != row.allowed {
				t.Errorf("%s %s from %s: %d, allowed %q; want %d, %q", row.verb, row.path, row.origin, status,
					header.Get("Access-Control-Allow-Origin"), row.status, row.allowed)
			}
			if header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s %s from %s: credentials are allowed", row.verb, row.path, row.origin)
			}
			if row.verb == "OPTIONS" && row.allowed != "" && !strings.Contains(header.Get("Access-Control-Allow-Headers"), "Authorization") {
				t.Errorf("%s %s: the Authorization header isn't allowed", row.verb, row.path)
			}
		})
	}
}

func TestMetricsAreForThisMachineAndAdministrators(t *testing.T) {
	for _, row := range []struct {
		proxied bool
		headers []string
		who     string
		status  int
	}{
		{false, nil, "", 200},
		{false, []string{"X-Forwarded-For", "10.0.0.7"}, "", 401},
		{false, []string{"Forwarded", "for=10.0.0.7"}, "", 401},
		{true, nil, "", 401},
		{true, []string{"X-Forwarded-For", "127.0.0.1"}, "", 401},
		{true, nil, "staff", 403},
		{true, nil, "administrator", 200},
	} {
		t.Run(row.who, func(t *testing.T) {
			g := guard(t, openSQLite(t), func(c *server.Config) { c.Login.Proxied = row.proxied })
			headers := row.headers
			switch row.who {
			case "staff":
				headers = append(headers, "Authorization", "Bearer "+g.staff(t))
			case "administrator":
				headers = append(headers, "Authorization", "Bearer "+g.administrator(t))
			}
			if status, _, _ := do(t, "GET", g.URL+"/metrics", "", headers...); status != row.status {
				t.Errorf("%+v: %d", row, status)
			}
		})
	}
}

func TestHeadersThatProtect(t *testing.T) {
	g := guard(t, openSQLite(t), nil)
	_, header, _ := do(t, "GET", g.URL+"/fhir/metadata", "")
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Strict-Transport-Security": "",
	} {
		t.Run(name, func(t *testing.T) {
			if got := header.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		})
	}
}

// TestPagesHaveOneName: who looks at a page by another of loopback's names is
// sent to the one that cookies and tokens are for.
func TestPagesHaveOneName(t *testing.T) {
	shown := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	g := guard(t, openSQLite(t), func(c *server.Config) {
		c.BaseURL, c.App, c.Login.Handler = "http://127.0.0.1:1", shown, shown
	})

	for _, row := range []struct {
		method, path, host, accept string
		status                     int
	}{
		{"GET", "/app/?x=1", "localhost:9", "text/html", 307},
		{"GET", "/auth/signin", "[::1]:9", "text/html", 307},
		{"GET", "/app/", "127.0.0.1:1", "text/html", 418},
		{"GET", "/app/", "localhost.evil.example", "text/html", 418},
		{"GET", "/auth/jwks", "localhost:9", "application/json", 418},
		{"POST", "/auth/token", "localhost:9", "text/html", 418},
		{"GET", "/auth", "127.0.0.1:1", "text/html", 418},
	} {
		t.Run(row.method, func(t *testing.T) {
			r, err := http.NewRequest(row.method, g.URL+row.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Host = row.host
			r.Header.Set("Accept", row.accept)
			answer, err := plainClient.Transport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
			if answer.StatusCode != row.status {
				t.Errorf("%s %s at %s: %d, want %d", row.method, row.path, row.host, answer.StatusCode, row.status)
			}
			if to := answer.Header.Get("Location"); row.status == 307 && to != "http://127.0.0.1:1"+row.path {
				t.Errorf("%s leads to %s", row.path, to)
			}
		})
	}
}

// TestBrowsersAreHeldToTLS where they came by it (RFC 6797).
func TestBrowsersAreHeldToTLS(t *testing.T) {
	front := newServer(t, openSQLite(t), server.Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	for _, row := range []struct {
		url, from, proto string
		want             string
	}{
		{"https://localhost/livez", "127.0.0.1:1", "", "max-age=31536000"},
		{"http://localhost/livez", "127.0.0.1:1", "", ""},
		{"http://localhost/livez", "127.0.0.1:1", "https", ""}, // a stranger's word
		{"http://localhost/livez", "10.0.0.1:1", "https", "max-age=31536000"},
	} {
		t.Run(row.url, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, row.url, nil)
			r.RemoteAddr = row.from
			if row.proto != "" {
				r.Header.Set("X-Forwarded-Proto", row.proto)
			}
			w := httptest.NewRecorder()
			front.ServeHTTP(w, r)
			if got := w.Header().Get("Strict-Transport-Security"); got != row.want {
				t.Errorf("%+v: %q", row, got)
			}
		})
	}
}
