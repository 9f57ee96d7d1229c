package kit_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"caseway/conformance/kit"
)

// searchset is as much of a search's answer as the tests read.
type searchset struct {
	Type  string
	Total *int
	Link  []struct{ Relation, URL string }
	Entry []result
}

// result is an entry of a searchset.
type result struct {
	FullURL  string
	Resource json.RawMessage
	Search   struct{ Mode string }
}

// key is the entry's resource, "Patient/1".
func (r result) key() string {
	key, _ := keyOf(r.FullURL)
	return key
}

func (s searchset) link(relation string) string {
	for _, l := range s.Link {
		if l.Relation == relation {
			return l.URL
		}
	}
	return ""
}

// keys are the entries of a mode, in their order.
func (s searchset) keys(mode string) []string {
	var keys []string
	for _, e := range s.Entry {
		if e.Search.Mode == mode {
			keys = append(keys, e.key())
		}
	}
	return keys
}

// formHeader goes with the body of POST _search.
var formHeader = []string{"Content-Type", "application/x-www-form-urlencoded"}

// escaped writes names and values in turn as the query of a URL.
func escaped(pairs ...string) string {
	var parts []string
	for i := 0; i+1 < len(pairs); i += 2 {
		parts = append(parts, pairs[i]+"="+url.QueryEscape(pairs[i+1]))
	}
	return strings.Join(parts, "&")
}

// searchPage asks for one page.
func searchPage(t testing.TB, c *kit.Client, path string) searchset {
	t.Helper()
	answer, err := c.Do(t.Context(), http.MethodGet, path, nil)
	if err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
	return readSearchset(t, "GET "+path, answer)
}

func readSearchset(t testing.TB, request string, answer kit.Answer) searchset {
	t.Helper()
	var s searchset
	if answer.Status != http.StatusOK {
		t.Fatalf("%s: status %d: %.600s", request, answer.Status, answer.Body)
	}
	if err := json.Unmarshal(answer.Body, &s); err != nil || s.Type != "searchset" {
		t.Fatalf("%s: a Bundle of type %q, %v", request, s.Type, err)
	}
	return s
}

// searchAll asks for a search and for all its further pages, and gives them as
// one.
func searchAll(t testing.TB, c *kit.Client, path string) searchset {
	t.Helper()
	return withPages(t, c, searchPage(t, c, path))
}

// postAll is searchAll by POST.
func postAll(t testing.TB, c *kit.Client, typ, form string) searchset {
	t.Helper()
	answer, err := c.Do(t.Context(), http.MethodPost, typ+"/_search", []byte(form), formHeader...)
	if err != nil {
		t.Fatalf("POST %s/_search %s: %v", typ, form, err)
	}
	return withPages(t, c, readSearchset(t, "POST "+typ+"/_search "+form, answer))
}

func withPages(t testing.TB, c *kit.Client, all searchset) searchset {
	t.Helper()
	for next := all.link("next"); next != ""; {
		page := searchPage(t, c, next)
		all.Entry = append(all.Entry, page.Entry...)
		if next = page.link("next"); len(all.Entry) > 100_000 {
			t.Fatalf("the pages of %s don't end", all.link("first"))
		}
	}
	return all
}

func sorted(keys []string) []string {
	keys = slices.Clone(keys)
	slices.Sort(keys)
	return keys
}
