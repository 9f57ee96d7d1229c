package sqlite

import (
	"bytes"
	"io"
	"os"
	"sort"
	"sync/atomic"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// The write-ahead log is kept short in two steps, so that nobody waits for the
// disk to take much at once. Past its limit a connection of its own copies what
// the log holds into the database while the writer goes on. Then the writer
// copies the little that came meanwhile and begins the log anew, in the same
// file: to write over what is there costs half of what it costs to let a file
// grow. Only where copying can't keep up does the writer wait for it.

const (
	// restartWait is how long the writer waits for readers that still need the
	// log when it begins it anew. Readers are quick; only a backup takes longer.
	restartWait = 250 * time.Millisecond
	// measureEvery is after how many groups the log is measured.
	measureEvery = 16
	// mostBehind is how many pages may be left for the writer to copy.
	mostBehind = 1000
	// mostRounds bounds how often the log is copied to come that close.
	mostRounds = 4
)

// copier copies the log into the database.
type copier struct {
	s     *Store
	conn  *sqlite.Conn
	wake  chan struct{}
	state atomic.Int32
}

// What a copier has done since the log was last begun anew.
const (
	nothing int32 = iota
	copying
	copied // nearly all
)

func openCopier(s *Store) (*copier, error) {
	c, err := s.connect(writerPragmas)
	return &copier{s: s, conn: c, wake: make(chan struct{}, 1)}, err
}

// run copies whenever it is woken, until the store closes.
func (c *copier) run() {
	for {
		select {
		case <-c.s.closing:
			return
		case <-c.wake:
			c.copy()
		}
	}
}

// start wakes the copier, unless that has been done.
func (c *copier) start() {
	if c.state.CompareAndSwap(nothing, copying) {
		select {
		case c.wake <- struct{}{}:
		default: // it is about to begin
		}
	}
}

func (c *copier) copy() {
	start := time.Now()
	var err error
	for behind, round := mostBehind+1, 0; err == nil && behind > mostBehind && round < mostRounds; round++ {
		behind, err = checkpoint(c.conn, "PASSIVE")
	}
	c.s.opt.Observe("checkpoint", time.Since(start), err)
	if err != nil {
		c.s.opt.Log.Warn("copying the write-ahead log", "error", err)
	}
	c.state.CompareAndSwap(copying, copied)
}

// checkpoint copies the log; behind is how many pages are left.
func checkpoint(c *sqlite.Conn, mode string) (behind int, err error) {
	busy := int64(0)
	err = sqlitex.ExecuteTransient(c, "PRAGMA wal_checkpoint("+mode+")", &sqlitex.ExecOptions{
		ResultFunc: func(s *sqlite.Stmt) error {
			busy, behind = s.ColumnInt64(0), s.ColumnInt(1)-s.ColumnInt(2)
			return nil
		},
	})
	if err == nil && busy != 0 && mode != "PASSIVE" {
		return behind, sqlite.ResultBusy.ToError()
	}
	return behind, err
}

// boundLog sees to it that the log is copied and begun anew once it is past its
// limit. While a backup reads, the log has to grow; when it can't be begun
// anew, that is tried again when it has grown by another quarter of the limit.
func (w *writer) boundLog() {
	if w.groups++; w.groups%measureEvery != 0 && w.bytes < w.s.opt.walLimit/measureEvery {
		return
	}
	w.bytes = 0
	size := logSize(w.s.path + "-wal")
	if size < w.walNext || w.s.backups.Load() > 0 {
		return
	}
	if w.s.copier.state.Load() != copied && size < w.walNext+w.s.opt.walLimit {
		w.s.copier.start()
		return
	}
	w.s.copier.state.Store(nothing)
	start := time.Now()
	err := w.restartLog()
	w.s.opt.Observe("restart", time.Since(start), err)
	w.walNext = w.s.opt.walLimit
	if err != nil {
		w.walNext = size + w.s.opt.walLimit/4
		w.s.opt.Log.Warn("beginning the write-ahead log anew", "error", err, "bytes", size)
	}
}

// restartLog copies what is left of the log and begins it anew. A file that has
// become far too large is truncated.
func (w *writer) restartLog() error {
	w.conn.SetBusyTimeout(restartWait)
	defer w.conn.SetBlockOnBusy()
	mode := "RESTART"
	if fileSize(w.s.path+"-wal") > 2*w.s.opt.walLimit {
		mode = "TRUNCATE"
	}
	_, err := checkpoint(w.conn, mode)
	return err
}

// Sizes in the log's file (https://sqlite.org/walformat.html).
const (
	logHeader   = 32
	frameHeader = 24
	pageSize    = 4096
)

// logSize is how many bytes of the log's file are in use: up to the first frame
// whose salt isn't that of the file's header. Only the writer may ask.
func logSize(path string) int64 {
	f, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer func() { _ = f.Close() }()
	size, err := f.Seek(0, io.SeekEnd)
	salt := make([]byte, 8)
	if err != nil || size < logHeader || !readAt(f, salt, 16) {
		return 0
	}
	found := make([]byte, len(salt))
	frames := sort.Search(int((size-logHeader)/(frameHeader+pageSize)), func(i int) bool {
		return !readAt(f, found, logHeader+int64(i)*(frameHeader+pageSize)+8) || !bytes.Equal(found, salt)
	})
	return logHeader + int64(frames)*(frameHeader+pageSize)
}

func readAt(f *os.File, to []byte, at int64) bool {
	_, err := f.ReadAt(to, at)
	return err == nil
}
