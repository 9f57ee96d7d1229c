package sqlite

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"

	"caseway/fhir/store"
)

// recordsSQL lists records: those from a key on that start with a prefix.
const recordsSQL = `SELECT key, version, expires, value FROM record
	WHERE kind = ?1 AND key >= ?2 AND key > ?3 AND substr(key, 1, length(?2)) = ?2
	AND (expires = 0 OR expires > ?4) ORDER BY key LIMIT ?5+0`

// What is done to one record.
const (
	recordSQL    = "SELECT version, expires FROM record WHERE kind = ? AND key = ?"
	setRecordSQL = "INSERT OR REPLACE INTO record (kind, key, version, expires, value) VALUES (?, ?, ?, ?, ?)"
	delRecordSQL = "DELETE FROM record WHERE kind = ? AND key = ?"
)

// Records lists live records in the order of their keys.
func (s *Store) Records(ctx context.Context, kind, prefix, after string, limit int) (records []store.Record, err error) {
	defer s.observe("records", time.Now(), &err)
	r, err := s.reader(ctx)
	if err != nil {
		return nil, err
	}
	defer s.readers.put(r)
	err = r.snapshot(ctx, func() error {
		records, err = r.records(kind, prefix, after, limit, s.opt.Clock().UnixMilli())
		return err
	})
	return records, err
}

func (r *reader) records(kind, prefix, after string, limit int, now int64) (records []store.Record, err error) {
	q, err := r.stmts.Prepare(recordsSQL)
	if err != nil {
		return nil, err
	}
	q.BindText(1, kind)
	q.BindText(2, prefix)
	q.BindText(3, after)
	q.BindInt64(4, now)
	q.BindInt64(5, int64(limit))
	for {
		row, err := q.Step()
		if err != nil || !row {
			return records, err
		}
		records = append(records, scanRecord(q, kind))
	}
}

func scanRecord(q *sqlite.Stmt, kind string) store.Record {
	rec := store.Record{Kind: kind, Key: q.ColumnText(0), Version: q.ColumnInt64(1)}
	if ms := q.ColumnInt64(2); ms > 0 {
		rec.Expires = instant(ms)
	}
	if n := q.ColumnLen(3); n > 0 {
		rec.Value = make([]byte, n)
		q.ColumnBytes(3, rec.Value)
	}
	return rec
}

// checkRecords holds record writes against what is there, and gives the
// versions that are current; an expired record counts as none.
func (w *writer) checkRecords(writes []store.RecordWrite) ([]int64, error) {
	if len(writes) == 0 {
		return nil, nil
	}
	now := w.s.opt.Clock().UnixMilli()
	versions := make([]int64, len(writes))
	for i := range writes {
		var err error
		if versions[i], err = w.recordVersion(&writes[i], now); err != nil {
			return nil, err
		}
		if e := writes[i].Expect; e != store.AnyVersion && e != versions[i] {
			return nil, &store.Conflict{Kind: store.RecordMismatch, Index: i, Current: versions[i]}
		}
	}
	return versions, nil
}

func (w *writer) recordVersion(x *store.RecordWrite, now int64) (version int64, err error) {
	q := w.sql.record
	q.BindText(1, x.Kind)
	q.BindText(2, x.Key)
	row, err := q.Step()
	if row {
		if expires := q.ColumnInt64(1); expires == 0 || expires > now {
			version = q.ColumnInt64(0)
		}
	}
	if rerr := q.Reset(); err == nil {
		err = rerr
	}
	return version, err
}

// writeRecords sets and deletes records whose current versions are known.
func (w *writer) writeRecords(writes []store.RecordWrite, versions []int64) error {
	for i := range writes {
		x := &writes[i]
		q := w.sql.delRecord
		if !x.Delete {
			q = w.sql.setRecord
			q.BindInt64(3, versions[i]+1)
			q.BindInt64(4, expiry(x.Expires))
			q.BindBytes(5, x.Value)
		}
		q.BindText(1, x.Kind)
		q.BindText(2, x.Key)
		if err := exec(q); err != nil {
			return err
		}
	}
	return nil
}

// expiry is when a record expires, 0 for never.
func expiry(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return max(1, t.UnixMilli())
}
