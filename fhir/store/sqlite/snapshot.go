package sqlite

import (
	"context"
)

// held is where a context has what Snapshot holds for it.
type held struct{ *Store }

// holding is a reader with an open transaction, until it is over.
type holding struct {
	reader *reader
	over   bool
}

// Snapshot implements store.Store: what f reads with its context, it reads
// by one connection in one transaction. The write-ahead log can't be emptied
// meanwhile, so f must not wait for a client.
func (s *Store) Snapshot(ctx context.Context, f func(context.Context) error) error {
	r, err := s.reader(ctx)
	if err != nil {
		return err
	}
	defer s.readers.put(r)
	if r.held != nil {
		return f(ctx)
	}
	var failed error
	err = s.searchingBy(ctx, r, func(x source) error {
		h := &holding{reader: r}
		r.held = &x
		defer func() { r.held, h.over = nil, true }()
		failed = f(context.WithValue(ctx, held{s}, h))
		return nil
	})
	if failed != nil {
		return failed
	}
	return err
}
