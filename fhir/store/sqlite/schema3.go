package sqlite

import (
	"context"

	"zombiezen.com/go/sqlite"
)

// migrateTo3 adds the memberships of compartments to the index.
func migrateTo3(ctx context.Context, c *sqlite.Conn, version int64) error {
	if version < 3 {
		if err := beginTo3(c); err != nil {
			return err
		}
	}
	underway, err := number(c, "SELECT count(*) FROM sqlite_schema WHERE name = 'migration'")
	if err != nil || underway == 0 {
		return err
	}
	if err := inSteps(ctx, c, addMemberships); err != nil {
		return err
	}
	return inTransaction(c, func() error { return execEach(c, "DROP TABLE migration;") })
}

func beginTo3(c *sqlite.Conn) error {
	return inTransaction(c, func() error {
		return execEach(c, `CREATE TABLE migration (done INTEGER NOT NULL) STRICT; -- versions up to this seq have their memberships
			INSERT INTO migration VALUES (0);
			PRAGMA user_version = 3;`)
	})
}

// addMemberships adds those of the next n versions, as far as the index is in
// the table.
func addMemberships(c *sqlite.Conn, n int64) (more bool, err error) {
	w, err := bareWriter(c)
	if err != nil {
		return false, err
	}
	q, err := c.Prepare(`SELECT seq, compartments FROM version
		WHERE seq > (SELECT done FROM migration) AND seq <= (SELECT seq FROM merged) ORDER BY seq LIMIT ?`)
	if err != nil {
		return false, err
	}
	defer func() { _ = q.Reset() }()
	q.BindInt64(1, n)
	done := int64(0)
	for {
		row, err := q.Step()
		if err != nil {
			return false, err
		}
		if !row {
			break
		}
		done = q.ColumnInt64(0)
		if err := w.addTerms(done, memberships(q.ColumnText(1))); err != nil {
			return false, err
		}
	}
	if done == 0 {
		return false, nil
	}
	q, err = c.Prepare("UPDATE migration SET done = ?")
	if err != nil {
		return false, err
	}
	q.BindInt64(1, done)
	return true, exec(q)
}
