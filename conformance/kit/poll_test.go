package kit_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"caseway/conformance/kit"
	"caseway/fhir/store/mongo/mongotest"
)

// TestPollingHistoryMissesNothing has three servers write to one database
// while a client of a fourth polls the system's history, each time since the
// instant up to which the answer before was complete. In the end it must have
// seen every acknowledged version.
func TestPollingHistoryMissesNothing(t *testing.T) {
	database := mongotest.Own(t, mongotest.Options{})
	var servers []*kit.Process
	for range 4 {
		servers = append(servers, start(t, kit.Launch{Store: database.URI}))
	}
	p := &poller{client: kit.NewClient(servers[3].Base), seen: map[string]bool{}}
	writing := 6 * time.Second
	if testing.Short() {
		writing = time.Second
	}
	writers := writeFor(t, servers[:3], writing, p)
	last := lastUpdate(t, p.client)
	for deadline := time.Now().Add(time.Minute); !p.complete.After(last); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("a minute after the last write at %v, history is complete up to %v only", last, p.complete)
		}
		p.poll(t)
	}
	total := 0
	for _, w := range writers {
		for _, r := range w.owned {
			for i := range r.versions {
				total++
				if at := fmt.Sprintf("%s/_history/%d", r.key, i+1); !p.seen[at] {
					t.Errorf("%s was acknowledged and never seen", at)
				}
			}
		}
	}
	if total < 100 {
		t.Errorf("only %d versions were written: that proves little", total)
	}
	t.Logf("%d versions from %d servers, %d polls", total, len(servers)-1, p.polls)
}

// writeFor writes through all servers for a time while p polls.
func writeFor(t *testing.T, servers []*kit.Process, writing time.Duration, p *poller) []*writer {
	t.Helper()
	stop := time.Now().Add(writing)
	var writers []*writer
	var wg sync.WaitGroup
	for i := range clients {
		w := &writer{
			name: fmt.Sprintf("poll-writer%d", i), client: kit.NewClient(servers[i%len(servers)].Base),
			rng: rand.New(rand.NewPCG(uint64(i), 2)),
		}
		writers = append(writers, w)
		wg.Go(func() {
			for time.Now().Before(stop) {
				if err := w.step(t.Context()); err != nil {
					t.Errorf("%s: got %v, want no error", w.name, err)
					return
				}
			}
		})
	}
	for time.Now().Before(stop) {
		p.poll(t)
	}
	wg.Wait()
	return writers
}

// poller asks for history since the instant up to which the last answer was
// complete.
type poller struct {
	client   *kit.Client
	complete time.Time
	seen     map[string]bool // Type/id/_history/version
	polls    int
}

func (p *poller) poll(t *testing.T) {
	t.Helper()
	p.polls++
	url := "_history?_count=100"
	if !p.complete.IsZero() {
		url += "&_since=" + p.complete.Format(time.RFC3339Nano)
	}
	for first := true; url != ""; first = false {
		page := p.page(t, url)
		if at, err := time.Parse(time.RFC3339Nano, page.Meta.LastUpdated); first {
			if err != nil {
				t.Fatalf("Bundle.meta.lastUpdated: %v", err)
			}
			if at.Before(p.complete) {
				t.Errorf("history was complete up to %v and is now up to %v", p.complete, at)
			}
			p.complete = at
		}
		for _, e := range page.Entry {
			key := e.key()
			p.seen[fmt.Sprintf("%s/_history/%d", key, kit.VersionOf(e.Response.ETag))] = true
		}
		url = page.next()
	}
}

func (p *poller) page(t *testing.T, url string) bundle {
	t.Helper()
	answer, err := p.client.Do(t.Context(), http.MethodGet, url, nil)
	if err != nil || answer.Status != http.StatusOK {
		t.Fatalf("GET %s: status %d, %v, %s", url, answer.Status, err, answer.Body)
	}
	var page bundle
	if err := json.Unmarshal(answer.Body, &page); err != nil {
		t.Fatal(err)
	}
	return page
}

// lastUpdate is the lastUpdated of the newest version.
func lastUpdate(t *testing.T, c *kit.Client) time.Time {
	t.Helper()
	p := &poller{client: c}
	page := p.page(t, "_history?_count=1")
	if len(page.Entry) == 0 {
		t.Fatal("no history")
	}
	at, err := time.Parse(time.RFC3339Nano, page.Entry[0].Response.LastModified)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
