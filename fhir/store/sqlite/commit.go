package sqlite

import (
	"context"
	"sync/atomic"
	"time"

	"caseway/fhir/store"
)

// Commit hands the commit to the writer and waits for its answer. Where ctx
// ends before the writer has taken it, nothing happens; once taken it is
// waited for, so that the answer is certain.
func (s *Store) Commit(ctx context.Context, c store.Commit) (versions []store.Version, err error) {
	defer s.observe("commit", time.Now(), &err)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p := &pending{commit: c, done: make(chan error, 1)}
	select {
	case <-s.closing:
		return nil, ErrClosed
	case s.queue <- p:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case err = <-p.done:
	case <-ctx.Done():
		if p.abandon() {
			return nil, ctx.Err()
		}
		err = <-p.done
	case <-s.closing:
		if p.abandon() {
			return nil, ErrClosed
		}
		err = <-p.done
	}
	if err != nil {
		return nil, err
	}
	return p.versions, nil
}

// pending is a commit that waits for the writer.
type pending struct {
	commit   store.Commit
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
