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

// What Go may have leaves room in the container, of which the room that is
// never touched takes nothing.
func TestMemoryOfAContainer(t *testing.T) {
	for _, row := range []struct{ container, want int64 }{
		{240 << 20, (240 - 80 + 40) << 20},
		{600 << 20, (600 - 192 + 40) << 20},
		{8 << 30, 8<<30 - (192-40)<<20},
	} {
		if got := memoryOf(row.container); got != row.want {
			t.Errorf("of %d MiB Go may have %d MiB, want %d", row.container>>20, got>>20, row.want>>20)
		}
	}
}
