package sqlite

import (
	"context"
	_ "embed"
	"fmt"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// What a file says of itself: application_id and user_version.
const (
	appID         = 0x43617365 // "Case"
	schemaVersion = firstSchema + int64(len(migrations))
	// firstSchema is that of the first release, 0.1.0. Stores of schemas 1 to 3 were
	// made before it, with other tables.
	firstSchema = 4
)

// migrations bring a file from the schema that is its place here, counted from
// firstSchema, to the next one, which schema.sql makes in new files. Each raises
// user_version itself.
//
// A migration that has to go over much data does so in several transactions. The
// first one raises the version, so that no older program touches the file any
// more, and leaves a table migration, which says how far it has come and which
// the last one drops. So one that was broken off goes on with the next start.
var migrations = [...]func(context.Context, *sqlite.Conn) error{}

// schema makes a new file.
//
//go:embed schema.sql
var schema string

// migrate makes a new file's schema, or brings that of an older one up to date.
func migrate(ctx context.Context, c *sqlite.Conn) error {
	if err := refuseForeign(c); err != nil {
		return err
	}
	version, err := number(c, "PRAGMA user_version")
	if err != nil {
		return err
	}
	if version == 0 {
		if err := create(c); err != nil {
			return fmt.Errorf("making the schema: %w", err)
		}
		return nil
	}
	for _, step := range migrations[version-firstSchema:] {
		if err := step(ctx, c); err != nil {
			return fmt.Errorf("migrating the schema: %w", err)
		}
	}
	return nil
}

// create makes the schema of a new file.
func create(c *sqlite.Conn) error {
	return inTransaction(c, func() error {
		return execEach(c, schema+fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d;", appID, schemaVersion))
	})
}

// inTransaction runs f in a transaction of its own.
func inTransaction(c *sqlite.Conn, f func() error) (err error) {
	end, err := sqlitex.ImmediateTransaction(c)
	if err != nil {
		return err
	}
	defer end(&err)
	return f()
}

// refuseForeign fails for a file of a newer schema, and for one that isn't a
// Caseway store.
func refuseForeign(c *sqlite.Conn) error {
	version, err := number(c, "PRAGMA user_version")
	if err != nil {
		return err
	}
	app, err := number(c, "PRAGMA application_id")
	if err != nil {
		return err
	}
	tables, err := number(c, "SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return err
	}
	switch {
	case app == 0 && version == 0 && tables == 0:
		return nil
	case app != appID:
		return fmt.Errorf("this SQLite file isn't a Caseway store")
	case version > schemaVersion:
		return fmt.Errorf("the store has schema %d and this program knows schemas up to %d: use a newer program", version, schemaVersion)
	case version < firstSchema:
		return fmt.Errorf("the store has schema %d, which is older than the first release; this program reads schemas from %d on", version, firstSchema)
	}
	return nil
}

// number is the one number that a query gives.
func number(c *sqlite.Conn, query string) (n int64, err error) {
	err = sqlitex.ExecuteTransient(c, query, &sqlitex.ExecOptions{
		ResultFunc: func(s *sqlite.Stmt) error { n = s.ColumnInt64(0); return nil },
	})
	return n, err
}
