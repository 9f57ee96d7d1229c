package sqlite

import (
	"context"
	"sync/atomic"
	"time"

	"caseway/fhir/store"
)

// Transactional implements store.Store.
func (s *Store) Transactional() bool { return true }

// Exclusive implements store.Store: the lock keeps others out.
func (s *Store) Exclusive() bool { return true }

// Commit hands the commit to the writer and waits for its answer. Where ctx
// ends before the writer has taken it, nothing happens; once taken it is
// waited for, so that the answer is certain.
func (s *Store) Commit(ctx context.Context, c store.Commit) (versions []store.Version, err error) {
	defer s.observe("commit", time.Now(), &err)
	p := &pending{commit: c}
	if err := s.submit(ctx, p); err != nil {
		return nil, err
	}
	return p.versions, nil
}

// submit queues what is to be written and waits for it.
func (s *Store) submit(ctx context.Context, p *pending) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p.done = make(chan error, 1)
	select {
	case <-s.closing:
		return ErrClosed
	case s.queue <- p:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-p.done:
		return err
	case <-ctx.Done():
		if p.abandon() {
			return ctx.Err()
		}
	case <-s.closing:
		if p.abandon() {
			return ErrClosed
		}
	}
	return <-p.done
}

// pending is a commit that waits for the writer, or a reindex in its place.
type pending struct {
	commit   store.Commit
	reindex  *reindex
	versions []store.Version // what it made
	refused  error           // why it made nothing
	done     chan error      // its answer, once
	owner    atomic.Int32    // nobody, the writer, or nobody ever
}

const (
	waiting int32 = iota
	taken
	abandoned
)

// take makes the commit the writer's, unless its caller has gone.
func (p *pending) take() bool { return p.owner.CompareAndSwap(waiting, taken) }

// abandon makes sure that the commit never happens, unless the writer has it.
func (p *pending) abandon() bool { return p.owner.CompareAndSwap(waiting, abandoned) }

// size is about how many bytes the commit holds.
func (p *pending) size() (n int) {
	for i := range p.commit.Writes {
		if c := p.commit.Writes[i].Content; c != nil {
			n += c.Size()
		}
	}
	for i := range p.commit.Records {
		n += len(p.commit.Records[i].Value)
	}
	return n
}
