package cases_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
)

// TestEditsAtOnce: of edits made at the same time, and writes of FHIR clients
// among them, each is either in the case or refused; none is overwritten.
func TestEditsAtOnce(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.running()
		goal := string(k.c.Goals[0].ID)
		tag := a.do("GET", k.path+"/goals/"+goal, "").header.Get("ETag")
		r, etag := a.stored(goal)
		r["statusReason"] = "as planned"
		before := goalVersions(a, goal)
		var notes, words atomic.Int64
		var wait sync.WaitGroup
		for i := range 6 {
			wait.Go(func() {
				got := a.do("POST", k.path+"/notes"+who, fmt.Sprintf(`{"text":"note %d"}`, i))
				count(t, got, http.StatusCreated, &notes)
			})
			wait.Go(func() {
				got := a.do("PATCH", k.path+"/goals/"+goal+who, fmt.Sprintf(`{"clientWords":"word %d"}`, i), "If-Match", tag, "Content-Type", asMerge)
				count(t, got, http.StatusOK, &words)
			})
		}
		wait.Go(func() {
			got := a.do("PUT", "/fhir/"+goal, text(r), "If-Match", etag, "Content-Type", "application/fhir+json")
			count(t, got, http.StatusOK, &words)
		})
		wait.Wait()
		k.read()
		if got := int64(len(k.c.Notes)); got != notes.Load() || got == 0 {
			t.Errorf("%d notes were taken, the case has %d", notes.Load(), got)
		}
		// All of them saw the same goal, so that one alone may change it.
		if got := goalVersions(a, goal) - before; words.Load() != 1 || got != 1 {
			t.Errorf("%d changes of the goal were taken, it has %d versions more", words.Load(), got)
		}
	})
}

// count counts what was done; everything else must be a conflict.
func count(t *testing.T, got answer, done int, counter *atomic.Int64) {
	switch got.status {
	case done:
		counter.Add(1)
	case http.StatusPreconditionFailed, http.StatusConflict:
	default:
		t.Errorf("got %d %s, want it done or refused by a precondition", got.status, got.body)
	}
}

// goalVersions is how many versions a goal has.
func goalVersions(a *api, goal string) int {
	var n int
	for v := 1; a.do("GET", fmt.Sprintf("/fhir/%s/_history/%d", goal, v), "").status == http.StatusOK; v++ {
		n = v
	}
	return n
}
