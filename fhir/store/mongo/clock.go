package mongo

import (
	"context"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
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
}

// now is the server's time in milliseconds, UTC.
func (c *serverClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.server.Add(time.Since(c.base)).UTC().Truncate(time.Millisecond)
}

// set takes a measurement: the server's answer to a question sent at sent.
func (c *serverClock) set(h *hello, sent time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if rtt := time.Since(sent); c.base.IsZero() || rtt < clockMaxRTT {
		c.base, c.server = sent.Add(rtt/2), h.LocalTime
	}
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
	s.clock.set(&h, sent)
	return &h, nil
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
