package sqlite

import (
	"context"

	"zombiezen.com/go/sqlite"

	"caseway/fhir/search"
	"caseway/fhir/store"
)

// Search returns the current versions that have a term of every clause.
func (s *Store) Search(ctx context.Context, q search.Query) (page store.SearchPage, err error) {
	found, err := search.Run(ctx, s, search.Plan{
		Types: []string{q.Type}, Where: q.Expr(), Sort: []search.SortKey{{Field: "_id"}}, Count: q.Limit,
	})
	if err != nil {
		return page, err
	}
	places := make([]place, len(found.Hits))
	for i, h := range found.Hits {
		if places[i].seq, err = seqIn(h.Place.Tie); err != nil {
			return page, err
		}
	}
	r, err := s.reader(ctx)
	if err != nil {
		return page, err
	}
	defer s.readers.put(r)
	page.More = found.More
	page.Versions, _, err = r.fetch(places, noByteLimit)
	return page, failure(err)
}

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
