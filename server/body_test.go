package server_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"caseway/server"
)

const limit = 64 << 10

func gzipped(t testing.TB, body []byte) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGzippedBodiesAreInflated(t *testing.T) {
	h := listen(t, server.Config{MaxBody: limit})
	status, _, body := do(t, "POST", h.URL+"/fhir/Basic", gzipped(t, pad(20_000)), "Content-Encoding", "gzip")
	if status != http.StatusCreated || len(body) < 20_000 {
		t.Fatalf("%d %.300s", status, body)
	}
	broken := gzipped(t, pad(20_000))
	for name, body := range map[string]string{"cut short": broken[:len(broken)/2], "wrong sum": broken[:len(broken)-6] + "xxxxxx"} {
		t.Run(name, func(t *testing.T) {
			if status, _, text := do(t, "POST", h.URL+"/fhir/Basic", body, "Content-Encoding", "gzip"); status != http.StatusBadRequest {
				t.Errorf("%s: %d %.300s", name, status, text)
			}
		})
	}
}

func TestBodiesOverTheLimitAreRefused(t *testing.T) {
	h := listen(t, server.Config{MaxBody: limit})
	if status, _, body := do(t, "POST", h.URL+"/fhir/Basic", string(pad(limit))); status != http.StatusCreated {
		t.Errorf("a body of just the limit: %d %.300s", status, body)
	}
	for name, send := range map[string]func() (int, string){
		"plain": func() (int, string) {
			status, _, text := do(t, "POST", h.URL+"/fhir/Basic", string(pad(limit+1)))
			return status, text
		},
		"native": func() (int, string) {
			status, _, text := do(t, "POST", h.URL+"/fhir/Binary", string(pad(limit+1)), "Content-Type", "text/plain")
			return status, text
		},
		"bomb": func() (int, string) {
			bomb := gzipped(t, bytes.Repeat([]byte(" "), 64<<20))
			status, _, text := do(t, "POST", h.URL+"/fhir/Basic", bomb[:limit/2], "Content-Encoding", "gzip")
			return status, text
		},
		"without a length": func() (int, string) { return chunked(t, h.URL+"/fhir/Basic", pad(limit+1)) },
	} {
		t.Run(name, func(t *testing.T) {
			if status, text := send(); status != http.StatusRequestEntityTooLarge || !strings.Contains(text, "too-long") {
				t.Errorf("%s: %d %.300s", name, status, text)
			}
		})
	}
}

func chunked(t *testing.T, url string, body []byte) (int, string) {
	t.Helper()
	r, err := http.NewRequest("POST", url, io.MultiReader(bytes.NewReader(body)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/fhir+json")
	answer, err := plainClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text)
}

// TestALengthOverTheLimitIsRefusedUnread announces a body and sends none of it.
func TestALengthOverTheLimitIsRefusedUnread(t *testing.T) {
	h := listen(t, server.Config{MaxBody: limit})
	answer := exchangeRaw(t, h.Listener.Addr().String(),
		"POST /fhir/Basic HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/fhir+json\r\nContent-Length: 99999999\r\nConnection: close\r\n\r\n")
	if !strings.HasPrefix(answer, "HTTP/1.1 413 ") {
		t.Errorf("%.300s", answer)
	}
}

func TestLargeAnswersAreGzippedWhereThatIsAskedFor(t *testing.T) {
	h := listen(t, server.Config{})
	do(t, "PUT", h.URL+"/fhir/Basic/small", `{"resourceType":"Basic","id":"small","code":{"text":"x"}}`)
	large := strings.Replace(string(pad(20_000)), `"Basic",`, `"Basic","id":"large",`, 1)
	_, _, stored := do(t, "PUT", h.URL+"/fhir/Basic/large", large)
	for _, row := range []struct {
		path, accept string
		packed       bool
	}{
		{"large", "gzip", true},
		{"large", "br;q=1, GZIP;q=0.5", true},
		{"large", "gzip;q=0", false},
		{"large", "br", false},
		{"large", "", false},
		{"small", "gzip", false},
	} {
		t.Run(row.path, func(t *testing.T) {
			_, header, body := do(t, "GET", h.URL+"/fhir/Basic/"+row.path, "", "Accept-Encoding", row.accept)
			if (header.Get("Content-Encoding") == "gzip") != row.packed {
				t.Errorf("%s, %q: Content-Encoding %q", row.path, row.accept, header.Get("Content-Encoding"))
			}
			if header.Get("Content-Length") != strconv.Itoa(len(body)) || !strings.Contains(header.Get("Vary"), "Accept-Encoding") {
				t.Errorf("%s, %q: %d bytes, %v", row.path, row.accept, len(body), header)
			}
			if row.packed && inflate(t, body) != stored {
				t.Errorf("%s, %q: inflates to something else", row.path, row.accept)
			}
		})
	}
}

func inflate(t *testing.T, body string) string {
	t.Helper()
	r, err := gzip.NewReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
