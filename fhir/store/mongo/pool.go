package mongo

import (
	"sync/atomic"

	"go.mongodb.org/mongo-driver/v2/event"
)

// PoolStats say how the connections to the server are used.
type PoolStats struct {
	Open    int64 // connections
	InUse   int64 // connections that carry an operation
	Waiting int64 // operations that wait for a connection
	Failed  int64 // operations that never got one, since the start
}

// PoolStats returns the numbers of this moment.
func (s *Store) PoolStats() PoolStats {
	return PoolStats{
		Open: s.pool.open.Load(), InUse: s.pool.inUse.Load(),
		Waiting: s.pool.waiting.Load(), Failed: s.pool.failed.Load(),
	}
}

type poolCounts struct{ open, inUse, waiting, failed atomic.Int64 }

func (p *poolCounts) monitor() *event.PoolMonitor {
	return &event.PoolMonitor{Event: func(e *event.PoolEvent) {
		switch e.Type {
		case event.ConnectionCreated:
			p.open.Add(1)
		case event.ConnectionClosed:
			p.open.Add(-1)
		case event.ConnectionCheckOutStarted:
			p.waiting.Add(1)
		case event.ConnectionCheckOutFailed:
			p.waiting.Add(-1)
			p.failed.Add(1)
		case event.ConnectionCheckedOut:
			p.waiting.Add(-1)
			p.inUse.Add(1)
		case event.ConnectionCheckedIn:
			p.inUse.Add(-1)
		}
	}}
}
