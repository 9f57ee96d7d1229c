package kit_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/fhir/search/searchtest/model"
	"caseway/fhir/store"
)

// generatedBase is the base URL of the generated server.
const generatedBase = "http://caseway.example/fhir"

// reference is an element that connects the generated resources, and the
// search parameter for it.
type reference struct {
	typ, code string
	element   string
	list      bool
	targets   []string
}

var references = []reference{
	{"Organization", "partof", "partOf", false, []string{"Organization"}},
	{"Patient", "organization", "managingOrganization", false, []string{"Organization"}},
	{"Patient", "general-practitioner", "generalPractitioner", true, []string{"Organization"}},
	{"Task", "subject", "for", false, []string{"Patient", "Organization"}},
	{"Task", "owner", "owner", false, []string{"Organization", "Patient"}},
	{"Task", "part-of", "partOf", true, []string{"Task"}},
	{"Task", "focus", "focus", false, []string{"Observation", "Task"}},
	{"Observation", "subject", "subject", false, []string{"Patient"}},
	{"Observation", "performer", "performer", true, []string{"Organization", "Patient"}},
	{"Observation", "has-member", "hasMember", true, []string{"Observation"}},
}

// generatedIDs is how many ids the resources of a type share.
const generatedIDs = 25

var generatedTypes = []string{"Observation", "Organization", "Patient", "Task"}

// dice draws what resources are made of. Words are few, so that they meet.
type dice struct{ *rand.Rand }

func (d dice) of(words ...string) string { return words[d.IntN(len(words))] }
func (d dice) often(percent int) bool    { return d.IntN(100) < percent }

var (
	names    = []string{"Smith", "SMITH", "Smïth-Jones", "O'Neil", "oneil", "Ångström", "Jones", "李", "a,b|c$d\\e", "...", "Straße"}
	codes    = []string{"a", "A", "b|c", "x,y", "$"}
	systems  = []string{"http://a.example", "http://b.example|1", ""}
	dates    = []string{"2020", "2020-02", "2020-02-29", "2020-03-01", "1999-12-31"}
	instants = []string{"2020-02-29T23:59:59Z", "2020-03-01T00:00:00Z", "2020-03-01T10:00:00+10:00", "2020-03-01T00:00:00.5Z"}
	amounts  = []string{"0", "1", "1.0", "7", "99.5", "100", "-3.25", "5.4", "5400"}
	units    = []string{"mg", "g", ""}
)

func (d dice) key(types ...string) string {
	return fmt.Sprintf("%s/%d", d.of(types...), d.IntN(generatedIDs+3))
}

func (d dice) literal(types []string) map[string]any {
	text := d.key(types...)
	switch d.IntN(12) {
	case 0:
		text = generatedBase + "/" + text
	case 1:
		text = "http://other.example/fhir/" + text
	case 2:
		text += "/_history/1"
	}
	return map[string]any{"reference": text}
}

func (d dice) coding() map[string]any {
	c := map[string]any{"code": d.of(codes...)}
	if s := d.of(systems...); s != "" {
		c["system"] = s
	}
	if d.often(30) {
		c["display"] = d.of(names...)
	}
	return c
}

func (d dice) concept() map[string]any {
	c := map[string]any{"coding": []any{d.coding()}}
	if d.often(20) {
		c["coding"] = []any{d.coding(), d.coding()}
	}
	if d.often(30) {
		c["text"] = d.of(names...)
	}
	return c
}

func (d dice) identifier() map[string]any {
	i := map[string]any{"value": d.of(codes...)}
	if s := d.of(systems...); s != "" {
		i["system"] = s
	}
	return i
}

func (d dice) quantity() map[string]any {
	q := map[string]any{"value": json.Number(d.of(amounts...))}
	if u := d.of(units...); u != "" {
		q["unit"], q["code"], q["system"] = u, u, "http://unitsofmeasure.org"
	}
	return q
}

func (d dice) period() map[string]any {
	p := map[string]any{}
	start, end := d.of(dates...), d.of(dates...)
	if start > end {
		start, end = end, start
	}
	if d.often(70) {
		p["start"] = start
	}
	if len(p) == 0 || d.often(60) {
		p["end"] = end
	}
	return p
}

func (d dice) date() string { return d.of(append(slices.Clone(dates), instants...)...) }

// fields are the elements of a type besides references; each is left out now
// and then unless it must be there.
func (d dice) fields(typ string) map[string]any {
	switch typ {
	case "Organization":
		return map[string]any{"name": d.of(names...), "active": d.often(50), "identifier": []any{d.identifier()}, "type": []any{d.concept()}}
	case "Patient":
		return map[string]any{
			"active": d.often(50), "gender": d.of("male", "female", "other"), "birthDate": d.of(dates...), "identifier": []any{d.identifier(), d.identifier()},
			"name":    []any{map[string]any{"family": d.of(names...), "given": []any{d.of(names...), d.of(names...)}}},
			"address": []any{map[string]any{"city": d.of(names...)}}, "telecom": []any{map[string]any{"system": "phone", "value": d.of("1", "2")}},
		}
	case "Task":
		return map[string]any{
			"status": d.of("requested", "accepted", "completed"), "intent": d.of("order", "plan"), "code": d.concept(), "identifier": []any{d.identifier()},
			"authoredOn": d.date(), "lastModified": d.date(), "executionPeriod": d.period(), "businessStatus": d.concept(), "priority": d.of("routine", "asap"),
		}
	}
	o := map[string]any{
		"status": d.of("final", "preliminary"), "code": d.concept(), "category": []any{d.concept()}, "identifier": []any{d.identifier()},
		"component": []any{map[string]any{"code": d.concept(), "valueQuantity": d.quantity()}},
	}
	if d.often(50) {
		o["effectiveDateTime"] = d.date()
	} else {
		o["effectivePeriod"] = d.period()
	}
	switch d.IntN(3) {
	case 0:
		o["valueQuantity"] = d.quantity()
	case 1:
		o["valueCodeableConcept"] = d.concept()
	case 2:
		o["valueString"] = d.of(names...)
	}
	return o
}

func (d dice) resource(key string) []byte {
	typ, id, _ := strings.Cut(key, "/")
	object := d.fields(typ)
	for name := range object {
		if name != "status" && name != "intent" && name != "code" && d.often(30) {
			delete(object, name)
		}
	}
	for _, r := range references {
		if r.typ == typ && d.often(60) {
			object[r.element] = any(d.literal(r.targets))
			if r.list {
				object[r.element] = []any{d.literal(r.targets), d.literal(r.targets)}
			}
		}
	}
	if d.often(30) {
		object["contained"] = d.contain(object, typ, 1)
	}
	if d.often(50) {
		object["meta"] = map[string]any{"tag": []any{d.coding()}, "profile": []any{d.of("http://a.example/p", "http://a.example/q|1")}}
	}
	object["resourceType"], object["id"] = typ, id
	text, err := json.Marshal(object)
	if err != nil {
		panic(err)
	}
	return text
}

// contain has a reference of an object lead to a contained resource, which may
// refer to another one.
func (d dice) contain(object map[string]any, typ string, number int) (all []any) {
	own := referencesOf(func(r reference) bool { return r.typ == typ })
	r := own[d.IntN(len(own))]
	target := d.of(r.targets...)
	inner := d.fields(target)
	inner["resourceType"], inner["id"] = target, fmt.Sprint("c", number)
	object[r.element] = any(map[string]any{"reference": fmt.Sprint("#c", number)})
	if r.list {
		object[r.element] = []any{object[r.element], d.literal(r.targets)}
	}
	if number == 1 && d.often(50) {
		all = d.contain(inner, target, 2)
	}
	for _, r := range referencesOf(func(r reference) bool { return r.typ == target }) {
		if object := inner[r.element]; object == nil && d.often(60) && !r.list {
			inner[r.element] = d.literal(r.targets)
		}
	}
	return append(all, inner)
}

// containedKey is what the model calls a contained resource: its type, its
// container and its id there.
func containedKey(typ, container, id string) string { return typ + "/" + container + "#" + id }

// tree gives a resource, or a contained one, which sees what is contained beside
// it as if it contained that itself; nil where there is none.
func (w *generatedWorld) tree(key string) *fhir.Tree {
	if known := w.inner[key]; known != nil || !strings.Contains(key, "#") {
		return cmp.Or(known, w.heads[key])
	}
	_, rest, _ := strings.Cut(key, "/")
	container, id, _ := strings.Cut(rest, "#")
	var object struct{ Contained []map[string]json.RawMessage } // numbers stay as they are written
	_ = json.Unmarshal(w.heads[container].JSON, &object)        // it was decoded before
	for _, one := range object.Contained {
		if string(one["id"]) != strconv.Quote(id) {
			continue
		}
		alone := maps.Clone(one)
		alone["contained"], _ = json.Marshal(object.Contained) // it was JSON
		text, _ := json.Marshal(alone)
		if tree, err := fhir.Decode(w.model.Set, text, fhir.DefaultLimits); err == nil {
			w.inner[key] = tree
			return tree
		}
	}
	return nil
}

// generatedWorld is an engine on a store with generated resources, and the
// same resources as the model looks at them.
type generatedWorld struct {
	engine *interaction.Session
	model  model.Model
	heads  map[string]*fhir.Tree // as they are stored, once they are arranged
	order  []string              // of places
	// instants are the lastUpdated of the resources in order.
	instants []string
	led      map[string][]link     // what links has found
	inner    map[string]*fhir.Tree // contained resources, by containedKey

	refused int // searches
}

// drawInstant draws a time about which resources were written, more or less
// exactly.
func (w *generatedWorld) drawInstant(t *rapid.T) string {
	text := rapid.SampledFrom(w.instants).Draw(t, "instant")
	switch rapid.IntRange(0, 3).Draw(t, "precision") {
	case 0:
		return text[:len("2020-01-01T00:00:00")] + "Z"
	case 1:
		return text[:len("2020-01-01")]
	}
	return text
}

func newGeneratedWorld(t *testing.T, s store.Store, seed uint64) *generatedWorld {
	t.Helper()
	r4 := definition.R4()
	e, err := interaction.New(interaction.Config{Store: s, Schema: r4, ResourceTypes: r4.ResourceTypes(), Base: generatedBase})
	if err != nil {
		t.Fatal(err)
	}
	w := &generatedWorld{engine: e.As(nil), model: model.Model{Set: r4, Base: generatedBase}, heads: map[string]*fhir.Tree{}}
	d := dice{rand.New(rand.NewPCG(seed, 5))}
	for range 3 * generatedIDs * len(generatedTypes) / 2 {
		w.write(t, d)
	}
	w.arrange(t)
	return w
}

// write makes, changes or deletes a resource.
func (w *generatedWorld) write(t *testing.T, d dice) {
	t.Helper()
	key := fmt.Sprintf("%s/%d", d.of(generatedTypes...), d.IntN(generatedIDs))
	typ, id, _ := strings.Cut(key, "/")
	if w.heads[key] != nil && d.often(20) {
		if _, err := w.engine.Delete(t.Context(), interaction.DeleteRequest{Key: fhir.Key{Type: typ, ID: id}}); err != nil {
			t.Fatal(err)
		}
		delete(w.heads, key)
		return
	}
	body := d.resource(key)
	if _, err := w.engine.Update(t.Context(), interaction.UpdateRequest{Key: fhir.Key{Type: typ, ID: id}, Body: body}); err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	tree, err := fhir.Decode(w.model.Set, body, fhir.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	w.heads[key] = tree
}

// arrange learns the order of places, which stores settle within an instant,
// from a search for everything, and holds that to be complete and in order.
func (w *generatedWorld) arrange(t *testing.T) {
	t.Helper()
	types := strings.Join(generatedTypes, ",")
	answer, err := w.engine.Search(t.Context(), interaction.SearchRequest{Base: generatedBase, Parameters: []search.Pair{{Name: "_type", Value: types}, {Name: "_count", Value: "1000"}}})
	if err != nil {
		t.Fatal(err)
	}
	var all searchset
	if err := json.Unmarshal(answer, &all); err != nil {
		t.Fatal(err)
	}
	updated := func(e result) string {
		var r struct{ Meta struct{ LastUpdated string } }
		_ = json.Unmarshal(e.Resource, &r) // it was part of what has been decoded
		return r.Meta.LastUpdated
	}
	if !slices.IsSortedFunc(all.Entry, func(a, b result) int { return cmp.Compare(updated(a), updated(b)) }) {
		t.Fatal("not in the order of lastUpdated")
	}
	w.order, w.instants, w.led, w.inner = nil, nil, map[string][]link{}, map[string]*fhir.Tree{}
	for _, e := range all.Entry {
		if w.order = append(w.order, e.key()); w.heads[e.key()] == nil {
			t.Fatalf("%s isn't there", e.key())
		}
		w.instants = append(w.instants, updated(e))
		if w.heads[e.key()], err = fhir.Decode(w.model.Set, e.Resource, fhir.DefaultLimits); err != nil {
			t.Fatal(err)
		}
	}
	if len(w.order) != len(w.heads) {
		t.Fatalf("%d resources, want %d", len(w.order), len(w.heads))
	}
}
