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

// TestTheHeapOfItsOwnSettles: what clients had when it was looked at isn't taken
// for what the process needs by itself.
func TestTheHeapOfItsOwnSettles(t *testing.T) {
	const mb = 1 << 20
	own := ownHeap{bytes: roomToGrow, settled: true}
	var live, unused int64
	collected := 0
	look := func() {
		own.look(func() (int64, int64) { return live, unused }, func() { collected, unused = collected+1, 0 })
	}
	for i, row := range []struct {
		live, unused    int64
		want            int64
		wantCollections int
	}{
		{60 * mb, 0, 60 * mb, 0},
		{300 * mb, 0, 300 * mb, 1},     // what is on its way to clients
		{70 * mb, 0, 70 * mb, 2},       // and has come there
		{70 * mb, 0, 70 * mb, 2},       // nothing is to be done
		{70 * mb, 64 * mb, 70 * mb, 3}, // the system gets back what is spare
		{200 * mb, 0, 200 * mb, 4},     // the process needs more by itself
		{200 * mb, 0, 200 * mb, 5},     // as another look shows
		{210 * mb, 0, 210 * mb, 5},     //
		{20 * mb, 0, roomToGrow, 5},    //
		{20 * mb, 33 * mb, roomToGrow, 6},
	} {
		live, unused = row.live, row.unused
		if look(); own.bytes != row.want || collected != row.wantCollections {
			t.Errorf("look %d: %d MiB after %d collections, want %d after %d", i, own.bytes/mb, collected, row.want/mb, row.wantCollections)
		}
	}
}
