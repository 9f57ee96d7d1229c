package search_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"caseway/fhir"
	"caseway/fhir/search"
)

// meddler is a source that lets others write between any two of its answers.
type meddler struct {
	*world
	write func()
}

func (m meddler) Scan(ctx context.Context, s search.Scan) (search.Page, error) {
	page, err := m.world.Scan(ctx, s)
	m.write()
	return page, err
}

// While others write, what doesn't change appears exactly once, whatever
// drives the search; and no page says what was never true.
func TestPagingWhileOthersWrite(t *testing.T) {
	defer search.ReplanEarly()()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		clock := int64(0)
		put := func(id string) {
			clock++
			h := hitAt("Task", id, clock)
			h.VersionID = clock
			terms := []search.Term{search.Term(fmt.Sprintf("Task._tag=%d", random.IntN(2))), search.Term(fmt.Sprintf("Task.rank<%d", random.IntN(3)))}
			w.put(h, terms, nil)
		}
		const tasks = 60
		for i := range tasks {
			put(fmt.Sprint(i))
		}
		w.settle()
		where := rapid.SampledFrom([]search.Expr{
			exact("Task._tag=1"), exact("Task._tag=0", "Task._tag=1"),
			search.And{exact("Task._tag=1"), exact("Task.rank<2")},
			search.Or{exact("Task._tag=1"), search.Leaf{From: "Task.rank<1", To: "Task.rank<3"}},
			search.Not{Expr: exact("Task._tag=1")},
		}).Draw(t, "where")
		p := search.Plan{Types: []string{"Task"}, Where: where, Count: rapid.IntRange(1, 20).Draw(t, "count")}
		before, changed := w.matches(p), map[fhir.Key]bool{}
		writes := 0
		src := meddler{w, func() {
			if writes++; writes < 200 {
				id := fmt.Sprint(random.IntN(tasks + 20))
				changed[fhir.Key{Type: "Task", ID: id}] = true
				put(id)
			}
		}}
		times := map[fhir.Key]int{}
		for {
			m, err := search.Run(context.Background(), src, p)
			if err != nil {
				t.Fatal(err)
			}
			for _, h := range m.Hits {
				times[h.Key]++
				if !w.holds(where, h) {
					t.Fatalf("%v doesn't match", h.Key)
				}
			}
			checkOnce(t, m.Hits)
			if p.After = m.Last; !m.More {
				break
			}
		}
		for _, h := range before {
			if !changed[h.Key] && times[h.Key] != 1 {
				t.Fatalf("%v didn't change and appeared %d times", h.Key, times[h.Key])
			}
		}
	})
}

func checkOnce(t *rapid.T, hits []search.Hit) {
	names := ids(hits)
	slices.Sort(names)
	if len(slices.Compact(names)) != len(hits) {
		t.Fatalf("a resource is twice on a page: %v", names)
	}
}

// What changes between being found and being read is given as it is then, or
// left out if it doesn't match any more.
func TestReadingWhatChangedSinceItWasFound(t *testing.T) {
	w := newWorld()
	for i := range 6 {
		w.put(hitAt("Task", fmt.Sprint(i), int64(i+1)), []search.Term{"Task.status=old"}, nil)
	}
	change := func() {
		later := hitAt("Task", "1", 100)
		later.VersionID = 2
		w.put(later, []search.Term{"Task.status=old"}, nil)
		later = hitAt("Task", "2", 101)
		later.VersionID = 2
		w.put(later, []search.Term{"Task.status=new"}, nil)
		w.Delete(fhir.Key{Type: "Task", ID: "3"})
	}
	m := mustRun(t, meddler{w, change}, search.Plan{
		Types: []string{"Task"}, Where: exact("Task.status=old"), Sort: []search.SortKey{{Field: "_id"}}, Count: 5,
	})
	if want := []string{"Task/0", "Task/1", "Task/4"}; !slices.Equal(ids(m.Hits), want) {
		t.Fatalf("got %v, want %v", ids(m.Hits), want)
	}
	if m.Hits[1].VersionID != 2 || !m.More || m.Last.Place.Tie != "Task/4" {
		t.Errorf("got version %d, more %v, last %v", m.Hits[1].VersionID, m.More, m.Last)
	}
}
