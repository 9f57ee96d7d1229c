package interaction_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/budget"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// mostBytes is what an answer may have in these tests, and about how many
// observations of 30 KB fit in.
const (
	mostBytes = 100_000
	fitting   = 3
)

// boundedEngine has twelve observations of 30 KB, and one that is larger than an
// answer may be.
func boundedEngine(t *testing.T, s store.Store) *interaction.Session {
	t.Helper()
	e := newEngine(t, interaction.Config{Store: s, MaxAnswer: mostBytes})
	if err := e.JoinIndexing(t.Context()); err != nil {
		t.Fatal(err)
	}
	putAt(t, e, "Patient/p", `{"resourceType":"Patient","id":"p"}`)
	for i := range 13 {
		size := 30_000
		if i == 6 {
			size = 150_000
		}
		id := fmt.Sprintf("o%02d", i)
		putAt(t, e, "Observation/"+id, fmt.Sprintf(`{"resourceType":"Observation","id":%q,"status":"final","subject":{"reference":"Patient/p"},`+
			`"category":[{"coding":[{"code":"large"}]}],"code":{"text":%q},"effectiveDateTime":"2024-01-%02d","note":[{"text":%q}]}`,
			id, id, i+1, strings.Repeat("x", size)))
	}
	return e
}

func putAt(t *testing.T, e *interaction.Session, key, body string) {
	t.Helper()
	k, _ := fhir.ParseKey(key)
	must[interaction.Result](t)(e.Update(t.Context(), interaction.UpdateRequest{Key: k, Body: []byte(body)}))
}

// shownPage is what these tests read of a page.
type shownPage struct {
	Link  []struct{ Relation, URL string }
	Entry []struct {
		Search   struct{ Mode string }
		Resource struct{ ResourceType, ID string }
	}
}

// link is the parameters of a link; nil where there is none.
func (p shownPage) link(t *testing.T, relation string) []search.Pair {
	t.Helper()
	for _, l := range p.Link {
		if l.Relation == relation {
			_, query, _ := strings.Cut(l.URL, "?")
			return must[[]search.Pair](t)(search.Split(query))
		}
	}
	return nil
}

// asked are the ways to ask for all of the observations.
var asked = []struct {
	name, query string
	ask         func(e *interaction.Session, pairs []search.Pair, a *budget.Answer) ([]byte, error)
}{
	{"search", "_count=1000", searched},
	{"search, newest first", "_count=1000&_sort=-_lastUpdated", searched},
	{"sorted search", "_count=1000&_sort=-date", searched},
	{"search by a condition", "_count=1000&patient=p", searched},
	{"$lastn", "patient=p&category=large", func(e *interaction.Session, pairs []search.Pair, a *budget.Answer) ([]byte, error) {
		return e.LastN(context.Background(), interaction.LastNRequest{Parameters: pairs, Answer: a})
	}},
	{"$everything", "_type=Observation", func(e *interaction.Session, pairs []search.Pair, a *budget.Answer) ([]byte, error) {
		return e.Everything(context.Background(), interaction.EverythingRequest{Key: fhir.Key{Type: "Patient", ID: "p"}, Parameters: pairs, Answer: a})
	}},
	{"history", "_count=1000", func(e *interaction.Session, pairs []search.Pair, a *budget.Answer) ([]byte, error) {
		r := interaction.HistoryRequest{Type: "Observation", Answer: a}
		if err := r.Take(pairs); err != nil {
			return nil, err
		}
		return e.History(context.Background(), r)
	}},
}

func searched(e *interaction.Session, pairs []search.Pair, a *budget.Answer) ([]byte, error) {
	return e.Search(context.Background(), interaction.SearchRequest{Type: "Observation", Parameters: pairs, Answer: a})
}

// TestPagesAreNoLargerThanAnAnswerMayBe: each resource is on one page, the one
// that is larger than a page may be has one of its own.
func TestPagesAreNoLargerThanAnAnswerMayBe(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		e := boundedEngine(t, open())
		for _, row := range asked {
			t.Run(row.name, func(t *testing.T) {
				seen, pages := map[string]int{}, 0
				for pairs := must[[]search.Pair](t)(search.Split(row.query)); pairs != nil; pages++ {
					a := e.NewAnswer()
					text := must[[]byte](t)(row.ask(e, pairs, a))
					a.Release()
					var page shownPage
					if err := json.Unmarshal(text, &page); err != nil {
						t.Fatal(err)
					}
					if n := len(page.Entry); n > fitting || n > 1 && len(text) > mostBytes+10_000 {
						t.Errorf("a page has %d entries and %d bytes", n, len(text))
					}
					for _, en := range page.Entry {
						seen[en.Resource.ID]++
					}
					pairs = page.link(t, "next")
				}
				if len(seen) != 13 || pages < 5 {
					t.Errorf("%d observations are on %d pages: want 13 on 5 at least", len(seen), pages)
				}
				for id, n := range seen {
					if n != 1 {
						t.Errorf("%s is on %d pages", id, n)
					}
				}
			})
		}
	})
}

func TestShortPagesLeadBack(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		e := boundedEngine(t, open())
		for _, sort := range []string{"_lastUpdated", "-date"} {
			t.Run(sort, func(t *testing.T) {
				var there, back []string
				var page shownPage
				walk := func(relation string, pairs []search.Pair, ids *[]string, add func(page []string)) {
					for pairs != nil {
						page = shownPage{}
						if err := json.Unmarshal(must[[]byte](t)(searched(e, pairs, e.NewAnswer())), &page); err != nil {
							t.Fatal(err)
						}
						var some []string
						for _, en := range page.Entry {
							some = append(some, en.Resource.ID)
						}
						add(some)
						pairs = page.link(t, relation)
					}
				}
				walk("next", []search.Pair{{Name: "_count", Value: "8"}, {Name: "_sort", Value: sort}}, &there, func(p []string) { there = append(there, p...) })
				last := len(page.Entry)
				walk("previous", page.link(t, "previous"), &back, func(p []string) { back = append(append([]string(nil), p...), back...) })
				if got, want := strings.Join(back, " "), strings.Join(there[:len(there)-last], " "); got != want || len(there) != 13 {
					t.Errorf("back: %s\nthere: %s", got, want)
				}
			})
		}
	})
}

// operations answers what entries call.
type operations struct{ *interaction.Session }

func (o operations) Reads(interaction.Call) bool { return true }

func (o operations) Answer(ctx context.Context, c interaction.Call) ([]byte, error) {
	switch {
	case strings.HasSuffix(c.Path, "$everything"):
		return o.Everything(ctx, interaction.EverythingRequest{Key: fhir.Key{Type: "Patient", ID: "p"}, Parameters: c.Parameters, Answer: c.Answer})
	case strings.HasSuffix(c.Path, "$lastn"):
		return o.LastN(ctx, interaction.LastNRequest{Parameters: c.Parameters, Answer: c.Answer})
	}
	body := []byte(`{"resourceType":"CapabilityStatement","description":"` + strings.Repeat("x", 30_000) + `"}`)
	return body, c.Answer.Take(len(body))
}

// TestEntriesShareOneAnswer: what doesn't fit any more fails alone, and reads of
// one resource count each.
func TestEntriesShareOneAnswer(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		e := boundedEngine(t, open())
		for _, row := range []struct{ name, typ, url string }{
			{"searches", "batch", "Observation?_count=1000"},
			{"histories", "batch", "Observation/_history"},
			{"$everything", "batch", "Patient/p/$everything?_type=Observation"},
			{"$lastn", "batch", "Observation/$lastn?patient=p&category=large"},
			{"reads", "batch", "Observation/o00"},
			{"reads of a transaction", "transaction", "Observation/o00"},
			{"vreads", "batch", "Observation/o00/_history/1"},
			{"operations", "batch", "metadata"},
		} {
			t.Run(row.name, func(t *testing.T) {
				entry := `{"request":{"method":"GET","url":"` + row.url + `"}}`
				a := e.NewAnswer()
				text := must[[]byte](t)(e.Bundle(t.Context(), interaction.BundleRequest{
					Body:   []byte(`{"resourceType":"Bundle","type":"` + row.typ + `","entry":[` + entry + strings.Repeat(","+entry, 19) + `]}`),
					Answer: a, Elsewhere: operations{e},
				}))
				a.Release()
				good, costly := strings.Count(string(text), `"status":"200 OK"`), strings.Count(string(text), "too-costly")
				if len(text) > mostBytes+40_000 || good == 0 || good > fitting || good+costly != 20 {
					t.Errorf("%d bytes, %d entries answered and %d too costly, of 20", len(text), good, costly)
				}
			})
		}
	})
}

func TestIncludedResourcesCount(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		e := boundedEngine(t, open())
		text := must[[]byte](t)(e.Search(t.Context(), interaction.SearchRequest{
			Type: "Patient", Parameters: []search.Pair{{Name: "_revinclude", Value: "Observation:patient"}}, Answer: e.NewAnswer(),
		}))
		if n := strings.Count(string(text), `"mode":"include"`); n == 0 || n > fitting || !strings.Contains(string(text), "not all that was to be included is here") {
			t.Errorf("%d resources are included: want some that fit, and a word on the others: %.300s", n, text)
		}
	})
}

// TestScarceMemoryIsTold: who finds no room at all may try again.
func TestScarceMemoryIsTold(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func() store.Store) {
		s := open()
		boundedEngine(t, s)
		m := budget.NewMemory(400_000)
		e := newEngine(t, interaction.Config{Store: s, Memory: m})
		other := e.NewAnswer()
		if err := other.Take(299_000); err != nil {
			t.Fatal(err)
		}
		for _, row := range asked {
			t.Run(row.name, func(t *testing.T) {
				a := e.NewAnswer()
				defer a.Release()
				if err := a.Take(budget.Small); err != nil {
					t.Fatal(err)
				}
				_, err := row.ask(e, must[[]search.Pair](t)(search.Split(row.query)), a)
				wantError(t, err, fhir.Transient, fhir.IssueTransient, "")
			})
		}
		other.Release()
		if got := m.Held(); got != 0 {
			t.Errorf("%d bytes are held by nobody", got)
		}
	})
}
