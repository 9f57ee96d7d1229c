//go:build !unix

package sqlite

import (
	"errors"
	"os"
)

type fileLock struct{ path string }

// lockFile refuses: without a lock two servers could write to one store.
func lockFile(path string) (*fileLock, error) {
	return nil, errors.New("sqlite: store " + path + ": the embedded store needs a Unix system")
}

func (l *fileLock) release() error { return nil }

// soleName has nothing to look at where no store can be opened.
func soleName(path string) (string, error) { return path, nil }

type part struct{ *os.File }

func newPart(string) (part, error) {
	return part{}, errors.New("the embedded store needs a Unix system")
}
func (p part) remove() {}
