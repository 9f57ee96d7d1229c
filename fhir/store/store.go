// Package store says what a FHIR store keeps and promises, whatever database
// is behind it.
//
// A store keeps resources with all their versions, and records: small values
// that FHIR never sees (keys, tokens, jobs, leases). It speaks FHIR (keys,
// versions, queries), not rows or documents.
//
// Promises, held by package storetest for every backend:
//
//   - Commit is all or nothing and durable when it returns without an error.
//   - Version ids of a resource are 1, 2, 3, …, without gaps; a tombstone has
//     one too. Every version stays readable.
//   - A version's lastUpdated is UTC with milliseconds and never smaller than
//     that of the version before it.
//   - What Commit returned as JSON is what every later read returns, byte for byte.
//
// Not here: access rules, validation, link rewriting, bundles: see package
// interaction.
package store

import (
	"context"
	"fmt"
	"iter"
	"time"

	"caseway/fhir"
	"caseway/fhir/budget"
	"caseway/fhir/search"
)

// Store is a FHIR store. Safe for concurrent use. Methods fail with
// *fhir.Error of kind Transient where the database is away or too busy and
// TooLarge where it can't hold a resource of that size, with *Conflict where
// Commit says so, with ctx.Err() where ctx ended, and otherwise with an error
// that no client can act on.
type Store interface {
	// Scan and Estimate let searches look into the index, CountType counts. A Scan
	// sees the store at one moment.
	search.Source
	search.Counter
	// Snapshot calls f with a context under which all scans, estimates and
	// reads see the store at one moment, as far as the database can; a
	// standalone MongoDB can't. They are made one after the other.
	Snapshot(ctx context.Context, f func(context.Context) error) error

	// Stale gives heads whose index an older generation than before made, in
	// page order behind a place, with their JSON.
	Stale(ctx context.Context, before int64, after search.Place, limit int) (search.Page, error)
	// Reindex sets the indexes and compartments of current versions, without a
	// new version or another lastUpdated. A resource whose current version is
	// another one by now, or was indexed by a later generation, is left as it is.
	Reindex(ctx context.Context, generation int64, changes []Reindexed) error

	// Read returns the current versions, tombstones among them, in the order
	// of keys. A key that never existed gives the zero Version (VersionID 0).
	Read(ctx context.Context, keys ...fhir.Key) ([]Version, error)

	// ReadWithin is Read that draws the JSON from room, and fails as room says
	// where it doesn't fit.
	ReadWithin(ctx context.Context, room *budget.Share, keys ...fhir.Key) ([]Version, error)

	// ReadVersion returns one version, the current one included; the zero
	// Version where there is none of that number.
	ReadVersion(ctx context.Context, key fhir.Key, versionID int64) (Version, error)

	// History returns versions, newest first.
	History(ctx context.Context, q HistoryQuery) (HistoryPage, error)

	// Commit applies all writes and record writes, or none, under one
	// lastUpdated. It returns the new versions in the order of Writes. A
	// precondition that doesn't hold fails with *Conflict and changes nothing.
	// Two writes to one key in one commit are a programming error. A store
	// that isn't Transactional (a standalone MongoDB) refuses a commit of
	// more than one write, or with criteria, with kind Invalid, code
	// not-supported. The store may keep references to the commit's byte
	// slices until it returns, and never changes them.
	Commit(ctx context.Context, c Commit) ([]Version, error)

	// Watch gives every committed version after a position: each at least
	// once, the versions of one resource in order. With an empty position it
	// starts with what is committed after the call. It waits for more until
	// ctx ends, then yields ctx.Err(). A position survives a restart; one that
	// the store no longer knows is made good by rereading history.
	Watch(ctx context.Context, after Position) iter.Seq2[Change, error]

	// Records returns up to limit records of a kind whose key starts with
	// prefix and is greater than after, ordered by key (bytes). Expired
	// records are left out.
	Records(ctx context.Context, kind, prefix, after string, limit int) ([]Record, error)

	// Transactional reports whether the store has transactions. It never changes
	// while the store is open, and costs nothing. A store without them takes no
	// transaction bundles and no conditional writes.
	Transactional() bool
	// Exclusive reports whether no other process changes resources meanwhile. It
	// never changes while the store is open, and costs nothing. Other programs may
	// read, or write records.
	Exclusive() bool

	// Check reports whether the store can answer and write now: nil, or why not.
	Check(ctx context.Context) error

	// Close ends background work and releases the database. Commits that
	// were not acknowledged may or may not have happened.
	Close() error
}

// Reindexed is the index of a version, made anew.
type Reindexed struct {
	Key       fhir.Key
	VersionID int64
	Index     search.Index
	// Compartments take the place of those that the version was written with.
	Compartments []string
}

// Method says by which interaction a version came to be; history shows it as
// Bundle.entry.request.method.
type Method string

// The methods.
const (
	Post   Method = "POST"
	Put    Method = "PUT"
	Patch  Method = "PATCH"
	Delete Method = "DELETE"
)

// Version is one version of a resource. A deletion is a version too: the
// tombstone, with Method Delete and no JSON.
type Version struct {
	Key         fhir.Key
	VersionID   int64     // 1, 2, 3, …; 0 marks the zero Version: there is none
	LastUpdated time.Time // UTC, milliseconds
	Method      Method
	JSON        []byte // exactly what a reader gets; nil for a tombstone. Not to be changed
}

// Exists reports whether this is a version at all, tombstones included.
func (v Version) Exists() bool { return v.VersionID > 0 }

// Deleted reports whether this is a tombstone.
func (v Version) Deleted() bool { return v.Method == Delete }

// AnyVersion as a Write's Expect takes whatever version is current.
const AnyVersion int64 = -1

// Write makes a new version of a resource, or its tombstone.
type Write struct {
	Key     fhir.Key
	Method  Method
	Content *fhir.Content // nil for Method Delete
	// Expect is the VersionID that must be current, tombstones included: 0 for
	// a resource that never existed, or AnyVersion. Otherwise VersionMismatch.
	Expect int64
	// Index is what the new version is found by; a tombstone has none.
	Index search.Index
	// Generation counts the sets of parameters that made Index. It grows.
	Generation int64
	// Compartments are the compartments that the new version belongs to, as
	// "Patient/1"; a tombstone keeps those of the version before it.
	Compartments []string
}

// Commit is what is to happen together.
type Commit struct {
	Writes        []Write
	Records       []RecordWrite
	Preconditions []Precondition
}

// Precondition must hold at the instant of the commit. Exactly one of its
// two forms is used.
type Precondition struct {
	// Exists: the current version of this key must be there and not deleted.
	Exists fhir.Key
	// Criteria, whatever they ask, must match exactly the resource with the id
	// Matches, or nothing where Matches is "". What this commit itself writes
	// doesn't count. Of two commits that each write a resource of a type which
	// the other's criteria must not match, only one happens.
	Criteria *search.Query
	Matches  string
}

// ConflictKind says which promise didn't hold.
type ConflictKind int

// The kinds of conflicts.
const (
	VersionMismatch ConflictKind = iota // a Write's Expect
	TargetMissing                       // a Precondition's Exists
	CriteriaChanged                     // a Precondition's Criteria
	RecordMismatch                      // a RecordWrite's Expect
)

// Conflict is a commit's refusal: nothing was changed, and resolving again
// from fresh reads may succeed.
type Conflict struct {
	Kind    ConflictKind
	Index   int      // of the write, precondition or record write
	Key     fhir.Key // of the write or the target
	Current int64    // for VersionMismatch: the current VersionID; -1 where it isn't known
}

func (c *Conflict) Error() string {
	what := [...]string{"version mismatch", "target missing", "criteria changed", "record mismatch"}[c.Kind]
	return fmt.Sprintf("commit refused: %s (member %d, current version %d)", what, c.Index, c.Current)
}

// HistoryQuery selects versions. With Type and ID it is one resource's
// history, with Type alone a type's, with neither the system's.
type HistoryQuery struct {
	Type, ID string
	Keys     []fhir.Key // when not nil: only versions of these (the _list parameter)
	// Compartments, when not nil: only versions that belong to one of these,
	// such as "Patient/1". A tombstone belongs where the version before it did.
	Compartments []string
	Since        time.Time // lastUpdated at or after; zero: no bound
	// AtFrom and AtTo select what was current at some instant of the
	// half-open range [AtFrom, AtTo); zero: no bound.
	AtFrom, AtTo time.Time
	After        HistoryPosition // continue behind this version; zero: from the newest
	Limit        int             // versions, at least 1
	LimitBytes   int             // of JSON: at least one version is returned, then no more than fit; 0: 32 MiB
	// Room is what the versions' JSON is drawn from: a page ends before one that
	// doesn't fit, even the first. nil: there is room.
	Room  *budget.Share
	Count bool // also count all that match, without regard to After and Limit
}

// HistoryPosition is the place of a version in the order of history: by
// LastUpdated, then type, id (bytes) and VersionID, all descending.
type HistoryPosition struct {
	LastUpdated time.Time
	Key         fhir.Key
	VersionID   int64
}

// HistoryPage is one page of history.
type HistoryPage struct {
	Versions []Version
	More     bool  // there are older ones
	Total    int64 // where Count was asked for
	// Settled is the instant up to which history was complete when this page
	// was read: no version with an earlier lastUpdated can appear any more. It
	// is never zero, also where the store is empty.
	Settled time.Time
}

// Position is an opaque place in the change feed.
type Position string

// Change is one committed version.
type Change struct {
	Version  Version
	Position Position // to resume behind this change
}

// Record is a small value beside the resources: never part of FHIR or history.
type Record struct {
	Kind, Key string
	Value     []byte
	Version   int64     // 1, 2, 3, …
	Expires   time.Time // UTC, milliseconds; zero: never
}

// RecordWrite sets or deletes a record.
type RecordWrite struct {
	Kind, Key string
	Value     []byte
	Delete    bool
	Expires   time.Time
	// Expect is the record's Version that must be current: 0 where there must
	// be none (an expired one counts as none), or AnyVersion.
	Expect int64
}
