package kit_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/fhir/store"
	"caseway/fhir/store/mongo"
	"caseway/fhir/store/mongo/mongotest"
	"caseway/fhir/store/sqlite"
)

// clause is one parameter of a generated search: what is asked, and what the
// model says of it.
type clause struct {
	name, value string
	holds       func(key string) bool
}

// generatedParameters are those of each type whose elements are generated.
var generatedParameters = map[string][]string{
	"Organization": {"name", "active", "identifier", "type", "partof", "_tag", "_profile", "_lastUpdated"},
	"Patient": {
		"active", "gender", "birthdate", "identifier", "name", "family", "given", "address", "address-city", "telecom", "phone",
		"organization", "general-practitioner", "_tag", "_profile", "_lastUpdated",
	},
	"Task": {
		"status", "intent", "code", "identifier", "authored-on", "modified", "period", "business-status", "priority",
		"subject", "patient", "owner", "part-of", "focus", "_tag", "_lastUpdated",
	},
	"Observation": {
		"status", "code", "category", "identifier", "date", "value-quantity", "value-concept", "value-string", "component-code",
		"component-value-quantity", "combo-code", "combo-value-quantity", "code-value-quantity", "component-code-value-quantity",
		"subject", "patient", "performer", "has-member", "_tag", "_lastUpdated",
	},
}

func sample(t *rapid.T, words ...string) string { return rapid.SampledFrom(words).Draw(t, "word") }

var escape = strings.NewReplacer(`\`, `\\`, `,`, `\,`, `|`, `\|`, `$`, `\$`)

// draw makes a clause about a type; depth bounds its chains.
func (w *generatedWorld) draw(t *rapid.T, typ string, depth int) clause {
	switch rapid.IntRange(0, 11).Draw(t, "kind") {
	case 0, 1:
		if depth > 0 {
			return w.drawChain(t, typ, depth)
		}
	case 2, 3:
		if depth > 0 {
			return w.drawHas(t, typ, depth)
		}
	case 4:
		return w.drawID(t, typ)
	}
	return w.drawLeaf(t, typ)
}

func (w *generatedWorld) drawID(t *rapid.T, typ string) clause {
	ids := rapid.SliceOfN(rapid.IntRange(0, generatedIDs+2), 1, 5).Draw(t, "ids")
	var parts []string
	for _, id := range ids {
		parts = append(parts, fmt.Sprint(id))
	}
	return clause{"_id", strings.Join(parts, ","), func(key string) bool { return slices.Contains(parts, strings.TrimPrefix(key, typ+"/")) }}
}

func (w *generatedWorld) drawLeaf(t *rapid.T, typ string) clause {
	code := sample(t, generatedParameters[typ]...)
	list := w.model.Set.SearchParameters(typ)
	d := list[slices.IndexFunc(list, func(d *definition.SearchParameter) bool { return d.Code == code })]
	modifier := sample(t, append([]string{"", "", "", "", "missing"}, modifiersOf[d.Type]...)...)
	if d.Type == "reference" && modifier != "" && modifier != "missing" && !slices.Contains(d.Target, modifier) {
		modifier = ""
	}
	if modifier == "text" && slices.Contains([]string{"active", "gender", "status", "intent", "priority", "telecom", "phone"}, code) {
		modifier = ""
	}
	value := sample(t, "true", "false")
	if modifier != "missing" {
		var values []string
		for range rapid.IntRange(1, 3).Draw(t, "values") {
			values = append(values, w.drawValue(t, typ, d, modifier))
		}
		value = strings.Join(values, ",")
	}
	name := code
	if modifier != "" {
		name += ":" + modifier
	}
	return clause{name, value, func(key string) bool {
		if d.Code == "_lastUpdated" && modifier == "missing" {
			return value == "false"
		}
		holds, err := w.model.Holds(w.tree(key), d, modifier, value)
		if err != nil {
			t.Fatal(err)
		}
		return holds
	}}
}

var modifiersOf = map[string][]string{
	"string": {"exact", "contains"}, "token": {"not", "not", "text"}, "reference": {"Organization", "Patient"},
}

func (w *generatedWorld) drawValue(t *rapid.T, typ string, d *definition.SearchParameter, modifier string) string {
	switch d.Type {
	case "string":
		s := []rune(sample(t, names...))
		return escape.Replace(string(s[:rapid.IntRange(1, len(s)).Draw(t, "length")]))
	case "token":
		code := escape.Replace(sample(t, append(slices.Clone(codes), "true", "false", "male", "final", "requested", "accepted", "order", "routine", "1")...))
		if modifier == "text" {
			return escape.Replace(sample(t, names...))
		}
		switch d.Code {
		case "active":
			return sample(t, "true", "false")
		case "telecom", "phone":
			return sample(t, "1", "2", "3")
		}
		return sample(t, "", "", escape.Replace(sample(t, systems...))+"|") + code
	case "date":
		if d.Code == "_lastUpdated" {
			return sample(t, "", "eq", "ne", "gt", "ge", "lt", "le", "sa", "eb") + w.drawInstant(t)
		}
		return sample(t, "", "eq", "ne", "gt", "ge", "lt", "le", "sa", "eb") + sample(t, append(slices.Clone(dates), instants...)...)
	case "quantity":
		value := sample(t, "", "", "ne", "gt", "ge", "lt", "le", "sa", "eb", "ap") + sample(t, amounts...)
		return value + sample(t, "", "|http://unitsofmeasure.org|mg", "||g")
	case "uri":
		return sample(t, "http://a.example/p", "http://a.example/q", "http://a.example/q|1")
	case "composite":
		var parts []string
		for _, c := range d.Component {
			parts = append(parts, w.drawValue(t, typ, w.model.Set.SearchParameter(c.Definition), ""))
		}
		return strings.Join(parts, "$")
	}
	if d.Code == "_profile" {
		return escape.Replace(sample(t, "http://a.example/p", "http://a.example/q", "http://b.example"))
	}
	if modifier != "" {
		return fmt.Sprint(rapid.IntRange(0, generatedIDs).Draw(t, "id"))
	}
	return sample(t, "", "", generatedBase+"/") + fmt.Sprintf("%s/%d", sample(t, generatedTypes...), rapid.IntRange(0, generatedIDs).Draw(t, "id"))
}

func referencesOf(is func(reference) bool) (list []reference) {
	for _, r := range references {
		if is(r) {
			list = append(list, r)
		}
	}
	return list
}

func (w *generatedWorld) drawChain(t *rapid.T, typ string, depth int) clause {
	r := rapid.SampledFrom(referencesOf(func(r reference) bool { return r.typ == typ })).Draw(t, "chain")
	target := sample(t, r.targets...)
	inner := w.draw(t, target, depth-1)
	name := r.code + ":" + target + "." + inner.name
	if len(r.targets) == 1 && r.code != "general-practitioner" && sample(t, "typed", "untyped") == "untyped" && untyped[r.code] {
		name = r.code + "." + inner.name
	}
	return clause{name, inner.value, func(key string) bool {
		return slices.ContainsFunc(w.leads(key, r), func(to string) bool {
			return strings.HasPrefix(to, target+"/") && w.tree(to) != nil && inner.holds(to)
		})
	}}
}

// untyped are the references that lead to one type only.
var untyped = map[string]bool{"partof": true, "organization": true}

func (w *generatedWorld) drawHas(t *rapid.T, typ string, depth int) clause {
	into := referencesOf(func(r reference) bool { return slices.Contains(r.targets, typ) })
	r := rapid.SampledFrom(into).Draw(t, "reverse")
	inner := w.draw(t, r.typ, depth-1)
	return clause{"_has:" + r.typ + ":" + r.code + ":" + inner.name, inner.value, func(key string) bool {
		return !strings.Contains(key, "#") && slices.ContainsFunc(w.order, func(from string) bool {
			return strings.HasPrefix(from, r.typ+"/") && slices.Contains(w.leads(from, r), key) && inner.holds(from)
		})
	}}
}

// link is where a reference leads.
type link struct {
	key string
	old bool // to a version that isn't the current one
}

// leads gives the keys that a reference of a resource points to.
func (w *generatedWorld) leads(key string, r reference) (keys []string) {
	for _, l := range w.links(key, r) {
		keys = append(keys, l.key)
	}
	return keys
}

func (w *generatedWorld) links(key string, r reference) (links []link) {
	name := key + " " + r.code
	if known, ok := w.led[name]; ok {
		return known
	}
	defer func() { w.led[name] = links }()
	var object map[string]any
	if err := json.Unmarshal(w.tree(key).JSON, &object); err != nil {
		panic(err)
	}
	container := key
	if _, rest, is := strings.Cut(key, "/"); is && strings.Contains(rest, "#") {
		container, _, _ = strings.Cut(rest, "#")
	}
	for _, e := range walk(object, r.element) {
		ref, _ := textOf(e, "reference")
		if id, local := strings.CutPrefix(ref, "#"); local {
			for _, typ := range r.targets {
				if k := containedKey(typ, container, id); w.tree(k) != nil && w.tree(k).Type().Name == typ {
					links = append(links, link{key: k})
				}
			}
			continue
		}
		ref, version, named := strings.Cut(strings.TrimPrefix(ref, generatedBase+"/"), "/_history/")
		l := link{key: ref}
		if head := w.heads[ref]; named && head != nil {
			l.old = head.Root().Child("meta").Child("versionId").Text() != version
		}
		links = append(links, l)
	}
	return links
}

// drawClauses makes the clauses of a search, a filter among them now and then.
func (w *generatedWorld) drawClauses(t *rapid.T, typ string) (clauses []clause) {
	for range rapid.IntRange(0, 3).Draw(t, "clauses") {
		clauses = append(clauses, w.draw(t, typ, 3))
	}
	if rapid.IntRange(0, 3).Draw(t, "filtered") == 0 {
		f := w.drawFilter(t, typ, 3)
		clauses = append(clauses, clause{"_filter", f.text, f.holds})
	}
	return clauses
}

// compare draws a search, pages through it and holds it to the model.
func (w *generatedWorld) compare(t *rapid.T) (matched bool) {
	typ := sample(t, generatedTypes...)
	clauses := w.drawClauses(t, typ)
	var asked question
	for _, c := range clauses {
		asked.pairs = append(asked.pairs, search.Pair{Name: c.name, Value: c.value})
	}
	var want []string
	for _, key := range w.order {
		if strings.HasPrefix(key, typ+"/") && !slices.ContainsFunc(clauses, func(c clause) bool { return !c.holds(key) }) {
			want = append(want, key)
		}
	}
	asked.add(w.drawOrder(t, typ, want)...)
	asked.inclusions = w.drawInclusions(t, typ)
	for _, i := range asked.inclusions {
		asked.add(i.pair())
	}
	asked.total = sample(t, "accurate", "accurate", "accurate", "none", "estimate", "")
	if asked.total != "" {
		asked.add(search.Pair{Name: "_total", Value: asked.total})
	}
	asked.add(search.Pair{Name: "_count", Value: sample(t, "1", "3", "10", "1000")})
	got, refused := w.pages(t, typ, asked, len(want))
	if refused {
		w.refused++
		return false
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%s %v: %v\nthe model: %v", typ, asked.pairs, got, want)
	}
	return len(want) > 0
}

// question is a generated search.
type question struct {
	pairs      []search.Pair
	inclusions []inclusion
	total      string // the value of _total
}

func (q *question) add(pairs ...search.Pair) { q.pairs = append(q.pairs, pairs...) }

// pages gives all keys of a search's pages, and holds each page's total and
// includes to the model. A search may be refused as malformed where a value isn't one of its
// parameter, but no generated one is too costly.
func (w *generatedWorld) pages(t *rapid.T, typ string, q question, total int) (keys []string, refused bool) {
	asked := q.pairs
	for {
		answer, err := w.engine.Search(t.Context(), interaction.SearchRequest{Type: typ, Base: generatedBase, Parameters: asked})
		if fe := (*fhir.Error)(nil); errors.As(err, &fe) && fe.Kind == fhir.Invalid && len(keys) == 0 {
			return nil, true
		}
		if err != nil {
			t.Fatalf("%s %v: %v", typ, asked, err)
		}
		var page searchset
		if err := json.Unmarshal(answer, &page); err != nil {
			t.Fatal(err)
		}
		if told := page.Total != nil; told && (q.total == "none" || *page.Total != total) || !told && (q.total == "accurate" || q.total == "estimate") {
			t.Fatalf("%s %v: total %s, the model: %d", typ, q.pairs, toldTotal(page.Total), total)
		}
		w.checkIncluded(t, page, q)
		keys = append(keys, page.keys("match")...)
		next := page.link("next")
		if next == "" {
			return keys, false
		}
		_, query, _ := strings.Cut(next, "?")
		if asked, err = search.Split(query); err != nil || len(keys) > 10_000 {
			t.Fatalf("%s %v: %d matches so far, %v", typ, q.pairs, len(keys), err)
		}
	}
}

func toldTotal(total *int) string {
	if total == nil {
		return "none"
	}
	return strconv.Itoa(*total)
}

// generatedLimit bounds the test on each store; CASEWAY_GENERATED, such as
// "10m", lets it run for longer.
func generatedLimit(t *testing.T) time.Duration {
	if text := os.Getenv("CASEWAY_GENERATED"); text != "" {
		limit, err := time.ParseDuration(text)
		if err != nil {
			t.Fatal(err)
		}
		return limit
	}
	if testing.Short() {
		return 10 * time.Second
	}
	return 40 * time.Second
}

// TestGeneratedSearches: whatever the resources and the search, a store's
// engine answers with the ids, in the order and with the total that the model
// has.
func TestGeneratedSearches(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "caseway.db"), sqlite.Options{})
		runGenerated(t, s, err)
	})
	t.Run("mongodb", func(t *testing.T) {
		s, err := mongo.Open(t.Context(), mongotest.Server(t).URI, mongo.Options{})
		runGenerated(t, s, err)
	})
}

func runGenerated(t *testing.T, s store.Store, err error) {
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	seed := *seedFlag
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed=%d", seed)
	w := newGeneratedWorld(t, s, seed)
	d := dice{rand.New(rand.NewPCG(seed, 6))}
	asked, matched := 0, 0
	for until := time.Now().Add(generatedLimit(t)); time.Now().Before(until) && !t.Failed(); {
		rapid.Check(t, func(t *rapid.T) {
			if time.Now().After(until) {
				return
			}
			asked++
			if w.compare(t) {
				matched++
			}
		})
		for range 20 {
			w.write(t, d)
		}
		w.arrange(t)
	}
	t.Logf("%d searches over about %d resources; %d found something, %d were refused", asked, len(w.heads), matched, w.refused)
	if matched*5 < asked || w.refused*5 > asked {
		t.Errorf("%d of %d searches found something, %d were refused", matched, asked, w.refused)
	}
}
