//go:build !unix

package sqlite

import "errors"

type fileLock struct{}

// lockFile refuses: without a lock two servers could write to one store.
func lockFile(path string) (*fileLock, error) {
	return nil, errors.New("sqlite: store " + path + ": the embedded store needs a Unix system")
}

func (l *fileLock) release() error { return nil }
