package audit

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
)

// Bounds of the Recorder.
const (
	keptQueue = 4096 // events that no request waits for but reads
	readQueue = 8192 // events of reads
	maxGroup  = 200  // events that are written together
	// anonymousRate is how many events of requests without a valid token, and of
	// sign-ins that fail, are kept in a second: anybody could fill the store
	// otherwise.
	anonymousRate = 20
	// stopLimit is how long the queues are written out at the end.
	stopLimit = 5 * time.Second
	// retryAfter is how long it waits while the store takes no writes.
	retryAfter = time.Second
)

// Committer stores a Change. *interaction.Session is one; it is to be the
// server's own, for no client may write AuditEvents.
type Committer interface {
	Commit(ctx context.Context, c interaction.Change) (interaction.Committed, error)
}

// Recorder writes events that have no commit of their own. Safe for concurrent
// use. It writes once Run is called.
type Recorder struct {
	kept, reads chan Event
	schema      fhir.Schema
	log         *slog.Logger
	now         func() time.Time
	// together is how many events are written in one commit.
	together int
	lost     atomic.Int64 // events that didn't fit

	mu        sync.Mutex
	anonymous int       // events of requests without a valid token
	second    time.Time // that they are counted for
	warned    time.Time // of lost events
}

// NewRecorder makes a Recorder with empty queues. transactions says whether the
// store has them.
func NewRecorder(schema fhir.Schema, log *slog.Logger, transactions bool) *Recorder {
	r := &Recorder{
		kept: make(chan Event, keptQueue), reads: make(chan Event, readQueue), schema: schema, log: log, now: time.Now, together: maxGroup,
	}
	if !transactions {
		r.together = 1
	}
	return r
}

// Lost counts events that were not written since the queues were full.
func (r *Recorder) Lost() int64 { return r.lost.Load() }

// Waiting counts events in the queues.
func (r *Recorder) Waiting() int { return len(r.kept) + len(r.reads) }

// Record takes an event; it never waits.
func (r *Recorder) Record(ctx context.Context, e Event) {
	if e.Recorded.IsZero() {
		e.Recorded = r.now()
	}
	e.fill(ctx)
	queue := r.kept
	if e.Action == Read && e.Outcome == Success {
		queue = r.reads
	}
	if e.Outcome != Success && (e.Who == nil || e.Unproven) && !r.mayAnonymous(e.Recorded) {
		r.lose(1)
		return
	}
	select {
	case queue <- e:
	default:
		r.lose(1)
	}
}

func (r *Recorder) mayAnonymous(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if second := now.Truncate(time.Second); !second.Equal(r.second) {
		r.second, r.anonymous = second, 0
	}
	r.anonymous++
	return r.anonymous <= anonymousRate
}

// lose counts events that can't be written, and says so now and then.
func (r *Recorder) lose(n int64) {
	total := r.lost.Add(n)
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := r.now(); now.Sub(r.warned) > 10*time.Second {
		r.warned = now
		r.log.Warn("AuditEvents were lost: there were more than could be written", "lost", total)
	}
}

// Run writes events until ctx ends, and then what is in the queues.
func (r *Recorder) Run(ctx context.Context, to Committer) {
	group := r.next(ctx)
	for group != nil && r.write(ctx, to, group) {
		group = r.next(ctx)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	for group = r.rest(group); len(group) > 0; group = r.rest(nil) {
		if !r.write(ctx, to, group) {
			r.lose(int64(len(group) + r.Waiting()))
			return
		}
	}
}

// next waits for an event and takes what else is there; nil where ctx ended.
func (r *Recorder) next(ctx context.Context) []Event {
	select {
	case e := <-r.kept:
		return r.rest([]Event{e})
	default:
	}
	select {
	case <-ctx.Done():
		return nil
	case e := <-r.kept:
		return r.rest([]Event{e})
	case e := <-r.reads:
		return r.rest([]Event{e})
	}
}

// rest fills a group up with what waits, reads last.
func (r *Recorder) rest(group []Event) []Event {
	for _, queue := range []chan Event{r.kept, r.reads} {
		for len(group) < maxGroup {
			select {
			case e := <-queue:
				group = append(group, e)
				continue
			default:
			}
			break
		}
	}
	return group
}

// write writes a group. It gives false where ctx ended before.
func (r *Recorder) write(ctx context.Context, to Committer, group []Event) bool {
	for some := range slices.Chunk(group, r.together) {
		if !r.commit(ctx, to, some) {
			return false
		}
	}
	return true
}

// commit writes events in one commit, again and again while the store takes no
// writes. It gives false where ctx ended before.
func (r *Recorder) commit(ctx context.Context, to Committer, events []Event) bool {
	for said := false; ; said = true {
		err := r.try(ctx, to, events)
		if err == nil {
			return true
		}
		if ctx.Err() == nil && !said {
			r.log.Error("AuditEvents can't be written now", "waiting", len(events)+r.Waiting(), "cause", err)
		}
		if isRefusal(err) {
			r.lose(int64(len(events))) // it would be refused for ever
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(retryAfter):
		}
	}
}

func (r *Recorder) try(ctx context.Context, to Committer, events []Event) error {
	var c interaction.Change
	for i := range events {
		key, tree, err := events[i].created(r.schema)
		if err != nil {
			return err
		}
		c.Writes = append(c.Writes, interaction.Write{Method: store.Post, Key: key, Resource: tree})
	}
	_, err := to.Commit(ctx, c)
	return err
}

func isRefusal(err error) bool {
	fe := (*fhir.Error)(nil)
	return errors.As(err, &fe) && fe.Kind != fhir.Transient && fe.Kind != fhir.Throttled && fe.Kind != fhir.VersionConflict
}
