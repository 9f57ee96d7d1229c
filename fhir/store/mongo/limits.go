package mongo

import "time"

// Bounds on time. A caller's context may be shorter.
const (
	selectTimeout = 3 * time.Second  // to find a server that answers
	startTimeout  = 5 * time.Minute  // to open: an index may have to be built
	closeTimeout  = 5 * time.Second  // to give connections back
	checkTimeout  = 3 * time.Second  // for Check
	readTimeout   = 10 * time.Second // for a read of resources or records
	scanTimeout   = 30 * time.Second // for a page of history or search
	commitTimeout = 20 * time.Second // for a commit with all its tries
	lookTimeout   = 8 * time.Second  // for what a commit looks up before it is stamped
	awayTimeout   = 2 * time.Second  // for new tries while the server is away
	leaveTimeout  = 2 * time.Second  // for a transaction after its client has left
	retryAfter    = 2 * time.Second  // what a client is told
)

// Bounds on stamps: see the package comment.
const (
	stampLife   = 5 * time.Second
	settleAfter = 10 * time.Second
)

// Bounds on sizes.
const (
	// maxDocument is MongoDB's limit of 16 MiB less room for what a change
	// stream wraps around a document.
	maxDocument  = 16<<20 - 64<<10
	defaultBytes = 32 << 20 // of JSON in a page of history
	keysAtOnce   = 1000     // in one query by keys

	// writersAtOnce is less than the driver's default of 100 connections, and
	// few enough for a slow disk to acknowledge each within a stamp's life.
	writersAtOnce = 32
)
