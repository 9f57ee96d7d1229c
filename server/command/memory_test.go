package command

import (
	"runtime"
	"runtime/metrics"
	"testing"

	"caseway/fhir/store/sqlite"
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

// A container's memory is divided between Go and the caches of SQLite, however
// many connections there are.
func TestMemoryOfAContainer(t *testing.T) {
	for _, row := range []struct {
		name        string
		container   int64
		connections int
		outside     int64
		cache       int64
	}{
		{"none", 0, 8, 0, 0},
		{"small", 240 << 20, 8, 80 << 20, 10 << 20},
		{"small on many cores", 240 << 20, 40, 80 << 20, 2 << 20},
		{"large", 8 << 30, 8, 192 << 20, sqlite.DefaultCache},
		{"large on many cores", 8 << 30, 96, 192 << 20, 2 << 20},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := outside(row.container); got != row.outside {
				t.Errorf("outside of Go are %d bytes, want %d", got, row.outside)
			}
			if got := cacheOf(row.container, row.connections); got != row.cache {
				t.Errorf("each of %d connections keeps %d bytes, want %d", row.connections, got, row.cache)
			}
		})
	}
}
