package search_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/search"
	"caseway/fhir/search/searchtest"
)

var registry = sync.OnceValue(func() *search.Registry {
	r, _ := search.NewRegistry(definition.R4(), nil)
	return r
})

// worldTypes are the types of generated resources, with the reference
// parameters that connect them, cycles among them.
var worldTypes = []string{"Organization", "Patient", "Task"}

var worldLinks = []struct{ typ, code, target string }{
	{"Organization", "partof", "Organization"},
	{"Patient", "organization", "Organization"},
	{"Patient", "link", "Patient"},
	{"Task", "patient", "Patient"},
	{"Task", "owner", "Organization"},
	{"Task", "owner", "Patient"},
	{"Task", "part-of", "Task"},
}

func parameter(typ, code string) *search.Parameter {
	p := registry().Parameter(typ, code)
	if p == nil {
		panic(typ + " has no parameter " + code)
	}
	return p
}

// world is a set of resources, and a plain model of what searching it gives.
type world struct {
	*searchtest.Memory
	hits []search.Hit
	keys map[fhir.Key]search.Hit
}

func instant(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func hitAt(typ, id string, ms int64) search.Hit {
	key := fhir.Key{Type: typ, ID: id}
	return search.Hit{
		Key: key, VersionID: 1, LastUpdated: instant(ms),
		JSON:  fmt.Appendf(nil, `{"resourceType":%q,"id":%q}`, typ, id),
		Place: search.Place{Updated: ms, Tie: key.String()},
	}
}

func newWorld() *world { return &world{Memory: searchtest.NewMemory()} }

func (w *world) put(h search.Hit, indexed, kept []search.Term) {
	slices.Sort(indexed)
	slices.Sort(kept)
	x := search.Index{Terms: slices.Compact(indexed), Values: slices.Compact(kept)}
	w.Put(h, x, compartmentsOf(registry(), h.Key, x)...)
}

// settle takes the resources over into the model.
func (w *world) settle() {
	w.hits, w.keys = w.All(), map[fhir.Key]search.Hit{}
	for _, h := range w.hits {
		w.keys[h.Key] = h
	}
}

func drawWorld(t *rapid.T, most int) *world {
	w := newWorld()
	count := rapid.IntRange(0, most).Draw(t, "resources")
	for i := range count {
		typ := worldTypes[rapid.IntRange(0, 2).Draw(t, "type")]
		var terms, kept []search.Term
		for _, tag := range rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "rare"}), 0, 2).Draw(t, "tags") {
			terms = append(terms, search.Term(typ+"._tag="+tag))
		}
		if rapid.Bool().Draw(t, "identified") {
			terms = append(terms, search.Term(fmt.Sprintf("%s.identifier=%d", typ, i%5)))
		}
		for _, rank := range rapid.SliceOfN(rapid.IntRange(0, 9), 0, 2).Draw(t, "ranks") {
			terms = append(terms, search.Term(fmt.Sprintf("%s.rank<%d", typ, rank)))
			kept = append(kept, search.Term(fmt.Sprintf("%s.rank;q%d", typ, rank)))
		}
		for _, l := range worldLinks {
			if l.typ == typ && rapid.IntRange(0, 2).Draw(t, "linked") > 0 {
				target := fhir.Key{Type: l.target, ID: fmt.Sprint(rapid.IntRange(0, most).Draw(t, "target"))}
				terms = append(terms, parameter(typ, l.code).Term(target))
			}
		}
		if typ == "Task" && rapid.IntRange(0, 3).Draw(t, "containing") == 0 {
			more, values := drawContained(t)
			terms, kept = append(terms, more...), append(kept, values...)
		}
		w.put(hitAt(typ, fmt.Sprint(i), 1000+rapid.Int64Range(0, int64(most)/3).Draw(t, "updated")), terms, kept)
	}
	w.settle()
	return w
}

func drawLeaf(t *rapid.T, typ string) search.Expr {
	term := func(i int) search.Term { return search.Term(fmt.Sprintf("%s.rank<%d", typ, i)) }
	switch rapid.IntRange(0, 6).Draw(t, "leaf") {
	case 0, 1:
		tags := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "rare", "none"}), 1, 3).Draw(t, "tags")
		var exact []search.Term
		for _, tag := range tags {
			exact = append(exact, search.Term(typ+"._tag="+tag))
		}
		slices.Sort(exact)
		return search.Leaf{Exact: exact}
	case 2:
		return search.Leaf{Exact: []search.Term{search.Term(fmt.Sprintf("%s.identifier=%d", typ, rapid.IntRange(0, 5).Draw(t, "identifier")))}}
	case 3:
		from := rapid.IntRange(0, 9).Draw(t, "from")
		return search.Leaf{From: term(from), To: term(rapid.IntRange(0, 9).Draw(t, "to"))}
	case 4:
		digit := rapid.SampledFrom([]string{"1", "3", "7"}).Draw(t, "digit")
		return search.Leaf{
			From: search.Term(typ + ".rank<"), To: search.Term(typ + ".rank="),
			Test: func(t search.Term) bool { return strings.HasSuffix(string(t), digit) },
		}
	case 5:
		return search.Leaf{Exact: []search.Term{search.Term(fmt.Sprintf("%s.rank;q%d", typ, rapid.IntRange(0, 9).Draw(t, "kept")))}}
	}
	links := slices.DeleteFunc(slices.Clone(worldLinks), func(l struct{ typ, code, target string }) bool { return l.typ != typ })
	l := rapid.SampledFrom(links).Draw(t, "link")
	return search.Leaf{Exact: []search.Term{parameter(typ, l.code).Term(fhir.Key{Type: l.target, ID: fmt.Sprint(rapid.IntRange(0, 20).Draw(t, "target"))})}}
}

// drawExpr makes a condition on a type.
func drawExpr(t *rapid.T, typ string, depth int) search.Expr {
	kind := rapid.IntRange(0, 13).Draw(t, "kind")
	if depth == 0 {
		kind %= 6
	}
	switch kind {
	case 4:
		keys := rapid.SliceOfN(rapid.IntRange(0, 40), 0, 6).Draw(t, "ids")
		var named search.Keys
		for _, k := range keys {
			named = append(named, fhir.Key{Type: typ, ID: fmt.Sprint(k)})
		}
		return named
	case 5:
		u := search.Updated{From: instant(1000 + rapid.Int64Range(0, 20).Draw(t, "from"))}
		if rapid.Bool().Draw(t, "open") {
			u.From = time.Time{}
		}
		if rapid.Bool().Draw(t, "closed") {
			u.To = instant(1000 + rapid.Int64Range(0, 20).Draw(t, "to"))
		}
		return u
	case 6, 7, 8:
		n := rapid.IntRange(0, 3).Draw(t, "members")
		members := make([]search.Expr, n)
		for i := range members {
			members[i] = drawExpr(t, typ, depth-1)
		}
		if kind == 6 {
			return search.Or(members)
		}
		return search.And(members)
	case 9:
		return search.Not{Expr: drawExpr(t, typ, depth-1)}
	case 10, 11:
		l := rapid.SampledFrom(worldLinks).Draw(t, "chain")
		if l.typ == typ && rapid.IntRange(0, 2).Draw(t, "contained") == 0 {
			return search.Contained{Param: parameter(l.typ, l.code), Type: l.target, Where: drawExpr(t, l.target, depth-1)}
		}
		if l.typ == typ {
			return search.Chain{Param: parameter(l.typ, l.code), Type: l.target, Where: drawExpr(t, l.target, depth-1)}
		}
	case 12:
		l := rapid.SampledFrom(worldLinks).Draw(t, "reverse")
		if l.target == typ {
			return search.Reverse{Type: l.typ, Param: parameter(l.typ, l.code), Where: drawExpr(t, l.typ, depth-1)}
		}
	case 13:
		patient := fhir.Key{Type: "Patient", ID: fmt.Sprint(rapid.IntRange(0, 20).Draw(t, "patient"))}
		if in, err := registry().InCompartment(patient, typ); in != nil && err == nil {
			return search.Within{Compartment: patient, Where: search.And{in, drawExpr(t, typ, depth-1)}}
		}
	}
	return drawLeaf(t, typ)
}

// drawSearch makes the types and the condition of a search.
func drawSearch(t *rapid.T) ([]string, search.Expr) {
	types := rapid.SampledFrom([][]string{{"Task"}, {"Task"}, {"Patient"}, {"Patient", "Task"}, nil}).Draw(t, "types")
	if len(types) == 1 {
		return types, drawExpr(t, types[0], 3)
	}
	either := search.Or{drawExpr(t, "Patient", 2), drawExpr(t, "Task", 2)}
	if rapid.Bool().Draw(t, "bounded") {
		return types, search.And{either, search.Updated{From: instant(1005)}}
	}
	return types, either
}

// holds is the model of a condition.
func (w *world) holds(e search.Expr, h search.Hit) bool {
	switch e := e.(type) {
	case search.And:
		return !slices.ContainsFunc(e, func(m search.Expr) bool { return !w.holds(m, h) })
	case search.Or:
		return slices.ContainsFunc(e, func(m search.Expr) bool { return w.holds(m, h) })
	case search.Not:
		return !w.holds(e.Expr, h)
	case search.Leaf:
		return slices.ContainsFunc(h.Terms, func(t search.Term) bool {
			if len(e.Exact) > 0 {
				return slices.Contains(e.Exact, t)
			}
			return t >= e.From && t < e.To && (e.Test == nil || e.Test(t))
		})
	case search.Within:
		return w.holds(e.Where, h)
	case search.Contained:
		return slices.ContainsFunc(inContainer(h, e), func(inner search.Hit) bool { return w.holds(e.Where, inner) })
	case search.Keys:
		return slices.Contains(e, h.Key)
	case search.Updated:
		return !h.LastUpdated.IsZero() && !h.LastUpdated.Before(e.From) && (e.To.IsZero() || h.LastUpdated.Before(e.To))
	case search.Chain:
		return slices.ContainsFunc(e.Param.References(h.Terms), func(ref search.Reference) bool {
			inner, found := w.keys[ref.Key]
			return found && inner.Key.Type == e.Type && w.holds(e.Where, inner)
		})
	case search.Reverse:
		return slices.ContainsFunc(w.hits, func(inner search.Hit) bool {
			return inner.Key.Type == e.Type && slices.Contains(inner.Terms, e.Param.Term(h.Key)) && w.holds(e.Where, inner)
		})
	}
	panic(fmt.Sprintf("%T", e))
}

// matches is the model of a search without its pages.
func (w *world) matches(p search.Plan) []search.Hit {
	var hits []search.Hit
	for _, h := range w.hits {
		if (len(p.Types) == 0 || slices.Contains(p.Types, h.Key.Type)) && w.holds(p.Where, h) {
			hits = append(hits, h)
		}
	}
	slices.SortStableFunc(hits, func(a, b search.Hit) int {
		for _, k := range p.Sort {
			if c := compareBy(k, a, b); c != 0 {
				return c
			}
		}
		if len(p.Sort) == 1 && p.Sort[0].Field == "_lastUpdated" && p.Sort[0].Descending {
			return b.Place.Compare(a.Place)
		}
		return a.Place.Compare(b.Place)
	})
	return hits
}

func compareBy(k search.SortKey, a, b search.Hit) int {
	c := 0
	switch k.Field {
	case "_id":
		c = cmp.Compare(a.Key.ID, b.Key.ID)
	case "_lastUpdated":
		c = a.LastUpdated.Compare(b.LastUpdated)
	default:
		x, y := least(a, k.Param.Code, k.Descending), least(b, k.Param.Code, k.Descending)
		if x == "" || y == "" {
			return -cmp.Compare(x, y)*min(1, len(x)+len(y)) + 0
		}
		c = cmp.Compare(x, y)
	}
	if k.Descending {
		return -c
	}
	return c
}

// least is the value of a token parameter that comes first.
func least(h search.Hit, code string, descending bool) string {
	best := ""
	for _, t := range h.Terms {
		value, found := strings.CutPrefix(string(t), h.Key.Type+"."+code+"=")
		if found && (best == "" || (value > best) == descending) {
			best = value
		}
	}
	return best
}

func ids(hits []search.Hit) []string {
	names := make([]string, len(hits))
	for i, h := range hits {
		names[i] = h.Key.String()
	}
	return names
}

func mustRun(t testing.TB, src search.Source, p search.Plan) search.Matches {
	t.Helper()
	m, err := search.Run(t.Context(), src, p)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
