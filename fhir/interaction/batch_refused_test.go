package interaction_test

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"caseway/fhir"
	"caseway/fhir/budget"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
)

// largeStore has a resource of a MiB under every key, and knows how many of them
// somebody still has.
type largeStore struct {
	store.Store
	mu   sync.Mutex
	had  []int64 // after each read
	have atomic.Int64
}

func (s *largeStore) Read(_ context.Context, keys ...fhir.Key) ([]store.Version, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range 10 { // cleanups come a while after a collection
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	s.had = append(s.had, s.have.Load())
	text := []byte(`{"resourceType":"Basic","id":"` + keys[0].ID + `"` + strings.Repeat(" ", 1<<20) + `}`)
	s.have.Add(1)
	runtime.AddCleanup(&text[0], func(have *atomic.Int64) { have.Add(-1) }, &s.have)
	return []store.Version{{Key: keys[0], VersionID: 1, JSON: text}}, nil
}

// Exclusive implements store.Store.
func (s *largeStore) Exclusive() bool { return true }

// TestABatchKeepsNothingOfRefusedReads: what there is no room for in the answer
// isn't held until the batch ends.
func TestABatchKeepsNothingOfRefusedReads(t *testing.T) {
	s := &largeStore{}
	e, err := interaction.New(interaction.Config{Store: s, Schema: definition.R4(), ResourceTypes: []string{"Basic", "Bundle"}})
	if err != nil {
		t.Fatal(err)
	}
	entry := `{"request":{"method":"GET","url":"Basic/a"}}`
	answer := budget.NewAnswer(2<<20+1<<19, nil)
	text, err := e.As(nil).Bundle(t.Context(), interaction.BundleRequest{Base: base, Answer: answer, Body: []byte(
		`{"resourceType":"Bundle","type":"batch","entry":[` + entry + strings.Repeat(","+entry, 19) + `]}`,
	)})
	if err != nil {
		t.Fatal(err)
	}
	if given := strings.Count(string(text), `"status":"200`); given != 2 || len(s.had) < 8 {
		t.Fatalf("%d entries are given of %d that were read, want 2 of 8 or more", given, len(s.had))
	}
	// Two are shown, and few are being read at once.
	if most := int64(2 + 2*runtime.GOMAXPROCS(0)); s.had[len(s.had)-1] > most {
		t.Errorf("of %v resources somebody has after each read, want %d at most", s.had, most)
	}
}
