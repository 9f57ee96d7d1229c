// Package sqlite keeps a FHIR store in one SQLite file.
//
// Every version of every resource is a row of one table, in the order of its
// sequence number, which is the order of commits; the current version is the
// one with the highest version id. Beside it each current version has a head:
// its key and terms, all that a search looks at before it gives the body. Records
// have a table of their own. See schema.sql for the tables.
//
// The index leads from terms to heads. It is an inverted index that is kept as a
// log-structured merge tree is:
//
//   - A memtable (memtable.go) has the entries of the latest commits, in sorted
//     runs in memory.
//   - Posting lists (posting.go), in the table posting, have those of all commits
//     before: which heads have a term.
//   - A prefix dictionary (prefix.go) gives a number to what many terms begin with.
//   - Compaction (compaction.go) merges the memtable into the posting lists and
//     takes those of displaced heads out.
//
// Where to look: writer.go, commit.go and apply.go write a group of commits, and
// window.go decides how long a group waits for more of them; precondition.go checks
// what must hold; read.go, history.go, scan.go and fetch.go read; indexscan.go and
// intersect.go find a scan's heads by posting lists and intersect those; seqrange.go
// bounds scans by sequence numbers; compartment.go has which versions belong to a
// compartment; frontcode.go is how terms lie in a head, front-coded; conn.go opens
// connections; log.go empties the write-ahead log; openflag.go notices one that was
// lost; schema.go makes and migrates the tables; backup.go copies; lock_*.go keep a
// second process out; reindex.go replaces terms.
//
// One goroutine writes. It takes the commits that wait into one transaction,
// so that they share a durable write to disk. Each is checked whole before any of
// it is written; so a refusal never needs to undo anything, and the members
// don't need savepoints, which would copy every page that they touch. An error of
// the disk fails the whole group.
//
// Readers have connections of their own and see the last committed state. A
// method copies its answer out and ends its read transaction before it
// returns, so that no slow client keeps the write-ahead log from being emptied.
//
// A lock on the file itself keeps a second process out; [Backup] may run beside.
// Times are milliseconds since 1970. Not here: what a term or record means.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"caseway/fhir"
	"caseway/fhir/store"
)

// Options are an open store's settings; the zero value is good for a server.
type Options struct {
	// Readers is the number of reading connections; 0: two for each core and two.
	Readers int
	// CacheBytes is what each connection may keep of the file, in memory that
	// isn't Go's: each reader, and two that write; 0: 16 MB.
	CacheBytes int64
	// Clock gives the time for lastUpdated; nil: time.Now. It may go
	// backwards: lastUpdated then stands still.
	Clock func() time.Time
	// Observe, when not nil, is told how long each operation took: read,
	// vread, history, search, records and commit, as callers saw them, and
	// group, merge and restart, as the writer did them, and checkpoint, beside it.
	// Called concurrently.
	Observe func(op string, took time.Duration, err error)
	// Log gets what nobody waits for, such as a checkpoint that failed; nil: discarded.
	Log *slog.Logger

	mergeAt  int   // entries of the index in memory at which they are merged; 0: 12,000
	walLimit int64 // bytes of write-ahead log past which it is begun anew; 0: 64 MiB
	maxPages int   // of the database, so that a test can fill it; 0: no limit
}

// DefaultCache is how much a connection keeps of the file.
const DefaultCache = 16_000 << 10

func defaultReaders() int { return 2*runtime.GOMAXPROCS(0) + 2 }

// Connections is how many a store has by default.
func Connections() int { return defaultReaders() + 2 }

func (o Options) withDefaults() Options {
	if o.Readers <= 0 {
		o.Readers = defaultReaders()
	}
	if o.CacheBytes <= 0 {
		o.CacheBytes = DefaultCache
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Observe == nil {
		o.Observe = func(string, time.Duration, error) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.mergeAt == 0 {
		o.mergeAt = mergeAt
	}
	if o.walLimit == 0 {
		o.walLimit = 64 << 20
	}
	return o
}

// Store is a store.Store in an SQLite file.
type Store struct {
	path     string // behind symbolic links
	how      access
	opt      Options
	lock     *fileLock
	types    committedTypes
	prefixes *prefixes
	recent   atomic.Pointer[memtable]
	readers  *readers
	writer   *writer
	copier   *copier
	queue    chan *pending
	news     broadcast
	seq      atomic.Int64  // of the newest committed version
	ailing   atomic.Bool   // the last write to disk failed
	damaged  atomic.Bool   // something in the file can't be read
	backups  atomic.Int64  // that run now
	closing  chan struct{} // closed when Close begins
	close    sync.Once
	closed   sync.WaitGroup // the writer and the copier
}

var _ store.Store = (*Store)(nil)

// ErrClosed is what a closed store answers.
var ErrClosed = errors.New("sqlite: the store is closed")

// Open opens the store in the file at path, which is made where there is none,
// and migrates one of an older schema. Symbolic links may lead to the file. It
// fails where another process has the store open, by whatever name, where the
// directory can't be written to, and where the file has several names, is of a
// newer schema or no Caseway store.
func Open(ctx context.Context, path string, opt Options) (*Store, error) {
	lock, err := lockFile(path)
	if err != nil {
		return nil, err
	}
	s := &Store{
		path: lock.path, opt: opt.withDefaults(), lock: lock,
		queue: make(chan *pending, 1024), closing: make(chan struct{}),
	}
	if err := s.start(ctx); err != nil {
		if damage(err) {
			err = fmt.Errorf("the file is damaged, or is no store; a backup has to be restored: %w", err)
		}
		return nil, errors.Join(fmt.Errorf("sqlite: store %s: %w", path, err), lock.release())
	}
	return s, nil
}

// start opens the writer's connection, brings the schema up to date and
// begins to write.
func (s *Store) start(ctx context.Context) error {
	logged := hasLog(s.path)
	w, err := s.openWriter(ctx)
	if err != nil {
		return err
	}
	s.writer = w
	if s.copier, err = openCopier(s); err != nil {
		return errors.Join(err, w.conn.Close())
	}
	if err := w.setOpenFlag(logged); err != nil {
		s.ailing.Store(true)
		s.opt.Log.Error("the store takes no writes; it is read all the same", "store", s.path, "error", err)
	}
	types := w.types // a copy: the writer changes its own
	s.types.now.Store(&types)
	s.seq.Store(w.seq)
	s.readers = newReaders(s)
	s.closed.Go(w.run)
	s.closed.Go(s.copier.run)
	return nil
}

// openWriter opens the file for other programs to use too, and where its disk has
// no room for that, or can't be written, as it can be.
func (s *Store) openWriter(ctx context.Context) (w *writer, err error) {
	ways := []access{shared, alone}
	if fileSize(s.path+"-wal") == 0 {
		ways = append(ways, unchanging)
	}
	var errs []error
	for _, s.how = range ways {
		if w, err = openWriter(ctx, s); err == nil || !unwritable(err) {
			break
		}
		errs = append(errs, err)
	}
	switch {
	case err != nil && len(errs) == len(ways):
		return nil, fmt.Errorf("neither the file nor its log can be written, and the log, where there is one, "+
			"has what was written last: %w", errs[0])
	case err == nil && s.how == alone:
		s.opt.Log.Warn("the disk has no room for the index of the store's log, which is kept in memory; "+
			"other programs, such as a backup, can't use the store until it is opened anew", "store", s.path, "error", errs[0])
	}
	return w, err
}

// Close waits for what is being done, leaves commits that wait undone, and
// releases the file. It may be called again.
func (s *Store) Close() (err error) {
	s.close.Do(func() {
		close(s.closing)
		s.closed.Wait()
		err = errors.Join(s.readers.close(), s.copier.conn.Close())
		// A store that can't be said to be closed keeps its log, which the last
		// connection would remove.
		if merr := clearOpenFlag(s.writer.conn); merr == nil || s.how == unchanging {
			err = errors.Join(err, s.writer.conn.Close())
		} else {
			s.opt.Log.Warn("the store's log stays, for its file can't be written", "error", merr)
		}
		err = errors.Join(err, s.lock.release())
	})
	return err
}

// Check reads, and, where the last write failed, tries to write again. A store
// whose file was found to be damaged is never well again.
func (s *Store) Check(ctx context.Context) error {
	if s.damaged.Load() {
		return fhir.NewError(fhir.Transient, fhir.IssueTransient, "the store's file is damaged; a backup has to be restored")
	}
	if s.ailing.Load() {
		return s.probe(ctx)
	}
	r, err := s.reader(ctx)
	if err != nil {
		return err
	}
	defer s.readers.put(r)
	_, err = r.settled()
	return err
}

// probeBytes is how much must fit for the disk not to count as full: more than
// most resources have, with what the log needs around them.
const probeBytes = 256 << 10

// probe writes a record that has already expired.
func (s *Store) probe(ctx context.Context) error {
	_, err := s.Commit(ctx, store.Commit{Records: []store.RecordWrite{
		{Kind: "sqlite", Key: "probe", Value: make([]byte, probeBytes), Expect: store.AnyVersion, Expires: time.UnixMilli(1)},
	}})
	return err
}

// Stats is what the store does at the moment.
type Stats struct {
	Readers     int   // connections that there may be
	ReadersBusy int   // of them in use
	Waiting     int   // commits that wait for the writer
	WALBytes    int64 // size of the write-ahead log's file
}

// Stats measures the store.
func (s *Store) Stats() Stats {
	return Stats{
		Readers: s.opt.Readers, ReadersBusy: s.readers.busy(),
		Waiting: len(s.queue), WALBytes: fileSize(s.path + "-wal"),
	}
}

// observe reports an operation that began at start, and notices damage.
func (s *Store) observe(op string, start time.Time, err *error) {
	s.opt.Observe(op, time.Since(start), *err)
	if *err != nil && damage(*err) && !s.damaged.Swap(true) {
		s.opt.Log.Error("the store's file is damaged: what is on its damaged pages can't be read; restore a backup", "operation", op, "error", *err)
	}
}

// broadcast wakes all who wait for news.
type broadcast struct {
	mu sync.Mutex
	ch chan struct{}
}

// wait gives a channel that is closed with the next news.
func (b *broadcast) wait() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch == nil {
		b.ch = make(chan struct{})
	}
	return b.ch
}

func (b *broadcast) tell() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ch != nil {
		close(b.ch)
		b.ch = nil
	}
}
