package interaction_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
)

// searchset is what tests look at of a page.
type searchset struct {
	Total *int
	Link  []struct{ Relation, URL string }
	Entry []struct {
		Resource struct{ ID string }
		Search   struct{ Mode string }
	}
}

// link is the URL of a relation below the base; "" where there is none.
func (s searchset) link(relation string) string {
	for _, l := range s.Link {
		if l.Relation == relation {
			return strings.TrimPrefix(l.URL, base+"/")
		}
	}
	return ""
}

func readPage(t *testing.T, e *interaction.Session, url string) searchset {
	t.Helper()
	var page searchset
	if err := json.Unmarshal(must[[]byte](t)(do(e, "GET "+url, nil)), &page); err != nil {
		t.Fatal(err)
	}
	return page
}

// readAll pages through and gives the ids in order.
func readAll(t *testing.T, e *interaction.Session, url, relation string) []string {
	t.Helper()
	var ids []string
	for url != "" {
		page := readPage(t, e, url)
		var some []string
		for _, entry := range page.Entry {
			some = append(some, entry.Resource.ID)
		}
		if relation == "previous" {
			ids = append(some, ids...)
		} else {
			ids = append(ids, some...)
		}
		url = page.link(relation)
	}
	return ids
}

func putNamed(e *interaction.Session, id, name string) error {
	_, err := e.Update(context.Background(), interaction.UpdateRequest{
		Key: fhir.Key{Type: "Organization", ID: id}, Body: []byte(organization(id, name)),
	})
	return err
}

func TestPagesLeadThereAndBack(t *testing.T) {
	onEach(t, func(t *testing.T, e *interaction.Session) {
		for i := range 17 {
			if err := putNamed(e, fmt.Sprintf("o%02d", i), fmt.Sprintf("x %d", i*7%17)); err != nil {
				t.Fatal(err)
			}
		}
		for _, sort := range []string{"", "&_sort=-_lastUpdated", "&_sort=name", "&_sort=-name,_id", "&_sort=_id"} {
			t.Run(sort, func(t *testing.T) {
				url := "Organization?name=x" + sort
				want := readAll(t, e, url+"&_count=100", "next")
				if len(want) != 17 {
					t.Fatalf("%s finds %v", url, want)
				}
				for _, count := range []int{1, 4, 17} {
					paged := fmt.Sprintf("%s&_count=%d", url, count)
					if got := readAll(t, e, paged, "next"); !slices.Equal(got, want) {
						t.Errorf("%s: %v, want %v", paged, got, want)
					}
					last := paged
					for next := paged; next != ""; next = readPage(t, e, next).link("next") {
						last = next
					}
					if got := readAll(t, e, last, "previous"); !slices.Equal(got, want) {
						t.Errorf("%s back: %v, want %v", paged, got, want)
					}
				}
			})
		}
	})
}

// TestPagingWhileOthersWrite: what doesn't change is on exactly one page.
func TestPagingWhileOthersWrite(t *testing.T) {
	const still, restless = 40, 10
	onEach(t, func(t *testing.T, e *interaction.Session) {
		for i := range still {
			if err := putNamed(e, fmt.Sprintf("still%02d", i), fmt.Sprintf("y still %d", i)); err != nil {
				t.Fatal(err)
			}
			if err := putNamed(e, fmt.Sprintf("restless%02d", i%restless), fmt.Sprintf("y restless %d", i)); err != nil {
				t.Fatal(err)
			}
		}
		stop := make(chan struct{})
		var writers sync.WaitGroup
		for w := range 2 {
			writers.Go(func() {
				for i := w; ; i += 2 {
					select {
					case <-stop:
						return
					default:
					}
					if err := putNamed(e, fmt.Sprintf("restless%02d", i%restless), fmt.Sprintf("y restless %d", i)); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		defer writers.Wait()
		defer close(stop)
		for _, sort := range []string{"&_sort=name", "&_sort=-name", "&_sort=-_lastUpdated"} {
			t.Run(sort, func(t *testing.T) {
				seen := map[string]int{}
				for _, id := range readAll(t, e, "Organization?name=y&_count=7"+sort, "next") {
					seen[id]++
				}
				checkSeenOnce(t, sort, seen, still)
			})
		}
		checkSeenOnce(t, "the default order", readOldest(t, e, still), still)
	})
}

// readOldest pages in the default order until all that stand still were there:
// what changes goes on being found at the end.
func readOldest(t *testing.T, e *interaction.Session, still int) map[string]int {
	t.Helper()
	seen := map[string]int{}
	url := "Organization?name=y&_count=7"
	for pages := 0; url != "" && pages < 4*still; pages++ {
		page := readPage(t, e, url)
		for _, entry := range page.Entry {
			seen[entry.Resource.ID]++
		}
		url = page.link("next")
	}
	return seen
}

func checkSeenOnce(t *testing.T, order string, seen map[string]int, still int) {
	t.Helper()
	for i := range still {
		if id := fmt.Sprintf("still%02d", i); seen[id] != 1 {
			t.Errorf("%s: %s is seen %d times", order, id, seen[id])
		}
	}
}

func TestASearchCursorIsForItsSearchInAnyProcess(t *testing.T) {
	onTwoEngines(t, func(t *testing.T, engines [2]*interaction.Session) {
		for i := range 3 {
			if err := putNamed(engines[0], fmt.Sprint("o", i), "z"); err != nil {
				t.Fatal(err)
			}
		}
		next := readPage(t, engines[0], "Organization?name=z&_count=1&_sort=name").link("next")
		if page := readPage(t, engines[1], next); len(page.Entry) != 1 || page.Entry[0].Resource.ID != "o1" {
			t.Errorf("the other engine gives %v", page.Entry)
		}
		before, cursor, _ := strings.Cut(next, "_cursor=")
		for name, url := range map[string]string{
			"value":    strings.Replace(next, "name=z", "name=y", 1),
			"order":    strings.Replace(next, "_sort=name", "_sort=-name", 1),
			"type":     strings.Replace(next, "Organization", "Patient", 1),
			"cut":      next[:len(next)-4],
			"short":    before + "_cursor=abcd",
			"no code":  before + "_cursor=*",
			"tampered": before + "_cursor=AAAA" + cursor[4:],
			"twice":    next + "&_cursor=" + cursor,
			"empty":    before + "_cursor=",
		} {
			t.Run(name, func(t *testing.T) {
				_, err := do(engines[1], "GET "+url, nil)
				if err == nil {
					t.Errorf("%s: the cursor works", name)
					return
				}
				wantError(t, err, fhir.Invalid, fhir.IssueValue, "")
			})
		}
	})
}

// TestAYearOldCursorGoesOn: a cursor is a place in an order, which is there
// though what it was made from has changed or is gone.
func TestAYearOldCursorGoesOn(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		for name, sort := range map[string]string{"default": "", "newest": "&_sort=-_lastUpdated", "name": "&_sort=-name"} {
			t.Run(name, func(t *testing.T) {
				s := open()
				e := newEngine(t, interaction.Config{Store: s})
				for i := range 5 {
					if err := putNamed(e, fmt.Sprint(name, i), fmt.Sprint(name, " ", i)); err != nil {
						t.Fatal(err)
					}
				}
				first := readPage(t, e, "Organization?name="+name+"&_count=2"+sort)
				must[interaction.Result](t)(e.Delete(t.Context(), interaction.DeleteRequest{Key: fhir.Key{Type: "Organization", ID: first.Entry[1].Resource.ID}}))
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				s = open()
				later := newEngine(t, interaction.Config{Store: s, Clock: func() time.Time { return time.Now().AddDate(1, 0, 1) }})
				want := []string{name + "2", name + "3", name + "4"}
				if sort != "" {
					want = []string{name + "2", name + "1", name + "0"}
				}
				if got := readAll(t, later, first.link("next"), "next"); !slices.Equal(got, want) {
					t.Errorf("%s: the old cursor leads to %v, want %v", name, got, want)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			})
		}
	})
}
