package sqlite

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"
	"unsafe"

	"zombiezen.com/go/sqlite"

	"caseway/fhir"
	"caseway/fhir/store"
)

// readers are reading connections, opened when first needed. The one that was
// given back last is taken first: its cache is warm.
type readers struct {
	s     *Store
	taken chan struct{} // as many as there may be

	mu   sync.Mutex
	idle []*reader
}

func newReaders(s *Store) *readers {
	return &readers{s: s, taken: make(chan struct{}, s.opt.Readers)}
}

// reader takes a connection, waiting for one until ctx ends; within Snapshot
// it is the one that is held. Give it back with readers.put.
func (s *Store) reader(ctx context.Context) (*reader, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if h, ok := ctx.Value(held{s}).(*holding); ok && !h.over {
		return h.reader, nil
	}
	select {
	case <-s.closing:
		return nil, ErrClosed
	default:
	}
	select {
	case s.readers.taken <- struct{}{}:
	case <-s.closing:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	r, err := s.readers.get()
	if err != nil {
		<-s.readers.taken
		return nil, failure(err)
	}
	return r, nil
}

// get gives an idle connection, or a new one.
func (p *readers) get() (*reader, error) {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		r := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return r, nil
	}
	p.mu.Unlock()
	return openReader(p.s)
}

func (p *readers) put(r *reader) {
	if r.held != nil {
		return
	}
	p.mu.Lock()
	p.idle = append(p.idle, r)
	p.mu.Unlock()
	<-p.taken
}

func (p *readers) busy() int { return len(p.taken) }

// close waits until all connections are given back, and closes them.
func (p *readers) close() error {
	for range cap(p.taken) {
		p.taken <- struct{}{}
	}
	var errs []error
	for _, r := range p.idle {
		errs = append(errs, r.conn.Close())
	}
	p.idle = nil
	return errors.Join(errs...)
}

// reader is a connection with the statements that are used all the time.
type reader struct {
	conn    *sqlite.Conn
	stmts   *stmtCache
	begin   *sqlite.Stmt
	end     *sqlite.Stmt
	head    *sqlite.Stmt // current version of a key
	version *sqlite.Stmt // one version of a key
	row     *sqlite.Stmt // version by seq
	newest  *sqlite.Stmt // stamp of the newest commit
	merged  *sqlite.Stmt // the last head whose postings are in the table
	held    *source      // what Snapshot, whose transaction is open, sees
	key     []byte       // scratch
	scratch []byte       // scratch
}

// columns are what scan reads.
const columns = "version, updated, method, body, key"

func openReader(s *Store) (*reader, error) {
	c, err := s.connect(readerPragmas)
	if err != nil {
		return nil, err
	}
	r := &reader{conn: c, stmts: newStmtCache(c)}
	err = prepare(c, map[**sqlite.Stmt]string{
		&r.begin:   "BEGIN",
		&r.end:     "COMMIT",
		&r.head:    "SELECT " + columns + " FROM version WHERE key = ? ORDER BY version DESC LIMIT 1",
		&r.version: "SELECT " + columns + " FROM version WHERE key = ? AND version = ?",
		&r.row:     "SELECT " + columns + " FROM version WHERE seq = ?",
		&r.newest:  "SELECT max(updated) FROM version",
		&r.merged:  "SELECT seq FROM compacted",
	})
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	return r, nil
}

// snapshot runs f in one read transaction, so that all it reads is of one
// moment; ctx interrupts it.
func (r *reader) snapshot(ctx context.Context, f func() error) error {
	if r.held != nil {
		return interrupted(ctx, f())
	}
	r.conn.SetInterrupt(ctx.Done())
	defer r.conn.SetInterrupt(nil)
	if err := exec(r.begin); err != nil {
		return interrupted(ctx, err)
	}
	err := f()
	r.conn.SetInterrupt(nil) // or the end would be interrupted too
	if eerr := exec(r.end); err == nil {
		err = eerr
	}
	return interrupted(ctx, err)
}

// interrupted turns SQLite's word for an ended context into the context's own.
func interrupted(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil && sqlite.ErrCode(err).ToPrimary() == sqlite.ResultInterrupt {
		return ctx.Err()
	}
	return failure(err)
}

// bindKey binds a key without making a string of it first.
func (r *reader) bindKey(s *sqlite.Stmt, param int, key fhir.Key) {
	r.key = append(append(append(r.key[:0], key.Type...), '/'), key.ID...)
	s.BindText(param, unsafe.String(unsafe.SliceData(r.key), len(r.key)))
}

// current reads the current version of a key; the zero Version where there is none.
func (r *reader) current(key fhir.Key) (store.Version, error) {
	r.bindKey(r.head, 1, key)
	return one(r.head, key)
}

// one reads the one version that a statement gives, or none.
func one(s *sqlite.Stmt, key fhir.Key) (v store.Version, err error) {
	row, err := s.Step()
	if row {
		v = scan(s)
		v.Key = key
	}
	if rerr := s.Reset(); err == nil {
		err = rerr
	}
	return v, err
}

// scan reads the columns but for the key.
func scan(s *sqlite.Stmt) store.Version {
	v := store.Version{
		VersionID:   s.ColumnInt64(0),
		LastUpdated: instant(s.ColumnInt64(1)),
		Method:      methods[s.ColumnInt64(2)],
	}
	if v.Method != store.Delete {
		v.JSON = text(s, 3)
	}
	return v
}

// scanKey reads the key among the columns.
func scanKey(s *sqlite.Stmt) fhir.Key {
	typ, id, _ := strings.Cut(s.ColumnText(4), "/")
	return fhir.Key{Type: typ, ID: id}
}

// text is a column's text as bytes. The string is fresh memory that nobody
// else has, so it needs no second copy.
func text(s *sqlite.Stmt, column int) []byte {
	t := s.ColumnText(column)
	return unsafe.Slice(unsafe.StringData(t), len(t))
}

// settled is the stamp of the newest commit that this reader sees. The writer
// never stamps a later commit lower, but it may stamp it the same. Where nothing
// was ever committed it is the beginning of all stamps, for nobody knows how far
// back the clock of the first commit will be.
func (r *reader) settled() (time.Time, error) {
	_, err := r.newest.Step()
	ms := r.newest.ColumnInt64(0)
	if rerr := r.newest.Reset(); err == nil {
		err = rerr
	}
	return instant(ms), err
}

// methods are the methods by their number in the file.
var methods = [...]store.Method{1: store.Post, 2: store.Put, 3: store.Patch, 4: store.Delete}

// instant is the time of a stamp.
func instant(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
