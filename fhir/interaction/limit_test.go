package interaction_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/fhir/store"
	"caseway/fhir/store/sqlite"
)

func TestLimits(t *testing.T) {
	ctx := context.Background()
	e := newEngine(t, interaction.Config{Limits: fhir.Limits{Bytes: 4 << 20, Depth: 20}})

	_, err := e.Create(ctx, interaction.CreateRequest{Type: "Patient", Body: []byte(strings.Repeat(" ", 5<<20))})
	wantError(t, err, fhir.TooLarge, fhir.IssueTooLong, "")
	_, err = e.Bundle(ctx, interaction.BundleRequest{Body: []byte(strings.Repeat(" ", 5<<20))})
	wantError(t, err, fhir.TooLarge, fhir.IssueTooLong, "")
	_, err = e.Create(ctx, interaction.CreateRequest{Type: "Patient", Body: []byte(strings.Repeat(`{"a":`, 100))})
	wantError(t, err, fhir.Structure, fhir.IssueStructure, "")

	entry := `{"request":{"method":"GET","url":"Patient/x"}}`
	for _, typ := range []string{"batch", "transaction"} {
		t.Run(typ, func(t *testing.T) {
			_, err = e.Bundle(ctx, interaction.BundleRequest{Body: []byte(
				`{"resourceType":"Bundle","type":"` + typ + `","entry":[` + entry + strings.Repeat(","+entry, 10_000) + `]}`)})
			wantError(t, err, fhir.TooLarge, fhir.IssueTooLong, "Bundle.entry")
		})
	}
}

// TestManyProblemsOfABatchAreNotThoseOfOthers: past the limit of issues an entry
// is still judged by itself.
func TestManyProblemsOfABatchAreNotThoseOfOthers(t *testing.T) {
	e := newEngine(t, interaction.Config{Limits: fhir.Limits{Issues: 3}})
	bad := `{"resource":{"resourceType":"Patient","gender":"x"},"request":{"method":"POST","url":"Patient"}}`
	good := `{"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}}`
	answer := string(must[[]byte](t)(e.Bundle(context.Background(), interaction.BundleRequest{Body: []byte(
		`{"resourceType":"Bundle","type":"batch","entry":[` + good + strings.Repeat(","+bad, 5) + "," + good + `]}`)})))
	for status, n := range map[string]int{"201 Created": 2, "422 Unprocessable Entity": 5, `"expression":["Bundle.entry[5].resource.gender"]`: 1} {
		t.Run(status, func(t *testing.T) {
			if got := strings.Count(answer, status); got != n {
				t.Errorf("%s %d times, want %d: %s", status, got, n, answer)
			}
		})
	}
}

// meddler changes the resource under every update, so that none ever holds.
type meddler struct{ engine *interaction.Session }

func (m *meddler) Check(ctx context.Context, p *interaction.Pending) error {
	_, err := m.engine.Update(ctx, interaction.UpdateRequest{Key: p.Images[0].Key, Body: p.Images[0].After.JSON})
	return err
}

func TestEndlessConflictsAreToldToTheClient(t *testing.T) {
	s := openSQLite(t)
	e := newEngine(t, interaction.Config{
		Store:  s,
		Guards: []interaction.Guard{&meddler{newEngine(t, interaction.Config{Store: s})}},
	})
	_, err := e.Update(context.Background(), interaction.UpdateRequest{
		Key: fhir.Key{Type: "Patient", ID: "a"}, Body: []byte(`{"resourceType":"Patient","id":"a"}`),
	})
	wantError(t, err, fhir.Transient, fhir.IssueTransient, "")
}

func TestACancelledContextEndsEveryInteraction(t *testing.T) {
	onEach(t, func(t *testing.T, e *interaction.Session) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		key := fhir.Key{Type: "Patient", ID: "a"}
		body := []byte(`{"resourceType":"Patient","id":"a"}`)
		bundle := `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}}]}`
		for name, do := range map[string]func() error{
			"read":  func() error { _, err := e.Read(ctx, key); return err },
			"vread": func() error { _, err := e.VRead(ctx, key, "1"); return err },
			"create": func() error {
				_, err := e.Create(ctx, interaction.CreateRequest{Type: "Patient", Body: body})
				return err
			},
			"update": func() error { _, err := e.Update(ctx, interaction.UpdateRequest{Key: key, Body: body}); return err },
			"delete": func() error { _, err := e.Delete(ctx, interaction.DeleteRequest{Key: key}); return err },
			"search": func() error { _, err := e.Search(ctx, interaction.SearchRequest{Type: "Patient"}); return err },
			"conditional update": func() error {
				_, err := e.Update(ctx, interaction.UpdateRequest{Key: fhir.Key{Type: "Patient"}, Criteria: "identifier=1", Body: body})
				return err
			},
			"conditional delete": func() error {
				_, err := e.Delete(ctx, interaction.DeleteRequest{Key: fhir.Key{Type: "Patient"}, Criteria: "identifier=1"})
				return err
			},
			"everything": func() error {
				_, err := e.Everything(ctx, interaction.EverythingRequest{Key: key})
				return err
			},
			"lastn": func() error {
				_, err := e.LastN(ctx, interaction.LastNRequest{Parameters: []search.Pair{{Name: "patient", Value: "1"}, {Name: "code", Value: "1"}}})
				return err
			},
			"history": func() error { _, err := e.History(ctx, interaction.HistoryRequest{}); return err },
			"transaction": func() error {
				_, err := e.Bundle(ctx, interaction.BundleRequest{Body: []byte(bundle)})
				return err
			},
			"batch": func() error {
				_, err := e.Bundle(ctx, interaction.BundleRequest{Body: []byte(strings.Replace(bundle, "transaction", "batch", 1))})
				return err
			},
		} {
			t.Run(name, func(t *testing.T) {
				if err := do(); !errors.Is(err, context.Canceled) {
					t.Errorf("%s: got %v, want context.Canceled", name, err)
				}
			})
		}
	})
}

func TestEveryKindHasAStatus(t *testing.T) {
	for _, kind := range fhir.Kinds() {
		if status := interaction.Status(kind); len(status) < 5 || status[0] != '4' && status[0] != '5' {
			t.Errorf("kind %d: %q", kind, status)
		}
	}
}

func TestAnEngineNeedsItsParts(t *testing.T) {
	if _, err := interaction.New(interaction.Config{}); err == nil {
		t.Error("an engine without a store")
	}
}

// slowScans is a store whose scans end with their context.
type slowScans struct{ *sqlite.Store }

func (s slowScans) Scan(ctx context.Context, _ search.Scan) (search.Page, error) {
	<-ctx.Done()
	return search.Page{}, ctx.Err()
}

func TestASearchThatTakesTooLongIsTooCostly(t *testing.T) {
	s := slowScans{openSQLite(t).(*sqlite.Store)}
	e := newEngine(t, interaction.Config{Store: s, SearchTime: 20 * time.Millisecond})
	for _, row := range overdueSearches {
		t.Run(row.name, func(t *testing.T) { wantError(t, row.search(e), fhir.TooCostly, fhir.IssueTooCostly, "") })
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	patient := newEngine(t, interaction.Config{Store: s})
	if _, err := patient.Search(ctx, interaction.SearchRequest{Type: "Patient"}); err == nil {
		t.Error("a search goes on when its client's time is over")
	}
}

// silent is a store that answers nothing.
type silent struct{ slowScans }

func (s silent) Records(ctx context.Context, _, _, _ string, _ int) ([]store.Record, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestAStoreThatStandsStillIsTransient(t *testing.T) {
	s := silent{slowScans{openSQLite(t).(*sqlite.Store)}}
	e := newEngine(t, interaction.Config{Store: s, SearchTime: 20 * time.Millisecond})
	for _, row := range overdueSearches {
		t.Run(row.name, func(t *testing.T) { wantError(t, row.search(e), fhir.Transient, fhir.IssueTransient, "") })
	}
}

// overdueSearches are interactions that search.
var overdueSearches = []struct {
	name   string
	search func(e *interaction.Session) error
}{
	{"search", func(e *interaction.Session) error {
		_, err := e.Search(context.Background(), interaction.SearchRequest{
			Type: "Patient", Parameters: []search.Pair{{Name: "gender", Value: "male"}},
		})
		return err
	}},
	{"conditional create", func(e *interaction.Session) error {
		_, err := e.Create(context.Background(), interaction.CreateRequest{
			Type: "Patient", Body: []byte(`{"resourceType":"Patient"}`), IfNoneExist: "identifier=http://example.org|1",
		})
		return err
	}},
	{"conditional delete", func(e *interaction.Session) error {
		_, err := e.Delete(context.Background(), interaction.DeleteRequest{
			Key: fhir.Key{Type: "Patient"}, Criteria: "identifier=http://example.org|1",
		})
		return err
	}},
}
