package sqlite

import (
	"context"
	_ "embed"
	"fmt"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitemigration"
	"zombiezen.com/go/sqlite/sqlitex"
)

//go:embed schema.sql
var schema1 string

// schema lists what makes each schema out of the one before; user_version
// says which one a file has.
var schema = sqlitemigration.Schema{
	AppID:      0x43617365, // "Case"
	Migrations: []string{schema1},
}

// migrate brings a file's schema up to date, each step in one transaction.
func migrate(ctx context.Context, c *sqlite.Conn) error {
	if err := refuseForeign(c); err != nil {
		return err
	}
	if err := sqlitemigration.Migrate(ctx, c, schema); err != nil {
		return fmt.Errorf("migrating the schema: %w", err)
	}
	return nil
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
	known := int64(len(schema.Migrations))
	switch {
	case app == 0 && version == 0 && tables == 0:
		return nil
	case app != int64(schema.AppID):
		return fmt.Errorf("this SQLite file isn't a Caseway store")
	case version > known:
		return fmt.Errorf("the store has schema %d and this program knows schemas up to %d: use a newer program", version, known)
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
