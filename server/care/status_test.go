package care_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/fhir/store"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/mongo/mongotest"
	"caseway/fhir/store/sqlite"
	"caseway/server/care"
)

func onEachStore(t *testing.T, run func(t *testing.T, s *interaction.Session)) {
	t.Helper()
	onEachEngine(t, func(t *testing.T, e *interaction.Engine) { run(t, e.As(nil)) })
}

func onEachEngine(t *testing.T, run func(t *testing.T, e *interaction.Engine)) {
	t.Helper()
	for name, open := range map[string]func(t *testing.T) (store.Store, error){
		"sqlite": func(t *testing.T) (store.Store, error) {
			return sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "caseway.db"), sqlite.Options{})
		},
		"mongo": func(t *testing.T) (store.Store, error) {
			return mongo.Open(t.Context(), mongotest.Server(t).URI, mongo.Options{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := open(t)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = data.Close() })
			r4 := definition.R4()
			noon := func() time.Time { return time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC) }
			engine, err := interaction.New(interaction.Config{
				Store: data, Schema: r4, ResourceTypes: r4.ResourceTypes(), Guards: []interaction.Guard{care.NewStatuses(r4, noon), care.NewOnePatient(false)},
			})
			if err != nil {
				t.Fatal(err)
			}
			run(t, engine)
		})
	}
}

func put(t *testing.T, s *interaction.Session, key, rest string) (string, error) {
	t.Helper()
	typ, id, _ := strings.Cut(key, "/")
	r, err := s.Update(t.Context(), interaction.UpdateRequest{
		Key: fhir.Key{Type: typ, ID: id}, Body: []byte(`{"resourceType":"` + typ + `","id":"` + id + `",` + rest + `}`),
	})
	return string(r.Version.JSON), err
}

// TestTaskSteps: a step that R4's state machine doesn't have is refused and says what
// may follow.
func TestTaskSteps(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *interaction.Session) {
		for _, row := range []struct {
			from, to string
			legal    bool
		}{
			{"draft", "requested", true},
			{"draft", "completed", true},
			{"requested", "accepted", true},
			{"requested", "completed", true},
			{"requested", "failed", true},
			{"on-hold", "completed", true},
			{"in-progress", "in-progress", true},
			{"completed", "entered-in-error", true},
			{"accepted", "requested", false},
			{"in-progress", "received", false},
			{"completed", "in-progress", false},
			{"cancelled", "requested", false},
			{"rejected", "accepted", false},
			{"entered-in-error", "requested", false},
		} {
			t.Run(row.from+" to "+row.to, func(t *testing.T) {
				key := "Task/" + row.from + "-" + row.to
				if _, err := put(t, s, key, `"status":"`+row.from+`","intent":"order"`); err != nil {
					t.Fatalf("a new Task may have any status, got %v", err)
				}
				_, err := put(t, s, key, `"status":"`+row.to+`","intent":"order","description":"x"`)
				if row.legal && err != nil || !row.legal && !fhir.Is(err, fhir.Unprocessable) {
					t.Errorf("got %v, want it let through: %v", err, row.legal)
				}
				if !row.legal && !strings.Contains(err.Error(), "task-status: a Task that is "+row.from+" can't become "+row.to+"; what follows is ") {
					t.Errorf("got %v, want both statuses and what follows", err)
				}
			})
		}
	})
}

// blind is an Access that lets everybody write and nobody read.
type blind struct{}

func (blind) Decide(_ context.Context, q interaction.Question) error {
	if q.What == interaction.Read {
		return fhir.NewError(fhir.Forbidden, fhir.IssueForbidden, "no")
	}
	return nil
}

func (blind) Narrow(context.Context, interaction.Name, string) (search.Expr, error) { return nil, nil }

func (blind) History(context.Context, string) ([]string, error) { return nil, nil }

// TestTaskStepsTellNothingHidden: who may write a Task and not read it isn't told of its
// status.
func TestTaskStepsTellNothingHidden(t *testing.T) {
	onEachEngine(t, func(t *testing.T, e *interaction.Engine) {
		if _, err := put(t, e.As(nil), "Task/t", `"status":"completed","intent":"order"`); err != nil {
			t.Fatal(err)
		}
		_, err := put(t, e.As(blind{}), "Task/t", `"status":"accepted","intent":"order"`)
		if !fhir.Is(err, fhir.Unprocessable) || strings.Contains(err.Error(), "completed") {
			t.Errorf("got %v, want it refused without the status", err)
		}
	})
}

// TestStatusHistoryOfEpisodes: the server appends what changes, and leaves what a
// client writes itself.
func TestStatusHistoryOfEpisodes(t *testing.T) {
	const (
		patient = `"patient":{"reference":"Patient/p"}`
		planned = `{"status":"planned","period":{"start":"2026-01-01","end":"2026-02-01"}}`
		waited  = `{"status":"waitlist","period":{"start":"2026-02-01","end":"2026-03-01"}}`
		now     = "2026-12-01T12:00:00.000Z"
	)
	onEachStore(t, func(t *testing.T, s *interaction.Session) {
		for _, row := range []struct{ name, before, after, want string }{
			{"a new status", `"status":"active"`, `"status":"finished"`, `"statusHistory":[{"status":"active","period":{"end":"` + now + `"}}]`},
			{"since the episode began", `"status":"active","period":{"start":"2026-01-01"}`, `"status":"onhold"`, `"statusHistory":[{"status":"active","period":{"start":"2026-01-01","end":"` + now + `"}}]`},
			{
				"behind what is there", `"status":"active","statusHistory":[` + planned + `]`, `"status":"finished","statusHistory":[` + planned + `]`,
				`"statusHistory":[` + planned + `,{"status":"active","period":{"start":"2026-02-01","end":"` + now + `"}}]`,
			},
			{
				"where the client keeps none", `"status":"active","statusHistory":[` + planned + `]`, `"status":"finished"`,
				`"statusHistory":[` + planned + `,{"status":"active","period":{"start":"2026-02-01","end":"` + now + `"}}]`,
			},
			{"no new status", `"status":"active","statusHistory":[` + planned + `]`, `"status":"active"`, `"statusHistory":[` + planned + `]`},
			{"the client's own", `"status":"active","statusHistory":[` + planned + `]`, `"status":"finished","statusHistory":[` + planned + `,` + waited + `]`, `"statusHistory":[` + planned + `,` + waited + `]`},
		} {
			t.Run(row.name, func(t *testing.T) {
				key := "EpisodeOfCare/" + strings.ReplaceAll(strings.ReplaceAll(row.name, " ", "-"), "'", "")
				if _, err := put(t, s, key, row.before+","+patient); err != nil {
					t.Fatal(err)
				}
				got, err := put(t, s, key, row.after+","+patient+`,"identifier":[{"value":"1"}]`)
				if err != nil || !strings.Contains(got, row.want) || !strings.Contains(got, `"identifier":[{"value":"1"}]`) {
					t.Errorf("got %s, error %v, want %s and all else", got, err, row.want)
				}
			})
		}
	})
}
