package command

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// output is a stream that may be read while it is written.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// started runs a command that serves, until stop; ended gives its exit code.
func started(t *testing.T, address string, args ...string) (errs *output, stop func(), ended chan int) {
	t.Helper()
	errs, ended = &output{}, make(chan int, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { ended <- run(ctx, append(args, "--listen", address), &output{}, errs) }()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		answer, err := http.Get("http://" + address + "/readyz")
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return errs, cancel, ended
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("no answer: %v\n%s", err, errs)
		}
	}
}

func TestServeBackupHealthAndStop(t *testing.T) {
	dir, address := t.TempDir(), freeAddress(t)
	file := "sqlite:" + filepath.Join(dir, "caseway.db")
	errs, stop, ended := started(t, address, "--store", file) // serve needs no name
	const patient = `{"resourceType":"Patient","id":"a"}`
	put, err := http.NewRequest("PUT", "http://"+address+"/fhir/Patient/a", strings.NewReader(patient))
	if err != nil {
		t.Fatal(err)
	}
	put.Header.Set("Content-Type", "application/fhir+json")
	answer, err := http.DefaultClient.Do(put)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		t.Fatalf("PUT: %d", answer.StatusCode)
	}
	if text := metricsOf(t, address); !strings.Contains(text, "caseway_store_pool_open") ||
		!strings.Contains(text, `caseway_store_seconds_count{operation="commit"}`) {
		t.Errorf("the store isn't in the metrics:\n%s", text)
	}
	for _, row := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"health", "--listen", address}, 0, ""},
		{[]string{"backup", "--store", file, filepath.Join(dir, "copy.db")}, 0, ""},
		{[]string{"serve", "--listen", "127.0.0.1:0", "--store", file}, 1, "in use"},
		{[]string{"serve", "--listen", address, "--store", "sqlite:" + filepath.Join(dir, "other.db")}, 1, "can't listen"},
	} {
		t.Run(row.says, func(t *testing.T) {
			var says output
			if code := run(t.Context(), row.args, &output{}, &says); code != row.code || !strings.Contains(says.String(), row.says) {
				t.Errorf("%v: exit code %d, want %d: %s", row.args, code, row.code, &says)
			}
			if strings.Count(says.String(), "\n") > 1 {
				t.Errorf("%v: more than a line: %s", row.args, &says)
			}
		})
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("stopped with exit code %d", code)
	}
	for _, want := range []string{"http://" + address + "/fhir", "caseway.db", "auth=none", "stopping"} {
		t.Run(want, func(t *testing.T) {
			if !strings.Contains(errs.String(), want) {
				t.Errorf("the log lacks %s: %s", want, errs)
			}
		})
	}
	if code := run(t.Context(), []string{"health", "--listen", address}, &output{}, &output{}); code != 1 {
		t.Errorf("health of a stopped server: %d", code)
	}
	serveCopy(t, address, filepath.Join(dir, "copy.db"))
}

// serveCopy restores a backup: it serves the copy and looks for what was written.
func serveCopy(t *testing.T, address, file string) {
	t.Helper()
	_, stop, ended := started(t, address, "serve", "--store", "sqlite:"+file)
	answer, err := http.Get("http://" + address + "/fhir/Patient/a")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("the copy lacks what was written: %d", answer.StatusCode)
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("stopped with exit code %d", code)
	}
}

func metricsOf(t *testing.T, address string) string {
	t.Helper()
	answer, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestBodyLimit: native content may be as long as any other body, though a
// resource holds it as base64.
func TestBodyLimit(t *testing.T) {
	const limit = 90_000
	address := freeAddress(t)
	_, stop, ended := started(t, address, "--max-body", strconv.Itoa(limit), "--store", "sqlite:"+filepath.Join(t.TempDir(), "caseway.db"))
	for length, want := range map[int]int{limit: http.StatusCreated, limit + 1: http.StatusRequestEntityTooLarge} {
		body := strings.NewReader(strings.Repeat("x", length))
		answer, err := http.Post("http://"+address+"/fhir/Binary", "application/octet-stream", body)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%d bytes: status %d, want %d", length, answer.StatusCode, want)
		}
	}
	stop()
	<-ended
}

func TestSettingsThatAreRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "caseway.db")
	for _, row := range []struct {
		args string
		code int
		says string
	}{
		{"--listen 0.0.0.0:0", 1, "--auth-none-anyway"},
		{"--listen :0", 1, "--auth-none-anyway"},
		{"--listen [::]:0", 1, "--auth-none-anyway"},
		{"--listen example.org:0", 1, "--auth-none-anyway"},
		{"--listen 8080", 1, "--listen is HOST:PORT"},
		{"--auth login.example", 1, "--auth"},
		{"--auth http://login.example", 1, "must be https"},
		{"--auth none,https://login.example", 1, "stand alone"},
		{"--auth https://login.example --auth embedded", 1, "stand alone"},
		{"--auth https://login.example --auth-none-anyway", 1, "--auth-none-anyway"},
		{"--auth https://login.example --auth-seed x", 1, "--auth-seed"},
		{"--auth https://login.example --auth-introspection-client x", 1, "go together"},
		{"--auth https://login.example --auth-clock-skew 2h", 1, "--auth-clock-skew"},
		{"--auth https://login.example --listen 0.0.0.0:0", 1, "plain text"},
		{"--auth https://login.example --listen 0.0.0.0:0 --base-url http://care.example", 1, "plain text"},
		{"--tls-cert x", 1, "go together"},
		{"--tls-cert x --tls-key y", 1, "--tls-cert"},
		{"--base-url example.org", 1, "--base-url"},
		{"--base-url https://example.org/fhir", 1, "leave /fhir away"},
		{"--trusted-proxies nonsense", 1, "--trusted-proxies"},
		{"--cors-origin *", 1, "must be named"},
		{"--max-body=-1", 1, "--max-body"},
		{"--read-timeout=-1s", 1, "timeout"},
		{"--log-level loud", 2, "--log-level"},
		{"--store postgres://x", 1, "--store is"},
		{"--store sqlite:", 1, "--store is"},
		{"--store mongodb://u:hidden@127.0.0.1:1/x?serverSelectionTimeoutMS=50", 1, "127.0.0.1:1"},
		{"--no-such-flag", 2, "--no-such-flag"},
	} {
		t.Run(row.args, func(t *testing.T) {
			args := append([]string{"serve", "--listen", "127.0.0.1:0", "--store", "sqlite:" + file}, strings.Fields(row.args)...)
			var says output
			if code := run(t.Context(), args, &output{}, &says); code != row.code || !strings.Contains(says.String(), row.says) {
				t.Errorf("%s: exit code %d, want %d, and %q in: %s", row.args, code, row.code, row.says, &says)
			}
			if strings.Contains(says.String(), "hidden") {
				t.Errorf("%s: the password is shown: %s", row.args, &says)
			}
		})
	}
}

func TestOpenDoorsAreWarnedOf(t *testing.T) {
	address := freeAddress(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	errs, stop, ended := started(t, "0.0.0.0:"+port, "--auth-none-anyway", "--store", "sqlite:"+filepath.Join(t.TempDir(), "caseway.db"))
	if code := run(t.Context(), []string{"health", "--listen", "0.0.0.0:" + port}, &output{}, &output{}); code != 0 {
		t.Errorf("health: %d", code)
	}
	stop()
	<-ended
	if !strings.Contains(errs.String(), "level=WARN") || !strings.Contains(errs.String(), "NO LOGIN") {
		t.Errorf("no warning: %s", errs)
	}
}

func TestEnvironmentSetsFlags(t *testing.T) {
	t.Setenv("CASEWAY_LISTEN", "0.0.0.0:0")
	var says output
	if code := run(t.Context(), nil, &output{}, &says); code != 1 || !strings.Contains(says.String(), "0.0.0.0:0") {
		t.Errorf("exit code %d: %s", code, &says)
	}
}

func TestVersionAndHelp(t *testing.T) {
	for _, args := range []string{"version", "--help", "serve --help", "settings"} {
		t.Run(args, func(t *testing.T) {
			var out, errs output
			if code := run(t.Context(), strings.Fields(args), &out, &errs); code != 0 || out.String() == "" || errs.String() != "" {
				t.Errorf("%s: exit code %d, %q, %q", args, code, &out, &errs)
			}
		})
	}
}

func TestStoreNamesShowNoLogin(t *testing.T) {
	for uri, want := range map[string]string{
		"sqlite:a/b.db": "sqlite:a/b.db",
		"mongodb://u:p@h1,h2/db?replicaSet=r&x=p": "mongodb://h1,h2/db",
		"mongodb+srv://h/db":                      "mongodb+srv://h/db",
		"mongodb://u:p@ss@h/db":                   "mongodb://h/db",
	} {
		t.Run(uri, func(t *testing.T) {
			if got := storeName(uri); got != want {
				t.Errorf("%s is shown as %s, want %s", uri, got, want)
			}
		})
	}
}
