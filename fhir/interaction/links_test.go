package interaction_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"caseway/fhir/interaction"
)

// places are where a resource can hold a text: for each, what is written with
// it, and whether it is a link.
var places = []struct {
	link   bool
	member func(text string) (name string, value any)
}{
	{true, extension("valueReference", func(s string) any { return object{"reference": s} })},
	{true, extension("valueUri", plain)},
	{true, extension("valueUrl", plain)},
	{true, extension("valueSignature", func(s string) any {
		return object{"type": []any{object{"code": "x"}}, "when": "2024-01-01T00:00:00Z", "who": object{"reference": s}}
	})},
	{true, extension("valueIdentifier", func(s string) any { return object{"system": s, "value": "x"} })},
	{true, func(s string) (string, any) {
		return "contained", object{"resourceType": "Basic", "id": "c", "code": object{"text": "x"}, "subject": object{"reference": s}}
	}},
	{false, extension("valueIdentifier", func(s string) any { return object{"value": s} })},
	{false, extension("valueString", plain)},
	{false, extension("valueMarkdown", plain)},
	{false, extension("valueCanonical", plain)},
	{false, extension("valueReference", func(s string) any { return object{"display": s} })},
	{false, extension("valueCodeableConcept", func(s string) any { return object{"text": s} })},
}

type object = map[string]any

func plain(s string) any { return s }

func extension(value string, of func(string) any) func(string) (string, any) {
	return func(s string) (string, any) {
		return "extension", object{"url": "http://e/x", value: of(s)}
	}
}

// TestLinksLeadToWhatWasStored sends random graphs of resources, circular ones
// among them, and expects each stored as sent but for the links.
func TestLinksLeadToWhatWasStored(t *testing.T) {
	e := newEngine(t, interaction.Config{})
	rapid.Check(t, func(t *rapid.T) {
		g := drawGraph(t)
		answer, err := e.Bundle(context.Background(), interaction.BundleRequest{
			Body: g.bundle(), Base: base, Return: interaction.ReturnRepresentation,
		})
		if err != nil {
			t.Fatal(err)
		}
		var response struct {
			Entry []struct{ Resource object }
		}
		if err := json.Unmarshal(answer, &response); err != nil {
			t.Fatal(err)
		}
		keys := make([]string, len(response.Entry))
		for i, en := range response.Entry {
			keys[i] = "Basic/" + en.Resource["id"].(string)
		}
		for i, en := range response.Entry {
			delete(en.Resource, "meta")
			want := decoded(g.resource(i, en.Resource["id"].(string), func(to int) string { return keys[to] }))
			if diff := cmp.Diff(want, decoded(en.Resource)); diff != "" {
				t.Fatalf("entry %d: %s", i, diff)
			}
		}
	})
}

// graph is resources with texts that name one another.
type graph struct {
	urls []string // fullUrls
	puts []bool
	refs [][]mention
}

// mention is a text with another resource's fullUrl.
type mention struct {
	place, to int
	relative  bool // written as type and id where the fullUrls allow it
}

func drawGraph(t *rapid.T) graph {
	n := rapid.IntRange(1, 6).Draw(t, "resources")
	g := graph{urls: make([]string, n), puts: make([]bool, n), refs: make([][]mention, n)}
	web := rapid.Bool().Draw(t, "web")
	for i := range n {
		g.urls[i] = fmt.Sprintf("urn:uuid:00000000-0000-4000-8000-%012d", i)
		if web {
			g.urls[i] = fmt.Sprintf("http://ex.org/r4/Basic/%d", i)
		}
		g.puts[i] = rapid.Bool().Draw(t, "put")
		for range rapid.IntRange(0, 8).Draw(t, "mentions") {
			g.refs[i] = append(g.refs[i], mention{
				place:    rapid.IntRange(0, len(places)-1).Draw(t, "place"),
				to:       rapid.IntRange(0, n-1).Draw(t, "to"),
				relative: web && rapid.Bool().Draw(t, "relative"),
			})
		}
	}
	return g
}

// resource builds a resource. Its links are written by text, or as they are
// sent where text is nil.
func (g graph) resource(i int, id string, text func(to int) string) object {
	r := object{"resourceType": "Basic", "id": id, "code": object{"text": "x"}}
	for _, m := range g.refs[i] {
		s := g.written(m)
		if places[m.place].link && text != nil {
			s = text(m.to)
		}
		name, value := places[m.place].member(s)
		list, _ := r[name].([]any)
		if name == "contained" && len(list) > 0 {
			continue // ids of contained resources must differ
		}
		r[name] = append(list, value)
	}
	return r
}

func (g graph) written(m mention) string {
	if m.relative {
		return strings.TrimPrefix(g.urls[m.to], "http://ex.org/r4/")
	}
	return g.urls[m.to]
}

func (g graph) bundle() []byte {
	var entries []any
	for i, url := range g.urls {
		sent := g.resource(i, fmt.Sprintf("put-%d", i), nil)
		request := object{"method": "POST", "url": "Basic"}
		if g.puts[i] {
			request = object{"method": "PUT", "url": fmt.Sprintf("Basic/put-%d", i)}
		}
		entries = append(entries, object{"fullUrl": url, "resource": sent, "request": request})
	}
	text, _ := json.Marshal(object{"resourceType": "Bundle", "type": "transaction", "entry": entries})
	return text
}

// decoded makes values of all kinds comparable.
func decoded(v any) (out any) {
	text, _ := json.Marshal(v)
	_ = json.Unmarshal(text, &out)
	return out
}
