package sqlite

import (
	"strconv"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// truncateWait is how long the writer waits for readers that still need the
// log when it truncates it. Readers are quick; only a backup takes longer.
const truncateWait = 250 * time.Millisecond

// housekeep is what the writer does between groups.
func (w *writer) housekeep() {
	w.sweepRecords()
	w.mergeRecent()
	w.boundLog()
}

// sweepRecords deletes records that have expired, now and then and some at a
// time. Until then nobody sees them.
func (w *writer) sweepRecords() {
	now := time.Now()
	if now.Sub(w.swept) < sweepEvery {
		return
	}
	w.swept = now
	w.sql.sweep.BindInt64(1, w.s.opt.Clock().UnixMilli())
	if err := exec(w.sql.sweep); err != nil {
		w.s.opt.Log.Warn("sweeping expired records", "error", err)
	}
}

// boundLog empties the write-ahead log once it is past its limit. While a
// backup reads, the log has to grow; it is tried again when it has grown by
// another quarter of the limit.
func (w *writer) boundLog() {
	size := fileSize(w.s.path + "-wal")
	if size < w.walNext || w.s.backups.Load() > 0 {
		return
	}
	start := time.Now()
	err := w.truncate()
	w.s.opt.Observe("checkpoint", time.Since(start), err)
	w.walNext = w.s.opt.walLimit
	if err != nil {
		w.walNext = size + w.s.opt.walLimit/4
		w.s.opt.Log.Warn("emptying the write-ahead log", "error", err, "bytes", size)
	}
}

func (w *writer) truncate() error {
	w.conn.SetBusyTimeout(truncateWait)
	defer w.conn.SetBlockOnBusy()
	busy := int64(0)
	err := sqlitex.ExecuteTransient(w.conn, "PRAGMA wal_checkpoint(TRUNCATE)", &sqlitex.ExecOptions{
		ResultFunc: func(s *sqlite.Stmt) error { busy = s.ColumnInt64(0); return nil },
	})
	if err == nil && busy != 0 {
		return sqlite.ResultBusy.ToError()
	}
	return err
}

// limitPages bounds the database's size.
func limitPages(c *sqlite.Conn, pages int) error {
	return sqlitex.ExecuteTransient(c, "PRAGMA max_page_count = "+strconv.Itoa(pages), nil)
}
