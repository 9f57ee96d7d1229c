package sqlite

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"zombiezen.com/go/sqlite"
)

// The flag of an open store is a record in the file itself. A clean shutdown clears
// it, and SQLite removes the write-ahead log. So a file that has the flag and no log
// beside it has lost one, with what was committed last.
const (
	isOpenSQL    = "SELECT count(*) FROM record WHERE kind = 'sqlite' AND key = 'open'"
	setOpenSQL   = "INSERT OR REPLACE INTO record (kind, key, version, expires, value) VALUES ('sqlite', 'open', 1, 0, x'')"
	clearOpenSQL = "DELETE FROM record WHERE kind = 'sqlite' AND key = 'open'"
)

// setOpenFlag sets the flag, and warns where a log is missing. logged tells
// whether there was one before the file was opened.
func (w *writer) setOpenFlag(logged bool) error {
	flags, err := number(w.conn, isOpenSQL)
	if err != nil {
		return err
	}
	if flags > 0 {
		if !logged {
			w.s.opt.Log.Warn("the store's log is missing: the server that had the store open last didn't end in order, "+
				"and what was written after the newest version may be lost; restore a backup, or go on with what is there",
				"log", w.s.path+"-wal", "newest", instant(w.stamp).Format(time.RFC3339Nano))
		}
		return nil
	}
	if err := execEach(w.conn, setOpenSQL); err != nil {
		return err
	}
	_, err = checkpoint(w.conn, "PASSIVE") // into the file, beside the log
	return err
}

// clearOpenFlag is for a clean shutdown.
func clearOpenFlag(c *sqlite.Conn) error { return execEach(c, clearOpenSQL) }

// hasLog reports whether a log is there, however much is in it.
func hasLog(path string) bool {
	_, err := os.Stat(path + "-wal")
	return !errors.Is(err, fs.ErrNotExist)
}
