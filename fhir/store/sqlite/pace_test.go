package sqlite

import (
	"testing"
	"time"
)

// A group waits for as many commits as there were before, and no longer.
func TestGroupWaitsForWhomItKnows(t *testing.T) {
	s := &Store{queue: make(chan *pending, 4), closing: make(chan struct{})}
	var p pace
	s.queue <- &pending{}
	if p.await(s, 1, time.Now()) != nil {
		t.Error("waits though nobody is expected")
	}
	p.expect(2)
	if p.await(s, 1, time.Now()) != nil {
		t.Error("waits though a sync costs nothing")
	}
	p.took(time.Hour)
	if p.await(s, 2, time.Now()) != nil {
		t.Error("waits though all are there")
	}
	if p.await(s, 1, time.Now().Add(-longestWait)) != nil {
		t.Error("waits longer than it may")
	}
	if p.await(s, 1, time.Now()) == nil {
		t.Error("leaves out the one that it waited for")
	}
	if p.await(s, 1, time.Now()) != nil {
		t.Error("has a commit that nobody sent")
	}
	close(s.closing)
	if p.await(s, 1, time.Now()) != nil {
		t.Error("has a commit though the store closes")
	}
}
