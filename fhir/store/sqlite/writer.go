package sqlite

import (
	"context"
	"errors"
	"time"

	"zombiezen.com/go/sqlite"
)

// Bounds of a group: what has waited longest shouldn't wait for all who come later.
const (
	groupBytes = 8 << 20
	groupTime  = 50 * time.Millisecond
	sweepEvery = time.Minute
	mostSwept  = 1000 // records at a time
)

// writer is the one that writes. Its fields belong to its goroutine.
type writer struct {
	s           *Store
	conn        *sqlite.Conn
	stmts       *stmtCache
	types       typeNumbers      // those in the open transaction among them
	fresh       map[string]int64 // prefixes of the open transaction
	seq         int64            // of the newest version in the open transaction
	stamp       int64            // of the newest commit; never falls
	clockWarned int64            // when a warning last said that the clock is behind
	sql         statements
	heads       []head    // of the commit at hand
	latest      memtable  // with what the open transaction did
	added       sortedRun // not in latest yet
	gone        sortedRun
	term        []byte // scratch
	more        []byte
	seqs        []int64
	wrote       bool         // something, into the open transaction
	window      commitWindow // of group commits

	mergeNext int   // entries in memory at which to merge them
	walNext   int64 // size of the log at which to copy it again
	groups    int   // since the store was opened
	bytes     int64 // of commits since the log was measured
	swept     time.Time
}

// openWriter prepares the file and reads where the sequence stands.
func openWriter(ctx context.Context, s *Store) (*writer, error) {
	c, err := s.connect(writerPragmas)
	if err != nil {
		return nil, err
	}
	w := &writer{s: s, conn: c, stmts: newStmtCache(c), walNext: s.opt.walLimit}
	if err := w.load(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return w, nil
}

func (w *writer) load(ctx context.Context) (err error) {
	if w.s.how != unchanging {
		if err = requireLog(w.conn); err != nil {
			return err
		}
	}
	if err = migrate(ctx, w.conn); err != nil {
		return err
	}
	if w.s.opt.maxPages > 0 {
		if err = limitPages(w.conn, w.s.opt.maxPages); err != nil {
			return err
		}
	}
	if w.types, err = loadTypes(w.conn); err != nil {
		return err
	}
	if w.s.prefixes, err = loadPrefixes(w.conn); err != nil {
		return err
	}
	w.fresh = map[string]int64{}
	if w.seq, err = number(w.conn, "SELECT coalesce(max(seq), 0) FROM version"); err != nil {
		return err
	}
	if w.stamp, err = number(w.conn, "SELECT coalesce(max(updated), 0) FROM version"); err != nil {
		return err
	}
	if err = w.loadRecent(); err != nil {
		return err
	}
	w.mergeNext = w.s.opt.mergeAt
	w.watchClock(w.s.opt.Clock().UnixMilli())
	return w.sql.prepare(w.conn)
}

// run writes until the store closes.
func (w *writer) run() {
	for {
		select {
		case <-w.s.closing:
			w.stop()
			return
		case p := <-w.s.queue:
			w.group(p)
			w.housekeep()
		}
	}
}

// stop answers those who still wait.
func (w *writer) stop() {
	for {
		select {
		case p := <-w.s.queue:
			if p.take() {
				p.done <- ErrClosed
			}
		default:
			return
		}
	}
}

// group commits what waits together, and answers each member.
func (w *writer) group(first *pending) {
	start := time.Now()
	members, err := w.apply(first, start)
	if len(members) == 0 {
		return
	}
	if err == nil {
		err = w.commitGroup()
	}
	w.finish(members, err)
	w.window.expect(len(members) + len(w.s.queue))
	w.s.opt.Observe("group", time.Since(start), err)
}

// apply opens a transaction and writes waiting commits into it until it is
// large or old enough or nobody waits. A refused one stays among the members:
// it may have been refused for what others have only just written, so its
// answer has to wait until that is certain.
func (w *writer) apply(p *pending, start time.Time) (members []*pending, err error) {
	for size := 0; p != nil; p = w.next(len(members), size, start) {
		if !p.take() {
			continue
		}
		members = append(members, p)
		if len(members) == 1 {
			err = w.begin()
		}
		if err == nil {
			err = w.write(p)
		}
		if err != nil {
			return members, err
		}
		n := p.size()
		size += n
		w.bytes += int64(n)
	}
	return members, nil
}

// next is another commit that waits, or is worth waiting for, while the group
// may grow.
func (w *writer) next(members, size int, start time.Time) *pending {
	if size >= groupBytes || time.Since(start) > groupTime {
		return nil
	}
	select {
	case p := <-w.s.queue:
		return p
	default:
		return w.window.await(w.s, members, start)
	}
}

// finish publishes a group, or undoes it. An error of the disk fails all its
// members; any other is one member's, so each is tried alone.
func (w *writer) finish(members []*pending, err error) {
	if err == nil {
		w.publish()
		for _, p := range members {
			p.done <- p.refused
		}
		return
	}
	w.rollback()
	if ofTheDisk(err) {
		w.s.ailing.Store(true)
		for _, p := range members {
			p.done <- failure(err)
		}
		return
	}
	for _, p := range members {
		w.commitAlone(p)
	}
}

// commitAlone commits one member by itself.
func (w *writer) commitAlone(p *pending) {
	err := w.begin()
	if err == nil {
		err = w.write(p)
	}
	if err == nil {
		err = w.commitGroup()
	}
	if err == nil {
		w.publish()
		err = p.refused
	} else {
		w.rollback()
	}
	p.done <- failure(err)
}

// publish makes known what was committed.
func (w *writer) publish() {
	if w.wrote {
		w.s.ailing.Store(false)
	}
	types := w.types
	w.s.types.now.Store(&types)
	if w.s.seq.Swap(w.seq) != w.seq {
		w.s.news.tell()
	}
}

// begin opens a transaction.
func (w *writer) begin() error {
	w.seq, w.types, w.wrote = w.s.seq.Load(), *w.s.types.now.Load(), false
	clear(w.fresh)
	w.latest = *w.s.recent.Load()
	w.added.reset()
	w.gone.reset()
	return exec(w.sql.begin)
}

// rollback undoes the open transaction, if SQLite hasn't done so itself.
func (w *writer) rollback() {
	if w.conn.AutocommitEnabled() {
		return
	}
	if err := exec(w.sql.rollback); err != nil {
		w.s.opt.Log.Error("rolling back", "error", err)
	}
}

// now is the stamp of a new commit: the clock's, but never lower than one before.
func (w *writer) now() int64 {
	now := w.s.opt.Clock().UnixMilli()
	w.watchClock(now)
	w.stamp = max(w.stamp, now)
	return w.stamp
}

// Bounds of the warnings about the clock.
const (
	clockBehind    = int64(5 * time.Second / time.Millisecond)
	clockWarnEvery = int64(time.Minute / time.Millisecond)
)

// watchClock warns now and then that the clock is behind the newest stamp.
func (w *writer) watchClock(now int64) {
	if w.stamp-now < clockBehind || now >= w.clockWarned && now-w.clockWarned < clockWarnEvery {
		return
	}
	w.clockWarned = now
	w.s.opt.Log.Warn("the clock is behind the newest version, whose time new versions get until the clock has caught up: "+
		"it ran ahead before, or is wrong now",
		"clock", instant(now).Format(time.RFC3339), "newest", instant(w.stamp).Format(time.RFC3339))
}
