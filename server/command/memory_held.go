package command

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"caseway/fhir/budget"
)

// Beyond what the process needs by itself and what its clients may have, the
// heap doesn't double: it is collected as often as keeps it within headroom.
// What clients needed for a moment goes back to the system when it is spare.
const (
	headroom   = 48 << 20
	spare      = 32 << 20
	lookEvery  = 2 * time.Second
	liveHeap   = "/gc/heap/live:bytes"
	unusedHeap = "/memory/classes/heap/free:bytes"
)

// holdMemory keeps the heap to what it needs until ctx ends, within the bound
// that there is already.
func holdMemory(ctx context.Context, m *budget.Memory) {
	most := debug.SetMemoryLimit(-1)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	own := ownHeap{bytes: roomToGrow, settled: true}
	for {
		if m.Held() < spare {
			own.look(heap, debug.FreeOSMemory)
		}
		debug.SetMemoryLimit(min(most, own.bytes+m.Limit()/4*3+headroom))
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// ownHeap is what the process needs by itself.
type ownHeap struct {
	bytes   int64
	settled bool // it is no more than that
}

// look sees how much that is while clients have little. What they just got may
// still be on its way to them, counted by nobody: so much more than there was is
// looked at again, or nothing would ever collect it.
func (o *ownHeap) look(heap func() (live, unused int64), collect func()) {
	live, unused := heap()
	if unused > spare || live > o.bytes+spare || !o.settled {
		collect()
		live, _ = heap()
		o.settled = live <= o.bytes+spare
	}
	o.bytes = max(live, roomToGrow)
}

// heap is how many bytes were live at the last collection, and how many are
// unused and not given back.
func heap() (live, unused int64) {
	samples := []metrics.Sample{{Name: liveHeap}, {Name: unusedHeap}}
	metrics.Read(samples)
	return int64(samples[0].Value.Uint64()), int64(samples[1].Value.Uint64())
}
