package sqlite

import (
	"bytes"

	"zombiezen.com/go/sqlite"
)

// reshape brings postings that have a row each, as stores had them before rows
// were of several, to their present shape.
func reshape(c *sqlite.Conn) error {
	old, err := number(c, `SELECT (SELECT count(*) FROM pragma_table_info('posting'))
		* (SELECT count(*) = 0 FROM pragma_table_info('posting') WHERE name = 'more')`)
	if err != nil || old == 0 {
		return err
	}
	return inTransaction(c, func() error {
		err := execEach(c, "ALTER TABLE posting RENAME TO single;"+postingTable)
		if err == nil {
			err = gather(c)
		}
		if err == nil {
			err = execEach(c, "DROP TABLE single;")
		}
		return err
	})
}

const postingTable = `CREATE TABLE posting (
  term  BLOB NOT NULL,
  seq   INTEGER NOT NULL,
  count INTEGER NOT NULL,
  more  BLOB,
  PRIMARY KEY (term, seq)
) WITHOUT ROWID, STRICT;`

// gatherAtOnce is how many postings are held in memory.
const gatherAtOnce = 100_000

// gather writes the rows of the table single to that of postings.
func gather(c *sqlite.Conn) error {
	w, err := bareWriter(c)
	if err != nil {
		return err
	}
	q, err := c.Prepare("SELECT term, seq FROM single ORDER BY term, seq")
	if err != nil {
		return err
	}
	defer func() { _ = q.Reset() }()
	var r run
	for {
		row, err := q.Step()
		if err != nil {
			return err
		}
		if !row {
			return w.mergeAdded(&r)
		}
		term := text(q, 0)
		if n := len(r.entries); n >= gatherAtOnce && !bytes.Equal(term, r.term(r.entries[n-1])) {
			if err := w.mergeAdded(&r); err != nil {
				return err
			}
			r.reset()
		}
		r.add(term, q.ColumnInt64(1))
	}
}
