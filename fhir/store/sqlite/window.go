package sqlite

import "time"

// longestWindow bounds how long a group waits for others.
const longestWindow = 2 * time.Millisecond

// commitWindow is how long a group commit waits for commits that are about to come.
// To sync the log costs about the same for one commit and for twenty, and clients
// that write one thing after the other come back soon after they were
// answered: so a group waits for as many as there were before, and no longer
// than a sync takes, which is what waiting saves. A client that writes alone never
// waits.
type commitWindow struct {
	expected int           // commits that may come together
	sync     time.Duration // that a commit of a group takes, smoothed
}

// expect takes in how many commits were under way at the end of a group.
func (w *commitWindow) expect(n int) { w.expected = n }

// synced takes in how long a sync took.
func (w *commitWindow) synced(d time.Duration) { w.sync += (d - w.sync) / 8 }

// await gives a commit that comes while a group of some members, begun at
// start, may wait; nil where none does.
func (w *commitWindow) await(s *Store, members int, start time.Time) *pending {
	left := min(w.sync, longestWindow) - time.Since(start)
	if members >= w.expected || left <= 0 {
		return nil
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case next := <-s.queue:
		return next
	case <-timer.C:
		return nil
	case <-s.closing:
		return nil
	}
}
