package sqlite

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"

	"caseway/fhir/search"
)

// Estimate implements search.Source.
func (s *Store) Estimate(ctx context.Context, from, to search.Term, limit int) (n int, err error) {
	defer s.observe("search", time.Now(), &err)
	err = s.searching(ctx, func(x source) error {
		n, err = x.estimate(from, to, limit)
		return err
	})
	return n, err
}

const estimateSQL = "SELECT coalesce(sum(count), 0) FROM (SELECT count FROM posting WHERE term >= ? AND term < ? LIMIT ?+0)"

func (x source) estimate(from, to search.Term, limit int) (n int, err error) {
	s, err := x.conn.Prepare(estimateSQL)
	if err != nil {
		return 0, err
	}
	for _, span := range x.coder.spans(from, to) {
		if n >= limit {
			break
		}
		bindSpan(s, span)
		s.BindInt64(3, int64(limit-n+x.recent.gone.count(span)))
		some, err := firstNumber(s)
		if err != nil {
			return 0, err
		}
		n += int(some) + x.recent.added.count(span) - x.recent.gone.count(span)
	}
	return min(n, limit), nil
}

// CountType implements search.Counter.
func (s *Store) CountType(ctx context.Context, typ string, limit int) (n int, err error) {
	defer s.observe("search", time.Now(), &err)
	err = s.searching(ctx, func(x source) error {
		q, err := x.conn.Prepare("SELECT count(*) FROM (SELECT 1 FROM head WHERE type = ? LIMIT ?+0)")
		if err != nil {
			return err
		}
		q.BindInt64(1, x.types[typ])
		q.BindInt64(2, int64(limit))
		count, err := firstNumber(q)
		n = int(count)
		return err
	})
	return n, err
}

// firstNumber is the one number that a prepared statement gives.
func firstNumber(s *sqlite.Stmt) (int64, error) {
	_, err := s.Step()
	n := s.ColumnInt64(0)
	if rerr := s.Reset(); err == nil {
		err = rerr
	}
	return n, err
}
