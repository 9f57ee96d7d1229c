package sqlite

import (
	"context"
	_ "embed"
	"encoding/binary"

	"zombiezen.com/go/sqlite"

	"caseway/fhir/search"
	"caseway/fhir/store"
)

//go:embed schema2.sql
var schema2 string

// headsAtOnce is how many versions one transaction of the migration looks at.
const headsAtOnce = 2000

// migrateTo2 gives each current version its head: their generation is 0, so
// that every program makes their terms anew.
func migrateTo2(ctx context.Context, c *sqlite.Conn, version int64) error {
	if version < 2 {
		if err := beginTo2(c); err != nil {
			return err
		}
	}
	underway, err := number(c, "SELECT count(*) FROM sqlite_schema WHERE name = 'migration'")
	if err != nil || underway == 0 {
		return err
	}
	if err := inSteps(ctx, c, moveHeads); err != nil {
		return err
	}
	return inTransaction(c, func() error {
		return execEach(c, "UPDATE merged SET seq = (SELECT done FROM migration); DROP TABLE term; ALTER TABLE version DROP COLUMN terms; DROP TABLE migration;")
	})
}

// inSteps takes a migration's steps, each of up to headsAtOnce versions in a
// transaction of its own, until there are no more.
func inSteps(ctx context.Context, c *sqlite.Conn, step func(*sqlite.Conn, int64) (more bool, err error)) error {
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := inTransaction(c, func() (err error) {
			more, err = step(c, headsAtOnce)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func beginTo2(c *sqlite.Conn) error {
	return inTransaction(c, func() error { return execEach(c, schema2) })
}

// moveHeads makes the heads among the next n versions.
func moveHeads(c *sqlite.Conn, n int64) (more bool, err error) {
	w, err := bareWriter(c)
	if err != nil {
		return false, err
	}
	q, err := c.Prepare(`SELECT seq, type, key, version, updated, method, until, terms FROM version
		WHERE seq > (SELECT done FROM migration) ORDER BY seq LIMIT ?`)
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
		h := head{seq: q.ColumnInt64(0), key: q.ColumnText(2), version: q.ColumnInt64(3), updated: q.ColumnInt64(4)}
		done = h.seq
		if methods[q.ColumnInt64(5)] == store.Delete || q.ColumnText(6) != forever {
			continue
		}
		terms, err := unpackTerms1(text(q, 7))
		if err == nil {
			err = w.setHead(q.ColumnInt64(1), &h, search.Index{Terms: terms}, 0)
		}
		if err == nil {
			err = w.addTerms(h.seq, terms)
		}
		if err != nil {
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

// bareWriter is a writer that can index in the open transaction.
func bareWriter(c *sqlite.Conn) (*writer, error) {
	known, err := loadStems(c)
	if err != nil {
		return nil, err
	}
	w := &writer{conn: c, s: &Store{stems: known}, fresh: map[string]int64{}}
	if err := prepare(c, w.sql.posting.queries()); err != nil {
		return nil, err
	}
	return w, prepare(c, map[**sqlite.Stmt]string{&w.sql.setHead: setHeadSQL, &w.sql.addStem: addStemSQL})
}

// unpackTerms1 reads terms as schema 1 had them, each behind its length.
func unpackTerms1(packed []byte) (terms []search.Term, err error) {
	for len(packed) > 0 {
		n, size := binary.Uvarint(packed)
		if size <= 0 || n > uint64(len(packed)-size) {
			return nil, errPacked
		}
		terms = append(terms, search.Term(packed[size:size+int(n)]))
		packed = packed[size+int(n):]
	}
	return terms, nil
}
