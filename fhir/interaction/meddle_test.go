package interaction_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
)

// meddleOnce is what another process does between a write's reading and its
// commit, the first time.
type meddleOnce struct {
	once sync.Once
	do   func(ctx context.Context) error
}

func (m *meddleOnce) Check(ctx context.Context, _ *interaction.Pending) (err error) {
	m.once.Do(func() { err = m.do(ctx) })
	return err
}

// meddled gives an engine, another one on the same store, and what the other
// does between the first one's reading and commit.
func meddled(t *testing.T, s store.Store, do func(ctx context.Context, other *interaction.Session) error) (e, other *interaction.Session) {
	other = newEngine(t, interaction.Config{Store: s})
	guard := &meddleOnce{do: func(ctx context.Context) error { return do(ctx, other) }}
	return newEngine(t, interaction.Config{Store: s, Guards: []interaction.Guard{guard}}), other
}

const identified = `{"resourceType":"Patient","identifier":[{"value":"1"}]}`

func createIdentified(ctx context.Context, e *interaction.Session) error {
	_, err := e.Create(ctx, interaction.CreateRequest{Type: "Patient", Body: []byte(identified)})
	return err
}

func TestWhatOthersDoBeforeACommitIsSeen(t *testing.T) {
	const (
		conditional = `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":` + identified +
			`,"request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=1"}},
			{"resource":{"resourceType":"Basic","code":{"text":"x"}},"request":{"method":"POST","url":"Basic"}}]}`
		referring = `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":
			{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"Patient?identifier=1"}},"request":{"method":"POST","url":"Basic"}}]}`
	)
	key := fhir.Key{Type: "Patient", ID: "p"}
	putIdentified := interaction.UpdateRequest{Key: key, Body: []byte(`{"resourceType":"Patient","id":"p","identifier":[{"value":"1"}]}`)}
	remove := func(ctx context.Context, e *interaction.Session) error {
		_, err := e.Delete(ctx, interaction.DeleteRequest{Key: key})
		return err
	}
	for _, c := range []struct {
		name   string
		bundle string
		before bool // the patient is there
		meddle func(ctx context.Context, e *interaction.Session) error
		want   string // in the answer; "" for an unmet reference
	}{
		{"the condition is met meanwhile", conditional, false, createIdentified, `"200 OK"`},
		{"what met the condition is deleted meanwhile", conditional, true, remove, `Patient/`},
		{"what is referred to is deleted meanwhile", referring, true, remove, ""},
	} {
		for _, b := range backends {
			t.Run(c.name+"/"+b.name, func(t *testing.T) {
				e, other := meddled(t, b.open(t), c.meddle)
				if c.before {
					must[interaction.Result](t)(other.Update(context.Background(), putIdentified))
				}
				answer, err := e.Bundle(context.Background(), interaction.BundleRequest{Body: []byte(c.bundle)})
				if c.want == "" {
					wantError(t, err, fhir.Unprocessable, fhir.IssueNotFound, "Bundle.entry[0].resource.subject.reference")
					return
				}
				if err != nil || !strings.Contains(string(answer), c.want) || c.before && strings.Contains(string(answer), "Patient/p") {
					t.Errorf("%s, %v", answer, err)
				}
			})
		}
	}
}

func TestAnUpdateThatWasOvertakenHappensOnWhatIsThere(t *testing.T) {
	key := fhir.Key{Type: "Patient", ID: "p"}
	update := interaction.UpdateRequest{Key: key, Body: []byte(`{"resourceType":"Patient","id":"p"}`)}
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			e, _ := meddled(t, b.open(t), func(ctx context.Context, other *interaction.Session) error {
				_, err := other.Update(ctx, update)
				return err
			})
			r := must[interaction.Result](t)(e.Update(context.Background(), update))
			if r.Version.VersionID != 2 || r.Created {
				t.Errorf("version %d, created %v", r.Version.VersionID, r.Created)
			}
		})
	}
}
