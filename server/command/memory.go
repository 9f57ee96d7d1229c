package command

import (
	"log/slog"
	"math"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
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
	limit, err := memlimit.FromCgroup()
	if err != nil || limit == 0 || limit > math.MaxInt64/2 {
		return // there is no container, or none with a bound
	}
	of := memoryOf(int64(limit))
	debug.SetMemoryLimit(of)
	log.Info("memory is bounded by the container", "container", limit, "go", of)
}

// outside is what is left of a container for memory that isn't Go's: the caches
// of SQLite above all, which have 16 MB for each connection.
const outside = 192 << 20

// memoryOf is what Go may have of a container's memory.
func memoryOf(container int64) int64 { return container - min(container/3, outside) + roomToGrow }
