package kit_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"caseway/conformance/kit"
	"caseway/fhir/store/sqlite"
)

// mostOver is how much memory clients may cost beyond what a server has when
// nobody asks, and beyond what SQLite's connections keep of the file.
var mostOver = 256<<20 + int64(sqlite.Connections())*sqlite.DefaultCache

// TestClientsCostBoundedMemory: sixteen at once, each way of asking for much.
func TestClientsCostBoundedMemory(t *testing.T) {
	p, err := kit.Start(t.Context(), kit.Launch{
		Binary: binary(t), Store: "sqlite:" + filepath.Join(t.TempDir(), "bounds.db"), Log: filepath.Join(t.TempDir(), "log"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	ask(t, p.Base, "PUT", "/Patient/p", []byte(`{"resourceType":"Patient","id":"p"}`), "")
	note := `{"text":"` + strings.Repeat("x", 1_000_000) + `"}`
	for i := range 12 {
		body := fmt.Sprintf(`{"resourceType":"Observation","id":"o%d","status":"final","subject":{"reference":"Patient/p"},"code":{"text":"c%d"},`+
			`"category":[{"coding":[{"code":"large"}]}],"note":[%s]}`, i, i, note+strings.Repeat(","+note, 10))
		ask(t, p.Base, "PUT", fmt.Sprintf("/Observation/o%d", i), []byte(body), "")
	}
	batch := func(n int, url string) []byte {
		entry := `{"request":{"method":"GET","url":"` + url + `"}}`
		return []byte(`{"resourceType":"Bundle","type":"batch","entry":[` + entry + strings.Repeat(","+entry, n-1) + `]}`)
	}
	for _, row := range []struct {
		name, method, path string
		body               []byte
		encoding           string
	}{
		{"metadata in a gzipped batch", "POST", "", packed(t, batch(2000, "metadata")), "gzip"},
		{"searches in a batch", "POST", "", batch(200, "Observation?_count=1000"), ""},
		{"reads in a batch", "POST", "", batch(200, "Observation/o1"), ""},
		{"large resources by search", "GET", "/Observation?_count=1000", nil, ""},
		{"large resources by sorted search", "GET", "/Observation?_count=1000&_sort=-date", nil, ""},
		{"large resources by history", "GET", "/Observation/_history?_count=1000", nil, ""},
		{"large resources by $lastn", "GET", "/Observation/$lastn?patient=p&category=large", nil, ""},
		{"large resources by $everything", "GET", "/Patient/p/$everything", nil, ""},
		{"large resources included", "GET", "/Patient?_revinclude=Observation:patient", nil, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			over(t, p, func() {
				var all sync.WaitGroup
				for range 16 {
					all.Go(func() { ask(t, p.Base, row.method, row.path, row.body, row.encoding) })
				}
				all.Wait()
			})
		})
	}
	t.Run("bodies that don't come", func(t *testing.T) {
		over(t, p, func() {
			for range 400 {
				c, err := net.Dial("tcp", strings.TrimPrefix(p.Root, "http://"))
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				fmt.Fprintf(c, "POST /fhir/Patient HTTP/1.1\r\nHost: x\r\nContent-Type: application/fhir+json\r\nContent-Length: 12000000\r\n\r\n{")
			}
			ask(t, p.Base, "GET", "/Patient/p", nil, "")
		})
	})
}

// over holds the server's peak to what it had before.
func over(t *testing.T, p *kit.Process, attack func()) {
	t.Helper()
	before := atRest(t, p)
	if err := kit.ForgetPeak(p.PID); err != nil {
		t.Fatal(err)
	}
	attack()
	peak, err := kit.PeakResident(p.PID)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d MiB before, %d MiB at most", before>>20, peak>>20)
	if peak-before > mostOver {
		t.Errorf("the server had %d MiB more than before, want %d at most", (peak-before)>>20, mostOver>>20)
	}
}

// atRest waits until the server gives no memory back any more, and says how much
// it has.
func atRest(t *testing.T, p *kit.Process) int64 {
	t.Helper()
	least := int64(1 << 62)
	for still := 0; still < 5; still++ {
		now, err := kit.Resident(p.PID)
		if err != nil {
			t.Fatal(err)
		}
		if now < least-1<<20 {
			least, still = now, 0
		}
		time.Sleep(time.Second)
	}
	return least
}

// ask sends a request and reads the answer, which is an answer or says to try
// again.
func ask(t *testing.T, base, method, path string, body []byte, encoding string) {
	r, err := http.NewRequestWithContext(t.Context(), method, base+path, bytes.NewReader(body))
	if err != nil {
		t.Error(err)
		return
	}
	r.Header.Set("Content-Type", "application/fhir+json")
	if encoding != "" {
		r.Header.Set("Content-Encoding", encoding)
	}
	client := http.Client{Timeout: 5 * time.Minute}
	answer, err := client.Do(r)
	if err != nil {
		t.Error(err)
		return
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	switch s := answer.StatusCode; {
	case s == http.StatusServiceUnavailable && answer.Header.Get("Retry-After") == "":
		t.Error("503 without Retry-After")
	case s >= 300 && s != http.StatusServiceUnavailable:
		t.Errorf("%s %s: got %d, want an answer or 503", method, path, s)
	}
}

func packed(t *testing.T, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
