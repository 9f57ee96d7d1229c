package kit_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"caseway/conformance/kit"
	"caseway/fhir/store/mongo/mongotest"
)

// pagedSearches are searches that readers page through while others write.
// What they match never changes for the tasks that are still.
var pagedSearches = []string{
	"Task?_count=7",
	"Task?_count=7&status=requested",
	"Task?_count=7&status:not=completed&owner=Organization/o",
	"Task?_count=7&_sort=-_lastUpdated",
	"Task?_count=7&_sort=identifier",
	"Task?_count=7&_sort=-priority,_id",
	"Task?_count=7&_include=Task:patient&_revinclude=Provenance:target",
	"Task?_count=7&patient.active=true",
	"Patient/p/Task?_count=7",
	"?_count=7&_type=Task,Patient",
}

// still are the tasks that nobody changes.
const still = 60

func stillTask(i int) string { return fmt.Sprintf("Task/still%d", i) }

func firedTask(id string, rng *rand.Rand) []byte {
	return fmt.Appendf(nil, `{"resourceType":"Task","id":%q,"status":"requested","intent":"order","priority":%q,"identifier":[{"value":%q}],`+
		`"for":{"reference":"Patient/p"},"owner":{"reference":"Organization/o"}}`,
		id, []string{"routine", "asap", "stat"}[rng.IntN(3)], fmt.Sprintf("%02d", rng.IntN(20)))
}

// TestPagingUnderFire pages through searches while writers create, change and
// delete other tasks between the still ones as fast as they can. Each page set
// has every still task exactly once.
func TestPagingUnderFire(t *testing.T) {
	onBothStores(t, func(t *testing.T, store string) {
		c := kit.NewClient(start(t, kit.Launch{Store: store}).Base)
		rng := rand.New(rand.NewPCG(1, 1))
		put(t, c, "Patient/p", []byte(`{"resourceType":"Patient","id":"p","active":true}`))
		put(t, c, "Organization/o", []byte(`{"resourceType":"Organization","id":"o","name":"O"}`))
		for i := range still {
			put(t, c, stillTask(i), firedTask(fmt.Sprintf("still%d", i), rng))
			put(t, c, fmt.Sprintf("Task/moving%d", i), firedTask(fmt.Sprintf("moving%d", i), rng))
		}
		ctx, cancel := context.WithCancel(t.Context())
		until := time.Now().Add(5 * time.Second)
		var writers sync.WaitGroup
		var written atomic.Int64
		for i := range 3 {
			writers.Go(func() { fire(ctx, t, c, uint64(i), &written) })
		}
		var readers sync.WaitGroup
		for _, path := range pagedSearches {
			readers.Go(func() {
				for first := true; first || time.Now().Before(until); first = false {
					checkStill(t, path, searchAll(t, c, path))
				}
			})
		}
		readers.Wait()
		cancel()
		writers.Wait()
		if t.Logf("%d writes meanwhile", written.Load()); written.Load() < 30 {
			t.Error("too few writes to prove anything")
		}
	})
}

func put(t *testing.T, c *kit.Client, key string, body []byte) {
	t.Helper()
	if answer, err := c.Do(t.Context(), http.MethodPut, key, body); err != nil || !answer.Acknowledged() {
		t.Fatalf("PUT %s: status %d, %v: %s", key, answer.Status, err, answer.Body)
	}
}

// fire writes tasks until ctx ends.
func fire(ctx context.Context, t *testing.T, c *kit.Client, seed uint64, written *atomic.Int64) {
	rng := rand.New(rand.NewPCG(seed, 9))
	for ctx.Err() == nil {
		id := fmt.Sprintf("moving%d", rng.IntN(still*2))
		method, body := http.MethodPut, firedTask(id, rng)
		if rng.IntN(4) == 0 {
			method, body = http.MethodDelete, nil
		}
		// A request that is given up can leave its transaction to a database that
		// takes a minute to notice, and the next test to wait for that.
		answer, err := c.Do(t.Context(), method, "Task/"+id, body)
		if err != nil || answer.Status >= 500 {
			t.Errorf("%s Task/%s: status %d, %v: %s", method, id, answer.Status, err, answer.Body)
			return
		}
		written.Add(1)
	}
}

func checkStill(t *testing.T, path string, all searchset) {
	t.Helper()
	times := map[string]int{}
	for _, key := range all.keys("match") {
		times[key]++
	}
	for i := range still {
		if n := times[stillTask(i)]; n != 1 {
			t.Errorf("%s: %s appeared %d times", path, stillTask(i), n)
		}
	}
	if strings.Contains(path, "_include") && !slices.Contains(all.keys("include"), "Patient/p") {
		t.Errorf("%s: Patient/p isn't included", path)
	}
}

// TestSearchCursors: a cursor goes on after a restart, and only where it
// belongs.
func TestSearchCursors(t *testing.T) {
	run := func(t *testing.T, store string) {
		p := start(t, kit.Launch{Store: store})
		c := kit.NewClient(p.Base)
		for i := range 5 {
			key := fmt.Sprintf("Patient/secret%d", i)
			put(t, c, key, fmt.Appendf(nil, `{"resourceType":"Patient","id":"secret%d","gender":"other","name":[{"family":"Confidential%d"}]}`, i, i))
		}
		for _, path := range []string{"Patient?_count=2", "Patient?_count=2&_sort=family", "Patient?_count=2&gender=other"} {
			t.Run(path, func(t *testing.T) {
				checkCursor(t, c, path)
			})
		}
		first := searchPage(t, c, "Patient?_count=2&_sort=-family")
		if err := p.Stop(); err != nil {
			t.Fatal(err)
		}
		c = kit.NewClient(start(t, kit.Launch{Store: store}).Base)
		_, next, _ := strings.Cut(first.link("next"), "/fhir/")
		if keys := searchPage(t, c, next).keys("match"); !slices.Equal(keys, []string{"Patient/secret2", "Patient/secret1"}) {
			t.Errorf("after a restart the next page has %v", keys)
		}
	}
	t.Run("sqlite", func(t *testing.T) { run(t, "sqlite:"+filepath.Join(t.TempDir(), "caseway.db")) })
	t.Run("mongodb", func(t *testing.T) { run(t, mongotest.Server(t).URI) })
}

// checkCursor tries a next link changed, and its cursor with other searches.
func checkCursor(t *testing.T, c *kit.Client, path string) {
	t.Helper()
	next := searchPage(t, c, path).link("next")
	link, err := url.Parse(next)
	if err != nil || next == "" {
		t.Fatalf("%s: next link %q, %v", path, next, err)
	}
	cursor := link.Query().Get("_cursor")
	for _, word := range []string{"secret", "onfidential", "CONFIDENTIAL"} {
		if strings.Contains(strings.ToLower(next), strings.ToLower(word)) {
			t.Errorf("%s: the next link tells %s", path, word)
		}
	}
	var wrong []string
	for i := range len(cursor) {
		letter := "A"
		if cursor[i] == 'A' {
			letter = "B"
		}
		if i == len(cursor)-1 {
			continue // its last bits may mean nothing
		}
		wrong = append(wrong, path+"&_cursor="+cursor[:i]+letter+cursor[i+1:])
	}
	wrong = append(wrong, path+"&_cursor="+cursor[:len(cursor)/2], path+"&active=true&_cursor="+cursor, path+"0&_cursor="+cursor,
		"Task?_count=2&_cursor="+cursor, "_history?_cursor="+cursor, path+"&_cursor="+cursor+"&_cursor="+cursor)
	for _, w := range wrong {
		if answer, err := c.Do(t.Context(), http.MethodGet, w, nil); err != nil || answer.Status != http.StatusBadRequest {
			t.Errorf("GET %s: status %d, %v: %.300s", w, answer.Status, err, answer.Body)
		} else {
			checkOutcome(t, answer, "")
		}
	}
}
