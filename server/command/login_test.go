package command

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var setupLink = regexp.MustCompile(`http://\S+/auth/setup\?token=[A-Za-z0-9]+`)

// TestAnEmptyStoreOffersSetup: the first start shows where the first
// administrator is made; with users there is nothing to offer.
func TestAnEmptyStoreOffersSetup(t *testing.T) {
	dir, address := t.TempDir(), freeAddress(t)
	args := []string{"--auth", "embedded", "--store", "sqlite:" + filepath.Join(dir, "caseway.db")}
	said, stop, ended := started(t, address, args...)
	link := setupLink.FindString(said.String())
	if !strings.HasPrefix(link, "http://"+address) {
		t.Fatalf("no link: %s", said)
	}
	answer, err := http.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if page, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != http.StatusOK || !strings.Contains(string(page), "<form") {
		t.Errorf("%d %v %.300s", answer.StatusCode, err, page)
	}
	stop()
	<-ended
	seed := filepath.Join(dir, "seed.yaml")
	if err := os.WriteFile(seed, []byte("users:\n  - {id: root, name: Root, role: administrator, password: correct horse battery}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	said, stop, ended = started(t, address, append(args, "--auth-seed", seed)...)
	if setupLink.MatchString(said.String()) || !strings.Contains(said.String(), "auth=embedded") {
		t.Errorf("a link though there are users: %s", said)
	}
	stop()
	<-ended
}

func TestSeedsThatAreRefused(t *testing.T) {
	dir := t.TempDir()
	seed := filepath.Join(dir, "seed.yaml")
	if err := os.WriteFile(seed, []byte("users:\n  - {id: root, colour: red}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, says := range map[string]string{seed: "colour", filepath.Join(dir, "none.yaml"): "none.yaml"} {
		t.Run(file, func(t *testing.T) {
			var said output
			args := []string{"serve", "--listen", "127.0.0.1:0", "--store", "sqlite:" + filepath.Join(dir, "caseway.db"), "--auth", "embedded", "--auth-seed", file}
			if code := run(t.Context(), args, &output{}, &said); code != exitFailed || !strings.Contains(said.String(), says) {
				t.Errorf("%s: exit code %d: %s", file, code, &said)
			}
		})
	}
}

// TestTheServersName is what tokens are meant for where no setting says it.
func TestTheServersName(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	cert := func(names ...string) *tls.Config {
		return &tls.Config{Certificates: []tls.Certificate{{Leaf: &x509.Certificate{DNSNames: names}}}}
	}
	embedded := Login{Auth: []string{authEmbedded}}
	for name, row := range map[string]struct {
		serve Serve
		certs *tls.Config
		want  string // "" for a refusal
	}{
		"a setting":             {Serve{Login: embedded, BaseURL: "https://care.example/x/", Listen: "127.0.0.1:0"}, nil, "https://care.example/x"},
		"loopback":              {Serve{Login: embedded, Listen: "127.0.0.1:0"}, nil, "http://127.0.0.1:" + port},
		"localhost":             {Serve{Login: embedded, Listen: "localhost:0"}, nil, "http://localhost:" + port},
		"a certificate":         {Serve{Login: embedded, Listen: "0.0.0.0:0", TLSCert: "x"}, cert("care.example"), "https://care.example:" + port},
		"one of several names":  {Serve{Login: embedded, Listen: "0.0.0.0:0", TLSCert: "x"}, cert("a.example", "b.example"), ""},
		"one for any name":      {Serve{Login: embedded, Listen: "0.0.0.0:0", TLSCert: "x"}, cert("*.example"), ""},
		"one without any names": {Serve{Login: embedded, Listen: "0.0.0.0:0", TLSCert: "x"}, cert(), ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := row.serve.root(l, row.certs)
			if got != row.want || (err == nil) != (row.want != "") {
				t.Errorf("%s: %q, %v, want %q", name, got, err, row.want)
			}
		})
	}
}

// TestWhoMayComeByAProxy: without a name for others the server is this machine's
// own, and its metrics are for who is here.
func TestWhoMayComeByAProxy(t *testing.T) {
	for name, row := range map[string]struct {
		serve Serve
		want  bool
	}{
		"no name":                       {Serve{}, false},
		"loopback's name":               {Serve{BaseURL: "http://127.0.0.1:8080"}, false},
		"localhost":                     {Serve{BaseURL: "http://localhost:8080"}, false},
		"another name, plain":           {Serve{BaseURL: "https://care.example.org"}, true},
		"another name, our own TLS":     {Serve{BaseURL: "https://care.example.org", TLSCert: "cert.pem"}, false},
		"trusted proxies":               {Serve{TrustedProxies: []string{"10.0.0.0/8"}}, true},
		"what can't be read is another": {Serve{BaseURL: "https://%zz"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := row.serve.proxied(); got != row.want {
				t.Errorf("%s: got %v, want the opposite", name, got)
			}
		})
	}
}
