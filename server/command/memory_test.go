package command

import (
	"runtime"
	"runtime/metrics"
	"testing"
)

func TestTheCollectorLeavesRoomToGrow(t *testing.T) {
	collectLess()
	goal := []metrics.Sample{{Name: "/gc/heap/goal:bytes"}}
	runtime.GC()
	metrics.Read(goal)
	if got := goal[0].Value.Uint64(); got < 2*uint64(len(room)) {
		t.Errorf("the heap may grow to %d MiB, with %d MiB reserved", got>>20, len(room)>>20)
	}
}
