package kit_test

import (
	"slices"
	"strings"

	"pgregory.net/rapid"

	"caseway/fhir/definition"
	"caseway/fhir/search"
	"caseway/fhir/search/searchtest/model"
)

// unsorted are generated parameters that have no order.
var unsorted = []string{"code-value-quantity", "component-code-value-quantity"}

// sorting is a member of _sort.
type sorting struct {
	of         *definition.SearchParameter // nil for _id
	descending bool
}

func (s sorting) code() string {
	if s.of == nil {
		return "_id"
	}
	return s.of.Code
}

// drawOrder draws a _sort and puts keys into its order.
func (w *generatedWorld) drawOrder(t *rapid.T, typ string, keys []string) []search.Pair {
	var by []sorting
	var value []string
	for range rapid.IntRange(0, 3).Draw(t, "sortings") {
		s := sorting{descending: rapid.Bool().Draw(t, "descending")}
		if code := sample(t, append([]string{"_id"}, generatedParameters[typ]...)...); code != "_id" {
			s.of = w.parameter(typ, code)
		}
		if slices.Contains(unsorted, s.code()) || slices.ContainsFunc(by, func(other sorting) bool { return other.code() == s.code() }) {
			continue
		}
		by = append(by, s)
		value = append(value, map[bool]string{true: "-"}[s.descending]+s.code())
	}
	if len(by) == 0 {
		return nil
	}
	w.sort(t, keys, by)
	return []search.Pair{{Name: "_sort", Value: strings.Join(value, ",")}}
}

func (w *generatedWorld) parameter(typ, code string) *definition.SearchParameter {
	list := w.model.Set.SearchParameters(typ)
	return list[slices.IndexFunc(list, func(d *definition.SearchParameter) bool { return d.Code == code })]
}

// ordered is a resource with its keys; there is none where it has no value.
type ordered struct {
	key  string
	keys []*model.SortKey
}

func (w *generatedWorld) sort(t *rapid.T, keys []string, by []sorting) {
	all := make([]ordered, len(keys))
	for i, key := range keys {
		all[i].key = key
		for _, s := range by {
			all[i].keys = append(all[i].keys, w.sortKey(t, key, s))
		}
	}
	newest := len(by) == 1 && by[0].descending && by[0].code() == "_lastUpdated"
	if newest {
		slices.Reverse(all) // places order what is of one instant
	}
	slices.SortStableFunc(all, func(a, b ordered) int { return compareOrdered(a, b, by) })
	for i, x := range all {
		keys[i] = x.key
	}
}

func (w *generatedWorld) sortKey(t *rapid.T, key string, s sorting) *model.SortKey {
	if s.of == nil {
		return nil
	}
	k, ok, err := w.model.SortKey(w.heads[key], s.of, s.descending)
	if err != nil {
		t.Fatal(err)
	}
	if !ok {
		return nil
	}
	return &k
}

func compareOrdered(a, b ordered, by []sorting) int {
	for i, s := range by {
		x, y, c := a.keys[i], b.keys[i], 0
		switch {
		case s.of == nil:
			_, idA, _ := strings.Cut(a.key, "/")
			_, idB, _ := strings.Cut(b.key, "/")
			c = strings.Compare(idA, idB)
		case x == nil && y == nil:
			continue
		case x == nil:
			return 1
		case y == nil:
			return -1
		default:
			c = x.Compare(*y)
		}
		if s.descending {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}
