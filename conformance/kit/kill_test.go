package kit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"caseway/conformance/kit"
)

// site is a server with its store, as something that can be killed.
type site interface {
	// kill ends round's victim with SIGKILL.
	kill(t *testing.T, round int)
	// recover starts again what was killed and returns when it answers.
	recover(t *testing.T)
	// client speaks to the server as it now runs.
	client() *kit.Client
}

const clients = 8

// killRounds is how often a store is killed.
const killRounds = 10

// killWhileWriting writes from 8 clients, kills the site at a random moment,
// brings it back and checks every acknowledged write, round after round on
// the same store.
func killWhileWriting(t *testing.T, s site, rounds int) {
	if testing.Short() {
		rounds = 2
	}
	seed := *seedFlag
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d: repeat with -args -seed %d", seed, seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	known := &ledger{resources: map[string]*resource{}}
	for round := range rounds {
		writers := writeUntilKilled(t, s, rng, round)
		acks, pending := 0, [][]member{}
		for _, w := range writers {
			acks += w.acks
			for _, r := range w.owned {
				known.resources[r.key] = r
			}
			if w.pending != nil {
				pending = append(pending, w.pending)
			}
		}
		if acks == 0 {
			t.Fatalf("round %d: nothing was acknowledged before the kill", round)
		}
		s.recover(t)
		check(t, s.client(), known, pending)
		if t.Failed() {
			t.Fatalf("round %d, seed %d: after %d acknowledged requests", round, seed, acks)
		}
		t.Logf("round %d: %d requests acknowledged, %d not, %d resources known", round, acks, len(pending), len(known.resources))
	}
}

func writeUntilKilled(t *testing.T, s site, rng *rand.Rand, round int) []*writer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	writers := make([]*writer, clients)
	var wg sync.WaitGroup
	var acks atomic.Int64
	for i := range writers {
		w := &writer{acked: &acks, name: fmt.Sprintf("round%d-writer%d", round, i), client: s.client(), rng: rand.New(rand.NewPCG(rng.Uint64(), 1))}
		writers[i] = w
		wg.Go(func() {
			if err := w.run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	for acks.Load() < clients && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(time.Duration(rng.IntN(700)) * time.Millisecond)
	s.kill(t, round)
	wg.Wait()
	return writers
}

// check holds the server to the ledger: all of history, and every resource as
// it now is.
func check(t *testing.T, c *kit.Client, known *ledger, pending [][]member) {
	t.Helper()
	f := wholeHistory(t, c)
	wrong := known.adopt(f, pending)
	wrong = append(wrong, known.compare(f)...)
	for i, text := range wrong {
		if i == 20 {
			t.Errorf("… and %d more", len(wrong)-i)
			break
		}
		t.Error(text)
	}
	checkReads(t, c, known)
}

// wholeHistory walks the system's history. Each version may appear once.
func wholeHistory(t *testing.T, c *kit.Client) found {
	t.Helper()
	f := found{}
	for url := "_history?_count=500"; url != ""; {
		answer, err := c.Do(t.Context(), http.MethodGet, url, nil)
		if err != nil || answer.Status != http.StatusOK {
			t.Fatalf("GET %s: status %d, %v, %s", url, answer.Status, err, answer.Body)
		}
		var page bundle
		if err := json.Unmarshal(answer.Body, &page); err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Entry {
			key := e.key()
			number := kit.VersionOf(e.Response.ETag)
			if f[key] == nil {
				f[key] = map[int64]version{}
			}
			if _, twice := f[key][number]; twice {
				t.Errorf("%s version %d stands twice in history", key, number)
			}
			f[key][number] = version{body: e.Resource, deleted: e.Request.Method == http.MethodDelete}
		}
		url = page.next()
	}
	return f
}

// checkReads reads every resource and its newest version by its number.
func checkReads(t *testing.T, c *kit.Client, known *ledger) {
	t.Helper()
	queue := make(chan *resource)
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for r := range queue {
				checkRead(t, c, r.key, r)
				checkRead(t, c, fmt.Sprintf("%s/_history/%d", r.key, len(r.versions)), r)
			}
		})
	}
	for _, r := range known.resources {
		queue <- r
	}
	close(queue)
	wg.Wait()
}

func checkRead(t *testing.T, c *kit.Client, path string, r *resource) {
	answer, err := c.Do(t.Context(), http.MethodGet, path, nil)
	if err != nil {
		t.Errorf("GET %s: %v", path, err)
		return
	}
	want := r.current()
	switch {
	case want.deleted && answer.Status != http.StatusGone:
		t.Errorf("GET %s, deleted: status %d", path, answer.Status)
	case !want.deleted && (answer.Status != http.StatusOK || answer.VersionID() != int64(len(r.versions)) || !bytes.Equal(answer.Body, want.body)):
		t.Errorf("GET %s: status %d, ETag %q, want version %d\n%s\n%s", path, answer.Status, answer.Header.Get("ETag"), len(r.versions), answer.Body, want.body)
	}
}
