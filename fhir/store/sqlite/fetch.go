package sqlite

import (
	"zombiezen.com/go/sqlite"

	"caseway/fhir/budget"
	"caseway/fhir/store"
)

// versionRow is a row of the version table, by its rowid.
type versionRow struct{ seq int64 }

// fetch reads versions by their rows, stopping before the second one or a
// later one that would go over the bytes, or any that there is no room for; cut
// says that it did.
func (r *reader) fetch(rows []versionRow, bytes int, room *budget.Share) (versions []store.Version, cut bool, err error) {
	versions = make([]store.Version, 0, len(rows))
	for _, p := range rows {
		r.row.BindInt64(1, p.seq)
		first := len(versions) == 0
		v, fits, err := oneWithKey(r.row, func(size int) bool {
			bytes -= size
			return (first || bytes >= 0) && room.Take(size)
		})
		if err != nil {
			return nil, false, err
		}
		if !fits {
			return versions, true, nil
		}
		versions = append(versions, v)
	}
	return versions, false, nil
}

// oneWithKey reads a version, if JSON of its size fits.
func oneWithKey(s *sqlite.Stmt, fitting func(size int) bool) (v store.Version, fits bool, err error) {
	row, err := s.Step()
	fits = !row || fitting(s.ColumnLen(3))
	if row && fits {
		v = scan(s)
		v.Key = scanKey(s)
	}
	if rerr := s.Reset(); err == nil {
		err = rerr
	}
	return v, fits, err
}
