//go:build unix && !linux

package sqlite

import "os"

// lockable chooses what is locked for a store: a file beside it, for a lock of
// the file itself would meet those that SQLite takes.
func (l *fileLock) lockable() error {
	side, err := os.OpenFile(l.path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	err = l.held.Close()
	l.held = side
	return err
}
