//go:build unix

package sqlite

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// fileLock keeps a second process from opening a store.
type fileLock struct{ f *os.File }

// lockFile takes the lock of the store at path. The lock is the operating
// system's: it ends with the process, however that ends, and the file stays.
func lockFile(path string) (*fileLock, error) {
	name := path + ".lock"
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("sqlite: store %s: its directory can't be written to: %w", path, err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return &fileLock{f}, nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fmt.Errorf("sqlite: store %s %w, which holds the lock %s", path, ErrInUse, name)
	}
	return nil, fmt.Errorf("sqlite: locking %s: %w", name, err)
}

// release gives the lock up.
func (l *fileLock) release() error { return l.f.Close() }
