package sqlite

import "time"

// longestWait bounds how long a group waits for others.
const longestWait = 2 * time.Millisecond

// pace decides how long a group waits for commits that are about to come. To
// sync the log costs about the same for one commit and for twenty, and clients
// that write one thing after the other come back soon after they were
// answered: so a group waits for as many as there were before, and no longer
// than a sync takes, which is what waiting saves. A client that writes alone never
// waits.
type pace struct {
	expected int           // commits that may come together
	sync     time.Duration // that a commit of a group takes, smoothed
}

// expect remembers how many commits were under way at the end of a group.
func (p *pace) expect(n int) { p.expected = n }

// took remembers what a sync took.
func (p *pace) took(d time.Duration) { p.sync += (d - p.sync) / 8 }

// await gives a commit that comes while a group of some members, begun at
// start, may wait; nil where none does.
func (p *pace) await(s *Store, members int, start time.Time) *pending {
	left := min(p.sync, longestWait) - time.Since(start)
	if members >= p.expected || left <= 0 {
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
