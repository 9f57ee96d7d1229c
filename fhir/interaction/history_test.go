package interaction_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"caseway/fhir"
	"caseway/fhir/interaction"
)

// historyPage is what these tests read of a Bundle.
type historyPage struct {
	Meta struct {
		LastUpdated time.Time
		Extension   []struct {
			URL          string
			ValueInstant time.Time
		}
	}
	Total *int
	Link  []struct{ Relation, URL string }
	Entry []struct {
		FullURL  string
		Request  struct{ Method string }
		Response struct{ Etag string }
	}
}

func readHistory(t testing.TB, e *interaction.Session, r interaction.HistoryRequest) historyPage {
	t.Helper()
	var page historyPage
	if err := json.Unmarshal(must[[]byte](t)(e.History(context.Background(), r)), &page); err != nil {
		t.Fatal(err)
	}
	return page
}

func (p historyPage) cursor() string {
	for _, l := range p.Link {
		if u, err := url.Parse(l.URL); l.Relation == "next" && err == nil {
			return u.Query().Get(interaction.CursorParameter)
		}
	}
	return ""
}

// TestAPollingClientMissesNothing lets several writers on two engines write
// while a client polls with the instant up to which the last answer was
// complete, a small page at a time.
func TestAPollingClientMissesNothing(t *testing.T) {
	onTwoEngines(t, func(t *testing.T, engines [2]*interaction.Session) {
		const writers, each = 6, 25
		done := make(chan []error)
		go func() {
			done <- together(writers, func(i int) error {
				for n := range each {
					if err := put(engines[i%2], fmt.Sprintf("w%d-%d", i, n%5)); err != nil {
						return err
					}
				}
				return nil
			})
		}()
		seen := map[string]bool{}
		var since time.Time
		finished := false
		for {
			since = poll(t, engines[0], since, seen)
			if finished {
				break
			}
			select {
			case errs := <-done:
				for _, err := range errs {
					if err != nil {
						t.Fatal(err)
					}
				}
				finished = true
			default:
			}
		}
		for i := range writers {
			for n := range each {
				version := fmt.Sprintf(`Basic/w%d-%d W/"%d"`, i, n%5, n/5+1)
				if !seen[version] {
					t.Errorf("%s was missed", version)
				}
			}
		}
	})
}

func put(e *interaction.Session, id string) error {
	_, err := e.Update(context.Background(), interaction.UpdateRequest{
		Key:  fhir.Key{Type: "Basic", ID: id},
		Body: []byte(`{"resourceType":"Basic","id":"` + id + `","code":{"text":"x"}}`),
	})
	return err
}

// poll reads all pages since an instant, and gives the next instant.
func poll(t *testing.T, e *interaction.Session, since time.Time, seen map[string]bool) time.Time {
	r := interaction.HistoryRequest{Type: "Basic", Base: base, Count: 7, Since: since}
	var settled time.Time
	for {
		page := readHistory(t, e, r)
		if settled.IsZero() {
			settled = page.Meta.LastUpdated
		}
		if !page.Meta.LastUpdated.Equal(settled) || !page.Meta.Extension[0].ValueInstant.Equal(settled) {
			t.Errorf("a later page is complete until %v, the first until %v", page.Meta.LastUpdated, settled)
		}
		for _, en := range page.Entry {
			seen[strings.TrimPrefix(en.FullURL, base+"/")+" "+en.Response.Etag] = true
		}
		if r.Cursor = page.cursor(); r.Cursor == "" {
			return settled
		}
	}
}

func TestPagesOfHistoryHoldEachVersionOnce(t *testing.T) {
	onEach(t, func(t *testing.T, e *interaction.Session) {
		for n := range 23 {
			if err := put(e, fmt.Sprintf("p-%d", n%4)); err != nil {
				t.Fatal(err)
			}
		}
		for _, count := range []int{1, 4, 23, 100, interaction.NoCount} {
			seen := map[string]int{}
			r := interaction.HistoryRequest{Base: base, Count: count}
			for {
				page := readHistory(t, e, r)
				if want := max(count, 1); count > 0 && len(page.Entry) > want {
					t.Errorf("a page of %d has %d entries", count, len(page.Entry))
				}
				for _, en := range page.Entry {
					seen[en.FullURL+en.Response.Etag]++
				}
				if r.Cursor = page.cursor(); r.Cursor == "" {
					break
				}
			}
			for version, n := range seen {
				if n != 1 {
					t.Errorf("count %d: %s appears %d times", count, version, n)
				}
			}
			if len(seen) != 23 {
				t.Errorf("count %d: %d versions", count, len(seen))
			}
		}
	})
}

func TestHistoryBetweenInstants(t *testing.T) {
	onEach(t, func(t *testing.T, e *interaction.Session) {
		var times []time.Time
		for range 3 {
			r := must[interaction.Result](t)(e.Update(context.Background(), interaction.UpdateRequest{
				Key: fhir.Key{Type: "Basic", ID: "b"}, Body: []byte(`{"resourceType":"Basic","id":"b","code":{"text":"x"}}`),
			}))
			times = append(times, r.Version.LastUpdated)
			for !time.Now().After(r.Version.LastUpdated.Add(3 * time.Millisecond)) {
				time.Sleep(time.Millisecond)
			}
		}
		for _, c := range []struct {
			name    string
			request interaction.HistoryRequest
			want    string
		}{
			{"since the second", interaction.HistoryRequest{Since: times[1]}, `W/"3" W/"2"`},
			{"since after the last", interaction.HistoryRequest{Since: times[2].Add(time.Millisecond)}, ""},
			{"at the first", interaction.HistoryRequest{AtFrom: times[0], AtTo: times[0].Add(time.Millisecond)}, `W/"1"`},
			{"at just before the second", interaction.HistoryRequest{AtFrom: times[1].Add(-time.Millisecond), AtTo: times[1]}, `W/"1"`},
			{"at from the first to the second", interaction.HistoryRequest{AtFrom: times[0], AtTo: times[1].Add(time.Millisecond)}, `W/"2" W/"1"`},
			{"at before all", interaction.HistoryRequest{AtFrom: times[0].Add(-time.Hour), AtTo: times[0].Add(-time.Minute)}, ""},
		} {
			t.Run(c.name, func(t *testing.T) {
				c.request.Type, c.request.Count = "Basic", interaction.NoCount
				var tags []string
				for _, en := range readHistory(t, e, c.request).Entry {
					tags = append(tags, en.Response.Etag)
				}
				if got := strings.Join(tags, " "); got != c.want {
					t.Errorf("%s: %s, want %s", c.name, got, c.want)
				}
			})
		}
	})
}

func TestACursorIsForItsQueryInAnyProcess(t *testing.T) {
	onTwoEngines(t, func(t *testing.T, engines [2]*interaction.Session) {
		for range 3 {
			if err := put(engines[0], "b"); err != nil {
				t.Fatal(err)
			}
		}
		first := interaction.HistoryRequest{Type: "Basic", ID: "b", Base: base, Count: 1}
		next := first
		next.Cursor = readHistory(t, engines[0], first).cursor()
		if page := readHistory(t, engines[1], next); len(page.Entry) != 1 || page.Entry[0].Response.Etag != `W/"2"` {
			t.Errorf("the other engine gives %v", page.Entry)
		}
		for name, change := range map[string]func(r *interaction.HistoryRequest){
			"type":     func(r *interaction.HistoryRequest) { r.ID = "" },
			"count":    func(r *interaction.HistoryRequest) { r.Count = 2 },
			"since":    func(r *interaction.HistoryRequest) { r.Since = time.UnixMilli(1) },
			"at":       func(r *interaction.HistoryRequest) { r.AtFrom, r.AtTo = time.UnixMilli(1), time.Now() },
			"cut":      func(r *interaction.HistoryRequest) { r.Cursor = r.Cursor[:len(r.Cursor)-4] },
			"short":    func(r *interaction.HistoryRequest) { r.Cursor = "abcd" },
			"no code":  func(r *interaction.HistoryRequest) { r.Cursor = "*" },
			"tampered": func(r *interaction.HistoryRequest) { r.Cursor = "AAAA" + r.Cursor[4:] },
		} {
			t.Run(name, func(t *testing.T) {
				r := next
				change(&r)
				if _, err := engines[1].History(context.Background(), r); err == nil {
					t.Errorf("%s: the cursor works", name)
				} else {
					wantError(t, err, fhir.Invalid, fhir.IssueValue, "")
				}
			})
		}
	})
}
