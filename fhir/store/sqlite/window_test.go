package sqlite

import (
	"testing"
	"time"
)

// A group waits for as many commits as there were before, and no longer.
func TestGroupWaitsForWhomItKnows(t *testing.T) {
	s := &Store{queue: make(chan *pending, 4), closing: make(chan struct{})}
	var w commitWindow
	s.queue <- &pending{}
	if w.await(s, 1, time.Now()) != nil {
		t.Error("waits though nobody is expected")
	}
	w.expect(2)
	if w.await(s, 1, time.Now()) != nil {
		t.Error("waits though a sync costs nothing")
	}
	w.synced(time.Hour)
	if w.await(s, 2, time.Now()) != nil {
		t.Error("waits though all are there")
	}
	if w.await(s, 1, time.Now().Add(-longestWindow)) != nil {
		t.Error("waits longer than it may")
	}
	if w.await(s, 1, time.Now()) == nil {
		t.Error("leaves out the one that it waited for")
	}
	if w.await(s, 1, time.Now()) != nil {
		t.Error("has a commit that nobody sent")
	}
	close(s.closing)
	if w.await(s, 1, time.Now()) != nil {
		t.Error("has a commit though the store closes")
	}
}
