package server_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
	"caseway/server"
)

func TestReadyzSaysWhatIsWrong(t *testing.T) {
	s := openSQLite(t)
	front := newServer(t, s, server.Config{})
	h := httptest.NewServer(front)
	defer h.Close()
	front.Drain()
	if status, _, body := do(t, "GET", h.URL+"/readyz", ""); status != http.StatusServiceUnavailable || !strings.Contains(body, "stopping") {
		t.Errorf("while stopping: %d %s", status, body)
	}
	if status, _, _ := do(t, "GET", h.URL+"/livez", ""); status != http.StatusOK {
		t.Errorf("livez while stopping: %d", status)
	}
}

func TestReadyzIs503WithoutItsStore(t *testing.T) {
	s := openSQLite(t)
	h := httptest.NewServer(newServer(t, s, server.Config{}))
	defer h.Close()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	status, _, body := do(t, "GET", h.URL+"/readyz", "")
	if status != http.StatusServiceUnavailable || !strings.Contains(body, `"store":`) || strings.Contains(body, `"store":"ok"`) {
		t.Errorf("got %d %s, want 503 and what the store says", status, body)
	}
}

// oddStore fails every read as a store does that is away, or in a way that
// nobody foresaw.
type oddStore struct {
	store.Store
	err error
}

func (s oddStore) Read(context.Context, ...fhir.Key) ([]store.Version, error) {
	if s.err == nil {
		panic("Mr. Chalmers")
	}
	return nil, s.err
}

func TestAStoreThatIsAwayIsWaitedFor(t *testing.T) {
	away := oddStore{openSQLite(t), fhir.NewError(fhir.Transient, fhir.IssueTransient, "the store is away")}
	h := httptest.NewServer(newServer(t, away, server.Config{}))
	defer h.Close()
	status, header, body := do(t, "GET", h.URL+"/fhir/Patient/1", "")
	if status != http.StatusServiceUnavailable || header.Get("Retry-After") != "5" || !strings.Contains(body, "transient") {
		t.Errorf("%d, Retry-After %q, %s", status, header.Get("Retry-After"), body)
	}
}

func TestAPanicIsAnInternalErrorWithAFixedText(t *testing.T) {
	var log bytes.Buffer
	h := httptest.NewServer(newServer(t, oddStore{Store: openSQLite(t)}, server.Config{Log: slog.New(slog.NewTextHandler(&log, nil))}))
	status, _, body := do(t, "GET", h.URL+"/fhir/Patient/1", "")
	h.Close() // and with it the writing of the log
	if status != http.StatusInternalServerError || !strings.Contains(body, "internal error") || strings.Contains(body, "Chalmers") {
		t.Errorf("got %d %s, want 500 that tells nothing of the cause", status, body)
	}
	if strings.Contains(log.String(), "Chalmers") || !strings.Contains(log.String(), "trouble_test.go") {
		t.Errorf("the log must say where it happened, and nothing of data: %s", log.String())
	}
}

// TestLogLinesHaveNoPatientData writes, reads and fails, and looks for what
// was sent in the log.
func TestLogLinesHaveNoPatientData(t *testing.T) {
	var log bytes.Buffer
	h := httptest.NewServer(newServer(t, openSQLite(t), server.Config{
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}))
	do(t, "PUT", h.URL+"/fhir/Patient/chalmers", `{"resourceType":"Patient","id":"chalmers","name":[{"family":"Chalmers"}]}`)
	do(t, "GET", h.URL+"/fhir/Patient/chalmers", "")
	do(t, "GET", h.URL+"/fhir/Patient/chalmers?name=chalmers", "")
	do(t, "PUT", h.URL+"/fhir/Patient/chalmers", `{"resourceType":"Patient","id":"chalmers","name":[{"famly":"Chalmers"}]}`)
	do(t, "GET", h.URL+"/fhir/Chalmers/chalmers", "")
	h.Close()
	lines := log.String()
	if strings.Contains(strings.ToLower(lines), "chalmers") {
		t.Errorf("the log has patient data: %s", lines)
	}
	for _, want := range []string{
		"method=PUT", "route=/fhir/:type/:id", "type=Patient", "status=201", "status=400", "status=404",
		"bytes=", "micros=", "request=", "client=127.0.0.1",
	} {
		t.Run(want, func(t *testing.T) {
			if !strings.Contains(lines, want) {
				t.Errorf("the log lacks %s: %s", want, lines)
			}
		})
	}
	if n := strings.Count(lines, "msg=request"); n != 5 {
		t.Errorf("%d lines for 5 requests: %s", n, lines)
	}
}

// TestWarningsCanStandInAHeader has a guard that warns in awkward words.
func TestWarningsCanStandInAHeader(t *testing.T) {
	r4, s := definition.R4(), openSQLite(t)
	engine, err := interaction.New(interaction.Config{
		Store: s, Schema: r4, ResourceTypes: r4.ResourceTypes(), Guards: []interaction.Guard{awkward{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	front, err := server.New(server.Config{Engine: engine.As(nil), Store: s, ResourceTypes: r4.ResourceTypes()})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(front)
	defer h.Close()
	_, header, _ := do(t, "POST", h.URL+"/fhir/Patient", `{"resourceType":"Patient"}`)
	if got, want := header.Get("Warning"), `299 caseway "Patient: a 'quote', a?? break"`; got != want {
		t.Errorf("Warning: %s, want %s", got, want)
	}
}

type awkward struct{}

func (awkward) Check(_ context.Context, p *interaction.Pending) error {
	p.Issue(fhir.Issue{Severity: fhir.SeverityWarning, Code: fhir.IssueValue, Expression: "Patient", Text: "a \"quote\", a\r\n break"})
	return nil
}
