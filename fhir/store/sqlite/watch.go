package sqlite

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"caseway/fhir/store"
)

// Bounds of what a watch reads at a time.
const (
	watchRows  = 200
	watchBytes = 4 << 20
)

// Watch gives versions in the order of commits. A position is the sequence
// number and stamp of a version; where the file has another version there, it
// is a copy that went another way, and the feed begins anew.
func (s *Store) Watch(ctx context.Context, after store.Position) iter.Seq2[store.Change, error] {
	now := s.seq.Load()
	return func(yield func(store.Change, error) bool) {
		seq, err := s.resume(ctx, after, now)
		for err == nil {
			news := s.news.wait()
			var changes []store.Change
			if changes, seq, err = s.changes(ctx, seq); err != nil {
				break
			}
			for _, c := range changes {
				if !yield(c, nil) {
					return
				}
			}
			if len(changes) == 0 {
				err = s.awaitNews(ctx, news)
			}
		}
		yield(store.Change{}, err)
	}
}

// awaitNews waits until something is committed.
func (s *Store) awaitNews(ctx context.Context, news <-chan struct{}) error {
	select {
	case <-news:
		return nil
	case <-s.closing:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// resume is the sequence number behind which a watch begins.
func (s *Store) resume(ctx context.Context, after store.Position, now int64) (int64, error) {
	if after == "" {
		return now, ctx.Err()
	}
	number, stamp, _ := strings.Cut(string(after), ".")
	seq, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("sqlite: not a position of this store's changes: %q", after)
	}
	r, err := s.reader(ctx)
	if err != nil {
		return 0, err
	}
	defer s.readers.put(r)
	r.row.BindInt64(1, seq)
	v, _, err := oneWithKey(r.row, func(int) bool { return true })
	if err != nil || v.Exists() && strconv.FormatInt(v.LastUpdated.UnixMilli(), 10) == stamp {
		return seq, failure(err)
	}
	return 0, nil
}

const changesSQL = "SELECT " + columns + ", seq FROM version WHERE seq > ? ORDER BY seq LIMIT ?+0"

// changes reads the next versions behind seq, and says how far it came.
func (s *Store) changes(ctx context.Context, seq int64) (changes []store.Change, last int64, err error) {
	r, err := s.reader(ctx)
	if err != nil {
		return nil, seq, err
	}
	defer s.readers.put(r)
	last = seq
	err = r.snapshot(ctx, func() error {
		q, err := r.stmts.Prepare(changesSQL)
		if err != nil {
			return err
		}
		q.BindInt64(1, seq)
		q.BindInt64(2, watchRows)
		for bytes := 0; bytes < watchBytes; {
			row, err := q.Step()
			if err != nil || !row {
				return err
			}
			v := scan(q)
			v.Key = scanKey(q)
			last = q.ColumnInt64(5)
			bytes += len(v.JSON)
			changes = append(changes, store.Change{Version: v, Position: position(last, v)})
		}
		return q.Reset()
	})
	return changes, last, err
}

func position(seq int64, v store.Version) store.Position {
	return store.Position(strconv.FormatInt(seq, 10) + "." + strconv.FormatInt(v.LastUpdated.UnixMilli(), 10))
}
