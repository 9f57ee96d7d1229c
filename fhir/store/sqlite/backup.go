package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"zombiezen.com/go/sqlite"
)

// backupPages is how many pages are copied before ctx is asked again.
const backupPages = 1000

// partMark is in the names of files that backups are being written to.
const partMark = ".caseway-part-"

// Backup copies the store as it is now into a new file, while it goes on:
// every commit acknowledged before the call is in the copy, which is safe on
// disk when Backup returns. Opening the copy restores it. A file that exists
// is never overwritten. The write-ahead log grows meanwhile.
func (s *Store) Backup(ctx context.Context, file string) error {
	s.backups.Add(1)
	defer s.backups.Add(-1)
	return backUp(ctx, s.path, s.how, file)
}

// Backup is Store.Backup for a store that another process may have open.
func Backup(ctx context.Context, path, file string) error {
	return backUp(ctx, path, shared, file)
}

func backUp(ctx context.Context, path string, how access, file string) error {
	if err := backup(ctx, path, how, file); err != nil {
		return fmt.Errorf("sqlite: backup of %s to %s: %w", path, file, err)
	}
	return nil
}

// backup copies into a file beside the wanted one, which it becomes whole or
// not at all.
func backup(ctx context.Context, path string, how access, file string) error {
	if _, err := os.Lstat(file); err == nil {
		return os.ErrExist
	}
	path, err := soleName(path)
	if err != nil {
		return err
	}
	part, err := newPart(file)
	if err != nil {
		return err
	}
	defer part.remove()
	if err := copyStore(ctx, path, how, part.Name()); err != nil {
		return err
	}
	if err := part.Sync(); err != nil {
		return err
	}
	if err := os.Link(part.Name(), file); err != nil {
		return err
	}
	return syncDir(filepath.Dir(file))
}

// copyStore makes a copy that is a store by itself: it needs no log.
func copyStore(ctx context.Context, path string, how access, part string) error {
	if err := copyWhole(ctx, path, how, part); err != nil {
		return err
	}
	c, err := openConn(part, "PRAGMA synchronous = OFF;")
	if err != nil {
		return err
	}
	return errors.Join(clearOpenFlag(c), c.Close())
}

// copyWhole copies page by page within one read transaction, so that the
// copy is of one moment and never has to begin again.
func copyWhole(ctx context.Context, path string, how access, part string) (err error) {
	src, err := openAs(path, how, readerPragmas)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	if err := refuseForeign(src); err != nil {
		return err
	}
	dst, err := openConn(part, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dst.Close()) }()
	if err := execEach(src, "BEGIN; SELECT count(*) FROM resource_type;"); err != nil {
		return err
	}
	return copyPages(ctx, dst, src)
}

func copyPages(ctx context.Context, dst, src *sqlite.Conn) error {
	b, err := sqlite.NewBackup(dst, "", src, "")
	if err != nil {
		return err
	}
	for more := true; more && err == nil; {
		if err = ctx.Err(); err == nil {
			more, err = b.Step(backupPages)
		}
	}
	if cerr := b.Close(); err == nil {
		err = cerr
	}
	return err
}

// syncDir makes a new name in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if cerr := d.Close(); err == nil {
		err = cerr
	}
	return err
}
