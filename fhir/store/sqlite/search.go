package sqlite

import (
	"context"
	"errors"
	"math/bits"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"

	"caseway/fhir/search"
	"caseway/fhir/store"
)

// Search returns the current versions that have a term of every clause. The
// first clause drives: write the most selective one there. The others are
// looked up for each of its matches.
func (s *Store) Search(ctx context.Context, q search.Query) (page store.SearchPage, err error) {
	defer s.observe("search", time.Now(), &err)
	r, err := s.reader(ctx)
	if err != nil {
		return page, err
	}
	defer s.readers.put(r)
	err = r.snapshot(ctx, func() error {
		found, err := findTerms(r.conn, coder{stems: s.stems}, s.types.number(q.Type), q)
		if err != nil {
			return err
		}
		if page.More = len(found) > q.Limit; page.More {
			found = found[:q.Limit]
		}
		page.Versions, _, err = r.fetch(found, noByteLimit)
		return err
	})
	return page, err
}

// place is a row of the version table.
type place struct {
	seq int64
	key string
}

// maxTerms bounds a query; SQLite takes 32,766 parameters.
const maxTerms = 10_000

// findTerms gives the places of up to Limit+1 matches, in the order of ids.
func findTerms(c *sqlite.Conn, terms coder, typ int64, q search.Query) (found []place, err error) {
	if typ == 0 {
		return nil, nil
	}
	stmt, err := c.Prepare(termsSQL(q.All))
	if err != nil {
		return nil, err
	}
	if err := bindTerms(stmt, terms, typ, q); err != nil {
		return nil, err
	}
	for {
		row, err := stmt.Step()
		if err != nil || !row {
			return found, err
		}
		found = append(found, place{seq: stmt.ColumnInt64(0), key: stmt.ColumnText(1)})
	}
}

// termsSQL has one shape for queries of like size, so that few statements
// are ever prepared.
func termsSQL(clauses []search.Clause) string {
	var b strings.Builder
	b.WriteString("SELECT DISTINCT h.seq, h.key FROM posting t CROSS JOIN head h ON h.seq = t.seq WHERE h.type = ?1 AND t.term IN ")
	for i, c := range clauses {
		if i > 0 {
			b.WriteString(" AND EXISTS (SELECT 1 FROM posting p WHERE p.seq = t.seq AND p.term IN ")
		}
		b.WriteString("(?" + strings.Repeat(", ?", slots(len(c.Any))-1) + ")")
		if i > 0 {
			b.WriteString(")")
		}
	}
	b.WriteString(" ORDER BY h.key LIMIT ?+0")
	return b.String()
}

// slots is how many parameters a clause of n terms gets: the next power of two.
func slots(n int) int { return 1 << bits.Len(uint(n-1)) }

// bindTerms binds each clause's terms, the last one again where slots are left.
func bindTerms(stmt *sqlite.Stmt, terms coder, typ int64, q search.Query) error {
	stmt.BindInt64(1, typ)
	param := 2
	for _, c := range q.All {
		n := len(c.Any)
		if n == 0 || param > maxTerms {
			return errors.New("sqlite: a search clause without terms, or too many terms")
		}
		for i := range slots(n) {
			stmt.BindBytes(param, terms.append(nil, string(c.Any[min(i, n-1)])))
			param++
		}
	}
	stmt.BindInt64(param, int64(q.Limit+1))
	return nil
}

// noByteLimit as fetch's bound lets all rows through.
const noByteLimit = 1 << 62

// fetch reads versions by their places, stopping before the second one or a
// later one that would go over the bytes; cut says that it did.
func (r *reader) fetch(places []place, bytes int) (versions []store.Version, cut bool, err error) {
	versions = make([]store.Version, 0, len(places))
	for _, p := range places {
		r.row.BindInt64(1, p.seq)
		v, err := oneWithKey(r.row)
		if err != nil {
			return nil, false, err
		}
		if bytes -= len(v.JSON); bytes < 0 && len(versions) > 0 {
			return versions, true, nil
		}
		versions = append(versions, v)
	}
	return versions, false, nil
}

func oneWithKey(s *sqlite.Stmt) (v store.Version, err error) {
	row, err := s.Step()
	if row {
		v = scan(s)
		v.Key = scanKey(s)
	}
	if rerr := s.Reset(); err == nil {
		err = rerr
	}
	return v, err
}
