package audit_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"caseway/auth"
	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
	"caseway/server/audit"
)

// ledger takes changes; trouble is what it says until it is cleared.
type ledger struct {
	mu      sync.Mutex
	trouble error
	commits []int // the numbers of AuditEvents
}

func (l *ledger) Commit(_ context.Context, c interaction.Change) (done interaction.Committed, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.trouble != nil {
		return done, l.trouble
	}
	n := 0
	for _, w := range c.Writes {
		if w.Resource.Type().Name == "AuditEvent" && w.Method == store.Post {
			n++
		}
	}
	l.commits = append(l.commits, n)
	return done, nil
}

func (l *ledger) set(trouble error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.trouble = trouble
}

// events counts the AuditEvents that were taken.
func (l *ledger) events() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, events := range l.commits {
		n += events
	}
	return n
}

func run(r *audit.Recorder, to audit.Committer) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.Run(ctx, to)
	}()
	return func() {
		cancel()
		<-ended
	}
}

var read = audit.Event{
	Type: audit.Coding{Code: "rest"}, Action: audit.Read, Outcome: audit.Success, Who: &auth.Principal{Subject: "a", Client: "app"},
}

func TestWhatDoesNotFitIsCountedAndSaid(t *testing.T) {
	var said bytes.Buffer
	r := audit.NewRecorder(definition.R4(), slog.New(slog.NewTextHandler(&said, nil)), true)
	const sent = 20_000
	for range sent { // nobody writes yet: Record must not wait
		r.Record(context.Background(), read)
	}
	if r.Lost() == 0 || r.Lost()+int64(r.Waiting()) != sent {
		t.Errorf("%d lost, %d waiting of %d", r.Lost(), r.Waiting(), sent)
	}
	if strings.Count(said.String(), "AuditEvents were lost") != 1 {
		t.Errorf("the log says %q", &said)
	}
	denied := read
	denied.Outcome = audit.Failure
	before := r.Lost()
	r.Record(context.Background(), denied)
	if r.Lost() != before {
		t.Error("reads crowd out what is denied")
	}
	l := &ledger{}
	waiting := r.Waiting()
	run(r, l)() // the queues are written out at the end
	if l.events() != waiting || r.Waiting() != 0 {
		t.Errorf("%d of %d written", l.events(), waiting)
	}
	if len(l.commits) > waiting/100 {
		t.Errorf("%d commits for %d events", len(l.commits), waiting)
	}
}

func TestRequestsWithoutATokenDoNotFillTheStore(t *testing.T) {
	r := audit.NewRecorder(definition.R4(), slog.New(slog.DiscardHandler), true)
	for range 1000 {
		r.Record(context.Background(), audit.Event{Type: audit.Coding{Code: "rest"}, Action: audit.Read, Outcome: audit.Failure})
		r.Login(context.Background(), audit.Login{What: "sign-in", Who: &auth.Principal{Subject: "guess"}})
	}
	if kept := r.Waiting(); kept == 0 || kept > 500 {
		t.Errorf("%d of 2000 events of strangers are kept", kept)
	}
	before := r.Waiting()
	r.Login(context.Background(), audit.Login{What: "sign-in", OK: true, Who: &auth.Principal{Subject: "ann"}})
	if r.Waiting() != before+1 {
		t.Error("a sign-in isn't kept because strangers fail to")
	}
}

func TestAStoreThatIsAwayIsWaitedFor(t *testing.T) {
	r := audit.NewRecorder(definition.R4(), slog.New(slog.DiscardHandler), true)
	l := &ledger{trouble: fhir.NewError(fhir.Transient, fhir.IssueTransient, "away")}
	stop := run(r, l)
	r.Record(context.Background(), read)
	for r.Waiting() > 0 {
		time.Sleep(time.Millisecond)
	}
	l.set(nil)
	stop()
	if l.events() != 1 || r.Lost() != 0 {
		t.Errorf("%d written, %d lost", l.events(), r.Lost())
	}
}

func TestARefusalIsNotRepeated(t *testing.T) {
	r := audit.NewRecorder(definition.R4(), slog.New(slog.DiscardHandler), true)
	l := &ledger{trouble: fhir.NewError(fhir.Unprocessable, fhir.IssueValue, "no")}
	stop := run(r, l)
	r.Record(context.Background(), read)
	for r.Lost() == 0 {
		time.Sleep(time.Millisecond)
	}
	l.set(nil)
	r.Record(context.Background(), read)
	stop()
	if l.events() != 1 || r.Lost() != 1 {
		t.Errorf("%d written, %d lost", l.events(), r.Lost())
	}
}
