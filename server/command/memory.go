package command

// Go collects garbage when the heap has doubled. While it is small, as ours
// is, that is dozens of times a second for a server under load, a fifth of its
// CPU. So 40 MiB are reserved that are never touched: they count for the
// collector, which lets the heap grow by as much before it starts, and cost no
// memory, for the system gives pages only when they are written to.
const roomToGrow = 40 << 20

var room []byte

// collectLess reserves the room.
func collectLess() { room = make([]byte, roomToGrow) }
