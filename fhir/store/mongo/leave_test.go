package mongo_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/event"

	"caseway/fhir/store"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/mongo/mongotest"
)

// witness sees the commands of transactions, and calls leave at the one of a
// number.
type witness struct {
	mu      sync.Mutex
	at      int // counts down
	leave   func()
	names   []string
	cut     int // commands that were given up before their answer
	counted map[int64]bool
}

func (w *witness) monitor() *event.CommandMonitor {
	return &event.CommandMonitor{
		Started: func(_ context.Context, e *event.CommandStartedEvent) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if _, err := e.Command.LookupErr("txnNumber"); err != nil || w.leave == nil {
				return
			}
			w.names = append(w.names, e.CommandName)
			w.counted[e.RequestID] = true
			if w.at--; w.at == 0 {
				w.leave()
			}
		},
		Failed: func(_ context.Context, e *event.CommandFailedEvent) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.counted[e.RequestID] && errors.Is(e.Failure, context.Canceled) {
				w.cut++
			}
		},
	}
}

// A client that goes away cuts off no command of a transaction: one that the
// server gets behind the abort would begin it anew, and hold its documents
// until the server gives it up.
func TestClientsThatLeaveCutNothingOff(t *testing.T) {
	w := &witness{}
	s, err := mongo.OpenMonitored(t.Context(), mongotest.Server(t).URI, w.monitor())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	a, b := patient("a"), patient("b")
	commit(t, s, put(a, 0, 1), put(b, 0, 1))
	for at := 1; ; at++ {
		ctx, cancel := context.WithCancel(t.Context())
		w.mu.Lock()
		w.at, w.leave, w.names, w.cut, w.counted = at, cancel, nil, 0, map[int64]bool{}
		w.mu.Unlock()
		versions, err := s.Commit(ctx, store.Commit{Writes: []store.Write{put(a, store.AnyVersion, at), put(b, store.AnyVersion, at)}})
		cancel()
		w.mu.Lock()
		names, cut, left := w.names, w.cut, w.at <= 0
		w.leave = nil
		w.mu.Unlock()
		if err != nil && !errors.Is(err, context.Canceled) || err == nil && len(versions) != 2 {
			t.Errorf("left at command %d of %v: %v", at, names, err)
		}
		if last := names[len(names)-1]; cut > 0 || last != "commitTransaction" && last != "abortTransaction" {
			t.Errorf("left at command %d of %v: %d were cut off", at, names, cut)
		}
		commit(t, s, put(a, store.AnyVersion, 0), put(b, store.AnyVersion, 0))
		if !left {
			return // there was no command of this number
		}
	}
}
