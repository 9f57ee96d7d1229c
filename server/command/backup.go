package command

import (
	"context"
	"errors"
	"fmt"

	"caseway/fhir/store/sqlite"
)

// Backup is the command backup.
type Backup struct {
	File  string `arg:"" help:"File to write; it must not exist."`
	Store string `default:"sqlite:caseway.db" help:"Store to copy: sqlite:FILE."`
}

// Run copies the store as it is at one instant.
func (b Backup) Run(ctx context.Context, s Streams) error {
	if isMongo(b.Store) {
		return errors.New("MongoDB is backed up with its own tools, such as mongodump --oplog; see docs/operate/stores.md")
	}
	path, ok := sqliteFile(b.Store)
	if !ok {
		return errStore
	}
	if err := sqlite.Backup(ctx, path, b.File); err != nil {
		return err
	}
	_, err := fmt.Fprintf(s.Out, "%s: a copy of %s\n", b.File, path)
	return err
}
