package sqlite

import (
	"zombiezen.com/go/sqlite"

	"caseway/fhir/budget"
	"caseway/fhir/store"
)

// place is a row of the version table.
type place struct{ seq int64 }

// fetch reads versions by their places, stopping before the second one or a
// later one that would go over the bytes, or any that there is no room for; cut
// says that it did.
func (r *reader) fetch(places []place, bytes int, room *budget.Share) (versions []store.Version, cut bool, err error) {
	versions = make([]store.Version, 0, len(places))
	for _, p := range places {
		r.row.BindInt64(1, p.seq)
		v, fits, err := oneWithKey(r.row, room)
		if err != nil {
			return nil, false, err
		}
		if !fits {
			return versions, true, nil
		}
		if bytes -= len(v.JSON); bytes < 0 && len(versions) > 0 {
			return versions, true, nil
		}
		versions = append(versions, v)
	}
	return versions, false, nil
}

// oneWithKey reads a version, unless there is no room for it.
func oneWithKey(s *sqlite.Stmt, room *budget.Share) (v store.Version, fits bool, err error) {
	row, err := s.Step()
	fits = !row || room == nil || room.Take(s.ColumnLen(3))
	if row && fits {
		v = scan(s)
		v.Key = scanKey(s)
	}
	if rerr := s.Reset(); err == nil {
		err = rerr
	}
	return v, fits, err
}
