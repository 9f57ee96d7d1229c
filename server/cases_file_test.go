package server_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"caseway/fhir"
	"caseway/fhir/store"
	"caseway/server"
	"caseway/server/cases/assembly"
)

// zipped is text as gzip.
func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestFilesOfCasesOverHTTP: media types, encodings, limits, and what is refused
// as a whole.
func TestFilesOfCasesOverHTTP(t *testing.T) {
	const limit = 100_000
	change := func(c *server.Config) {
		c.MaxImport = limit
		c.Cases = casesOf(c.Engine)
	}
	onBoth(t, change, func(t *testing.T, g *guarded) {
		for _, request := range []string{"GET /cases/export", "POST /cases/import"} {
			t.Run(request, func(t *testing.T) {
				method, path, _ := strings.Cut(request, " ")
				if status, _, body := do(t, method, g.URL+path, ""); status != http.StatusUnauthorized {
					t.Errorf("%s without a token: %d %s", request, status, body)
				}
			})
		}
		admin := "Bearer " + g.administrator(t)
		line := `{"id":"c","client":{"id":"Patient/p","name":"Somebody"},"adopted":false,"phase":"active"}` + "\n"
		broken := zipped(t, strings.Repeat(line, 500))
		for _, row := range []struct {
			request string
			body    string
			headers []string
			status  int
			has     string
		}{
			{"GET /cases/export", "", []string{"Accept", "application/json"}, 406, "not-supported"},
			{"GET /cases/export?format=xml", "", nil, 400, "ndjson or csv"},
			{"GET /cases/export?count=5", "", nil, 400, "no pages"},
			{"GET /cases/export?phase=flying", "", nil, 400, "parameter phase"},
			{"GET /cases/export?nonsense=1", "", nil, 400, "nonsense"},
			{"PUT /cases/export", "{}", nil, 405, ""},
			{"GET /cases/import", "", nil, 405, ""},
			{"POST /cases/import", line, []string{"Content-Type", "application/json"}, 415, "x-ndjson"},
			{"POST /cases/import", line, []string{"Content-Type", "text/csv; charset=iso-8859-1"}, 415, "UTF-8"},
			{"POST /cases/import", line, []string{"Content-Type", "application/x-ndjson", "Content-Encoding", "br"}, 415, "gzip only"},
			{"POST /cases/import", line, []string{"Content-Type", "application/x-ndjson", "Accept", "text/html"}, 406, "report"},
			{"POST /cases/import?existing=maybe", line, []string{"Content-Type", "application/x-ndjson"}, 400, "existing"},
			{"POST /cases/import?reason=a&reason=b", line, []string{"Content-Type", "application/x-ndjson"}, 400, "twice"},
			{"POST /cases/import", line, []string{"Content-Type", "application/x-ndjson", "Content-Encoding", "gzip"}, 400, "gzip"},
			{"POST /cases/import", strings.Repeat(" ", limit+1), []string{"Content-Type", "application/x-ndjson"}, 413, "100000"},
			{"POST /cases/import", "", []string{"Content-Type", "text/csv"}, 400, "empty"},
			{"POST /cases/import", "id;client;colour\n", []string{"Content-Type", "text/csv"}, 400, `"column":"colour"`},
			{"POST /cases/import", "id,client,colour\n", []string{"Content-Type", "text/csv"}, 400, `"column":"colour"`},
			{"POST /cases/import", "id,client,id\n", []string{"Content-Type", "text/csv"}, 400, "twice"},
			{"POST /cases/import", "phase,model\n", []string{"Content-Type", "text/csv"}, 400, `"column":"client"`},
			{"POST /cases/import", "", []string{"Content-Type", "application/x-ndjson"}, 200, `"complete":true,"lines":0`},
			{"POST /cases/import", zipped(t, line), []string{"Content-Type", "application/x-ndjson", "Content-Encoding", "gzip"}, 200, `"result":"created"`},
			{"POST /cases/import", zipped(t, line), []string{"Content-Type", "application/x-ndjson; charset=utf-8", "Content-Encoding", "gzip"}, 200, `"result":"unchanged"`},
			{"POST /cases/import", broken[:len(broken)-20], []string{"Content-Type", "application/x-ndjson", "Content-Encoding", "gzip"}, 200, `"complete":false`},
			{"POST /cases/import", zipped(t, strings.Repeat(line, 5000)), []string{"Content-Type", "application/x-ndjson", "Content-Encoding", "gzip"}, 200, `"complete":false`},
			{"GET /cases/export", "", nil, 200, `"id":"c"`},
			{"GET /cases/export", "", []string{"Accept", "text/csv"}, 200, "id,etag,"},
			{"GET /cases/export?format=csv", "", []string{"Accept", "application/x-ndjson"}, 200, "id,etag,"},
			{"GET /cases/export?phase=closed", "", nil, 200, ""},
		} {
			t.Run(row.request, func(t *testing.T) {
				method, path, _ := strings.Cut(row.request, " ")
				status, header, body := do(t, method, g.URL+path, row.body, append(row.headers, "Authorization", admin)...)
				if status != row.status || !strings.Contains(body, row.has) || strings.Contains(body, "OperationOutcome") {
					t.Errorf("%s %v: %d %.300s", row.request, row.headers, status, body)
				}
				if status >= 400 && header.Get("Content-Type") != "application/problem+json" {
					t.Errorf("%s: got the content type %s, want application/problem+json", row.request, header.Get("Content-Type"))
				}
			})
		}
		status, header, body := do(t, "HEAD", g.URL+"/cases/export", "", "Authorization", admin)
		if status != http.StatusOK || header.Get("Content-Type") != "application/x-ndjson" || body != "" {
			t.Errorf("HEAD: %d %s %q", status, header.Get("Content-Type"), body)
		}
	})
}

// TestABrokenExportDoesNotLookWhole: where a case can't be read any more, the
// connection breaks.
func TestABrokenExportDoesNotLookWhole(t *testing.T) {
	onBoth(t, func(c *server.Config) {
		left := &atomic.Int32{}
		left.Store(1)
		c.Cases = casesOf(failing{c.Engine, left})
	}, func(t *testing.T, g *guarded) {
		admin := "Bearer " + g.administrator(t)
		for _, id := range []string{"a", "b"} {
			t.Run(id, func(t *testing.T) {
				for _, r := range []string{
					`Patient/` + id + ` {"resourceType":"Patient","id":"` + id + `"}`,
					`EpisodeOfCare/` + id + ` {"resourceType":"EpisodeOfCare","id":"` + id + `","status":"active","patient":{"reference":"Patient/` + id + `"}}`,
				} {
					path, text, _ := strings.Cut(r, " ")
					if status, _, answer := do(t, "PUT", g.URL+"/fhir/"+path, text, "Authorization", admin); status >= 300 {
						t.Fatalf("%s: %d %s", path, status, answer)
					}
				}
			})
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.URL+"/cases/export", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", admin)
		got, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer got.Body.Close()
		text, err := io.ReadAll(got.Body)
		lines := strings.Split(string(text), "\n")
		if err == nil || len(lines) != 3 || !strings.Contains(lines[0], `"id":"a"`) || !strings.Contains(lines[1], `{"problem":{`) {
			t.Errorf("an export that broke off: %v: %s", err, text)
		}
		if strings.Contains(string(text), "disk") {
			t.Errorf("the cause is shown: %s", text)
		}
	})
}

// failing is an engine that reads no more than some cases.
type failing struct {
	assembly.Session
	left *atomic.Int32
}

func (f failing) Belonging(ctx context.Context, episode fhir.Key, types []string) ([]store.Version, error) {
	if f.left.Add(-1) < 0 {
		return nil, errors.New("the disk is gone")
	}
	return f.Session.Belonging(ctx, episode, types)
}

// TestRefusedImportsAreWitnessed: a line that may not be written is told in the
// report, and to who looks after the server.
func TestRefusedImportsAreWitnessed(t *testing.T) {
	onBoth(t, func(c *server.Config) {
		c.Cases = casesOf(c.Engine)
	}, func(t *testing.T, g *guarded) {
		reader := "Bearer " + g.token(t, map[string]any{"scope": "user/*.rs", "fhirUser": "Practitioner/dr", "sub": "dr", "patient": nil})
		line := `{"id":"c","client":{"id":"Patient/p","name":"Somebody"},"adopted":false,"phase":"active"}` + "\n"
		status, _, body := do(t, "POST", g.URL+"/cases/import", line, "Content-Type", "application/x-ndjson", "Authorization", reader)
		if status != http.StatusOK || !strings.Contains(body, `"status":403`) || !strings.Contains(body, `"refused":1`) {
			t.Errorf("got %d %s, want a report with one line refused by 403", status, body)
		}
		writer := "Bearer " + g.staff(t)
		status, _, body = do(t, "POST", g.URL+"/cases/import", line, "Content-Type", "application/x-ndjson", "Authorization", writer)
		if status != http.StatusOK || !strings.Contains(body, `"created":1`) {
			t.Errorf("got %d %s, want a report with one case made", status, body)
		}
		lines, text := g.events(t, 2)
		want := []string{"update U 4 by dr app: Patient/p", "create C 0 by dr app: Patient/p/_history/1 EpisodeOfCare/c/_history/1"}
		slices.Sort(lines)
		slices.Sort(want)
		if !slices.Equal(lines, want) || strings.Contains(text, "Somebody") {
			t.Errorf("%q, not %q", lines, want)
		}
	})
}
