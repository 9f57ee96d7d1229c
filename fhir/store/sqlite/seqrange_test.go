package sqlite

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"caseway/fhir/search"
)

// Page order is the order of commits, whatever the clock does: it stands still,
// jumps ahead and goes back.
func TestPlacesWhileTheClockGoesBackwards(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var now atomic.Int64 // seconds after start; the writer asks for the time in its own goroutine
	clock := func() time.Time { return start.Add(time.Duration(now.Load()) * time.Second) }
	s := open(t, filepath.Join(t.TempDir(), "store.db"), Options{Clock: clock})
	var want []string
	for i, seconds := range []int64{0, 0, 5, 3, -100, 4, 6, 6, 1, 7} {
		now.Store(seconds)
		commit(t, s, write(fmt.Sprint(i), 10))
		want = append(want, "Patient/"+fmt.Sprint(i))
	}
	for _, c := range []struct {
		from, to    float64 // seconds; 0: no bound
		first, last int     // which are to be found
	}{
		{0, 0, 0, 10},
		{1, 0, 2, 10},
		{5, 0, 2, 10},
		{5.0001, 0, 6, 10},
		{0, 5, 0, 2},
		{0, 5.5, 0, 6},
		{5, 6, 2, 6},
		{6, 7, 6, 9},
		{7, 7, 10, 10},
		{8, 9, 10, 10},
		{-5, -1, 0, 0},
	} {
		at := func(seconds float64) time.Time {
			if seconds == 0 {
				return time.Time{}
			}
			return start.Add(time.Duration(seconds * float64(time.Second)))
		}
		page, err := s.Scan(t.Context(), search.Scan{Term: "Patient.active=true", Limit: 20, Updated: search.Updated{From: at(c.from), To: at(c.to)}})
		if got, want := keysOf(page.Hits), fmt.Sprint(want[c.first:c.last]); "["+got+"]" != want || err != nil {
			t.Errorf("from %v to %v: %s, want %s, error %v", c.from, c.to, got, want, err)
		}
		for i, h := range page.Hits[min(1, len(page.Hits)):] {
			if h.Place.Compare(page.Hits[i].Place) <= 0 {
				t.Errorf("%s doesn't stand behind the one before", h.Key)
			}
		}
	}
	if _, err := s.Scan(t.Context(), search.Scan{Type: "Patient", Limit: 1, After: search.Place{Updated: 1, Tie: "é"}}); err == nil {
		t.Error("a place of no store was taken")
	}
}

func keysOf(hits []search.Hit) string {
	var keys []string
	for _, h := range hits {
		keys = append(keys, h.Key.String())
	}
	return strings.Join(keys, " ")
}
