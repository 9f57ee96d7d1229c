package command

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// Go collects garbage when the heap has doubled. While it is small, as ours
// is, that is dozens of times a second for a server under load, a fifth of its
// CPU. So a heap may always grow by roomToGrow before it is collected; large
// heaps still only double.
const roomToGrow = 40 << 20

// usualPercent is Go's default. Whoever sets GOGC is left alone.
const usualPercent = 100

// collectLess lets small heaps grow. It adjusts after each collection.
func collectLess() {
	before := debug.SetGCPercent(percentFor(0))
	if before != usualPercent {
		debug.SetGCPercent(before)
		return
	}
	runtime.SetFinalizer(&collection{percent: percentFor(0)}, (*collection).ended)
}

// collection is garbage from its beginning: its finalizer tells that a
// collection has ended, and makes it wait for the next.
type collection struct{ percent int }

func (c *collection) ended() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	percent := percentFor(live[0].Value.Uint64())
	if percent < c.percent*9/10 || percent > c.percent*11/10 { // setting it stops all for a moment
		debug.SetGCPercent(percent)
		c.percent = percent
	}
	runtime.SetFinalizer(c, (*collection).ended)
}

// percentFor is by how much a heap of so many live bytes may grow.
func percentFor(live uint64) int {
	const least = 4 << 20 // Go's own smallest heap
	return max(usualPercent, int(roomToGrow*100/max(live, least)))
}
