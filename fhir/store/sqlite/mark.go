package sqlite

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"zombiezen.com/go/sqlite"
)

// A store that is open has a mark: a record in the file itself. Whoever ends in
// order takes it away, and SQLite removes the log. So a file that has a mark and
// no log beside it has lost one, with what was committed last.
const (
	markedSQL = "SELECT count(*) FROM record WHERE kind = 'sqlite' AND key = 'open'"
	markSQL   = "INSERT OR REPLACE INTO record (kind, key, version, expires, value) VALUES ('sqlite', 'open', 1, 0, x'')"
	unmarkSQL = "DELETE FROM record WHERE kind = 'sqlite' AND key = 'open'"
)

// noteOpen marks the store, and says so where a log is missing. logged tells
// whether there was one before the file was opened.
func (w *writer) noteOpen(logged bool) error {
	marked, err := number(w.conn, markedSQL)
	if err != nil {
		return err
	}
	if marked > 0 {
		if !logged {
			w.s.opt.Log.Warn("the store's log is missing: the server that had the store open last didn't end in order, "+
				"and what was written after the newest version may be lost; restore a backup, or go on with what is there",
				"log", w.s.path+"-wal", "newest", instant(w.stamp).Format(time.RFC3339Nano))
		}
		return nil
	}
	if err := execEach(w.conn, markSQL); err != nil {
		return err
	}
	_, err = checkpoint(w.conn, "PASSIVE") // into the file, beside the log
	return err
}

// noteClosed takes the mark away.
func noteClosed(c *sqlite.Conn) error { return execEach(c, unmarkSQL) }

// hasLog reports whether a log is there, however much is in it.
func hasLog(path string) bool {
	_, err := os.Stat(path + "-wal")
	return !errors.Is(err, fs.ErrNotExist)
}
