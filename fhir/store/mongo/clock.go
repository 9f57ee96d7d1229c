package mongo

import (
	"context"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

const (
	clockEvery  = 15 * time.Second       // the clock is measured anew
	clockMaxRTT = 500 * time.Millisecond // a slower answer says too little
)

// serverClock tells the database server's time. Between measurements it runs
// by the monotonic clock of this process.
type serverClock struct {
	mu     sync.Mutex
	base   time.Time // local, monotonic
	server time.Time // the server's time at base
	stamps time.Time // how far stamps have come
	behind bool      // stamps are far ahead of the server's time
}

// clockBehind is how far stamps may be ahead before that is worth saying.
const clockBehind = 5 * time.Second

// now is the server's time in milliseconds, UTC.
func (c *serverClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reading()
}

func (c *serverClock) reading() time.Time {
	return c.server.Add(time.Since(c.base)).UTC().Truncate(time.Millisecond)
}

// stamp is the server's time for a commit. It never falls: where the server's
// clock was set back it stands still, for up to where stamps had come before
// history was said to be complete.
func (c *serverClock) stamp() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.reading(); now.After(c.stamps) {
		c.stamps = now
	}
	return c.stamps
}

// reach keeps stamps from falling behind one that there is.
func (c *serverClock) reach(stamp time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if stamp.After(c.stamps) {
		c.stamps = stamp
	}
}

// set takes a measurement: the server's answer to a question sent at sent.
// It reports how far stamps are ahead of it, where that has become too much.
func (c *serverClock) set(h *hello, sent time.Time) (ahead time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if rtt := time.Since(sent); c.base.IsZero() || rtt < clockMaxRTT {
		c.base, c.server = sent.Add(rtt/2), h.LocalTime
	}
	ahead = c.stamps.Sub(c.reading())
	before := c.behind
	c.behind = ahead > clockBehind
	if before || !c.behind {
		return 0
	}
	return ahead
}

// skew is how far the server's clock is ahead of this machine's. Less than a
// second is nobody's matter.
func (c *serverClock) skew() time.Duration {
	if d := time.Until(c.now()); d.Abs() >= time.Second {
		return d.Round(time.Millisecond)
	}
	return 0
}

// settled is the instant up to which everything could be read when the server
// said hello. Where the majority is behind, what it doesn't have yet can't be
// read; what was committed before its latest write has a stamp that is at most
// stampLife older, and the server tells that time in seconds.
func (h *hello) settled() time.Time {
	at := h.LocalTime.Add(-settleAfter)
	if w := h.LastWrite; w != nil && !w.OpTime.Equal(w.MajorityOpTime) {
		if lag := w.MajorityWriteDate.Add(-stampLife - time.Second); lag.Before(at) {
			at = lag
		}
	}
	return at.UTC()
}

// measure asks the server for its time.
func (s *Store) measure(ctx context.Context) (*hello, error) {
	sent := time.Now()
	var h hello
	if err := s.db.RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Decode(&h); err != nil {
		return nil, err
	}
	if ahead := s.clock.set(&h, sent); ahead > 0 {
		s.log.Warn("the database server's clock is behind the newest version, whose time new versions get until the clock "+
			"has caught up: it ran ahead before, or is wrong now", "behind", ahead.Round(time.Second))
	}
	return &h, nil
}

// reachNewest lets stamps begin where those of other processes have come. What
// was displaced is never newer than its head.
func (s *Store) reachNewest(ctx context.Context) error {
	for _, live := range []bool{true, false} {
		newest := options.Find().SetSort(bson.D{{Key: fPlace, Value: -1}}).SetLimit(1)
		refs, err := queryRefs(ctx, s.heads, bson.D{{Key: fLive, Value: live}}, newest)
		if err != nil {
			return err
		}
		for _, r := range refs {
			s.clock.reach(r.at)
		}
	}
	_, err := s.measure(ctx)
	return err
}

// keepTime measures the clock now and then until ctx ends.
func (s *Store) keepTime(ctx context.Context) {
	defer close(s.closed)
	tick := time.NewTicker(clockEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			limited, cancel := context.WithTimeout(ctx, selectTimeout)
			if _, err := s.measure(limited); err != nil && ctx.Err() == nil {
				s.log.Warn("the database server's clock couldn't be read", "error", err)
			}
			cancel()
		}
	}
}
