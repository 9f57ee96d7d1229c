//go:build unix

package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// fileLock keeps others from opening a store, whichever name they open it by.
type fileLock struct {
	path string // the file's own name, behind symbolic links
	file os.FileInfo
	held *os.File // what the operating system locks
}

// opened are the stores that this process has open. Their files aren't opened
// again beside SQLite: to close a file ends all locks that the process has on it.
var opened struct {
	sync.Mutex
	locks []*fileLock
}

// lockFile makes the store's file at path where there is none, and takes its
// lock. The lock is the operating system's: it ends with the process, however
// that ends.
func lockFile(path string) (*fileLock, error) {
	opened.Lock()
	defer opened.Unlock()
	if info, err := os.Stat(path); err == nil {
		for _, l := range opened.locks {
			if os.SameFile(l.file, info) {
				return nil, inUse(path)
			}
		}
	}
	l, err := newLock(path)
	if errors.Is(err, ErrInUse) {
		return nil, inUse(path)
	}
	if err != nil {
		return nil, fmt.Errorf("sqlite: store %s: %w", path, err)
	}
	opened.locks = append(opened.locks, l)
	return l, nil
}

func inUse(path string) error { return fmt.Errorf("sqlite: store %s %w", path, ErrInUse) }

// newLock opens and locks a file.
func newLock(path string) (_ *fileLock, err error) {
	f, err := openPrivate(path)
	if err != nil {
		return nil, err
	}
	l := &fileLock{held: f}
	defer func() {
		if err != nil {
			_ = l.held.Close()
		}
	}()
	if l.file, err = f.Stat(); err != nil {
		return nil, err
	}
	if l.path, err = soleName(path); err != nil {
		return nil, err
	}
	if err = l.lockable(); err != nil {
		return nil, err
	}
	return l, l.take()
}

// take locks what is to be locked, and looks whether it is still what the name
// leads to.
func (l *fileLock) take() error {
	if err := flock(l.held); errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrInUse
	} else if err != nil {
		return fmt.Errorf("locking it: %w", err)
	}
	info, err := os.Stat(l.path)
	if err == nil && !os.SameFile(info, l.file) {
		err = errors.New("another file has come in its place")
	}
	return err
}

// release gives the lock up.
func (l *fileLock) release() error {
	opened.Lock()
	defer opened.Unlock()
	for i, other := range opened.locks {
		if other == l {
			opened.locks = append(opened.locks[:i], opened.locks[i+1:]...)
			break
		}
	}
	return l.held.Close()
}

// openPrivate opens the store's file, and makes it where there is none. Only its
// owner can read it then: it will hold patients' data. SQLite gives its side
// files the same mode. One that can't be written may be read.
func openPrivate(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		return f, nil
	}
	if f, rerr := os.Open(path); rerr == nil {
		return f, nil
	}
	if _, serr := os.Stat(path); errors.Is(serr, fs.ErrNotExist) || errors.Is(serr, syscall.ENOTDIR) {
		return nil, fmt.Errorf("its directory can't be written to: %w", err)
	}
	return nil, fmt.Errorf("the file can't be opened: %w", err)
}

// soleName is the name of a store's file behind symbolic links. SQLite keeps the
// log beside the name that a file is opened by, and so finds it whichever link
// leads there; but under a second hard link it would begin another log, and the
// two would ruin the file.
func soleName(path string) (string, error) {
	name, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(name)
	if err != nil {
		return "", err
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok && info.Mode().IsRegular() && s.Nlink > 1 {
		return "", fmt.Errorf("the file has %d names (hard links), under each of which its log would be another: "+
			"remove the other names, or make a copy with caseway backup; a symbolic link does no harm", s.Nlink)
	}
	return name, nil
}
