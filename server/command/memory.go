package command

import (
	"log/slog"
	"math"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"caseway/fhir/store/sqlite"
)

// Go collects garbage when the heap has doubled. While it is small, as ours
// is, that is dozens of times a second for a server under load, a fifth of its
// CPU. So 40 MiB are reserved that are never touched: they count for the
// collector, which lets the heap grow by as much before it starts, and cost no
// memory, for the system gives pages only when they are written to.
const roomToGrow = 40 << 20

var room []byte

// collectLess reserves the room.
func collectLess() { room = make([]byte, roomToGrow) }

// boundMemory has Go collect earlier as it comes near to what a container may
// have, beyond which the system would kill the process. GOMEMLIMIT goes before.
func boundMemory(log *slog.Logger) {
	if debug.SetMemoryLimit(-1) != math.MaxInt64 {
		return
	}
	if container := containerMemory(); container > 0 {
		of := container - outside(container) + roomToGrow
		debug.SetMemoryLimit(of)
		log.Info("memory is bounded by the container", "container", container, "go", of)
	}
}

// containerMemory is what a container may have; 0 where there is none, or none
// with a bound.
func containerMemory() int64 {
	limit, err := memlimit.FromCgroup()
	if err != nil || limit > math.MaxInt64/2 {
		return 0
	}
	return int64(limit)
}

// outside is what is left of a container for memory that isn't Go's, the caches
// of SQLite above all.
func outside(container int64) int64 {
	const enough = 192 << 20
	return min(container/3, enough)
}

// cacheOf is what each connection to SQLite may keep in a container; 0 where
// nothing bounds it.
func cacheOf(container int64, connections int) int64 {
	if container == 0 {
		return 0
	}
	return min(sqlite.DefaultCache, outside(container)/int64(connections))
}
