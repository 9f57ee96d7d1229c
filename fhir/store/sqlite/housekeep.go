package sqlite

import (
	"strconv"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

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
	} else if w.conn.Changes() == mostSwept {
		w.swept = time.Time{} // there are more
	}
}

// limitPages bounds the database's size.
func limitPages(c *sqlite.Conn, pages int) error {
	return sqlitex.ExecuteTransient(c, "PRAGMA max_page_count = "+strconv.Itoa(pages), nil)
}
