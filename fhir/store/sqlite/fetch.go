package sqlite

import (
	"zombiezen.com/go/sqlite"

	"caseway/fhir/store"
)

// place is a row of the version table.
type place struct{ seq int64 }

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
