package search

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"caseway/fhir"
)

// sortItem is a match with what it sorts by.
type sortItem struct {
	hit    Hit
	values []SortValue
}

func (x sortItem) position() *Position { return &Position{Place: x.hit.Place, Sort: x.values} }

// sorter is an order other than that of places, seen in the direction of travel.
type sorter struct {
	keys      []SortKey
	params    map[string][]*Parameter // of each type, beside keys
	backwards bool
	after     *sortItem
}

func newSorter(p Plan) *sorter {
	k := &sorter{keys: p.Sort, params: map[string][]*Parameter{}, backwards: p.Backwards}
	if p.After != nil {
		k.after = &sortItem{hit: Hit{Place: p.After.Place}, values: p.After.Sort}
	}
	return k
}

// compare orders matches: missing values last whichever the direction, and by
// place where the rest is the same.
func (k *sorter) compare(a, b sortItem) int {
	order := 0
	for i, key := range k.keys {
		x, y := a.values[i], b.values[i]
		switch {
		case x.Missing != y.Missing:
			order = 1
			if y.Missing {
				order = -1
			}
		case key.Descending:
			order = strings.Compare(y.Text, x.Text)
		default:
			order = strings.Compare(x.Text, y.Text)
		}
		if order != 0 {
			break
		}
	}
	order = cmp.Or(order, a.hit.Place.Compare(b.hit.Place))
	if k.backwards {
		return -order
	}
	return order
}

// item gives what a match sorts by, without what else the index has of it.
func (k *sorter) item(h Hit) sortItem {
	params := k.paramsOf(h.Key.Type)
	x := sortItem{hit: h, values: make([]SortValue, len(k.keys))}
	for i, key := range k.keys {
		switch {
		case key.Field == fieldID:
			x.values[i].Text = h.Key.ID
		case key.Field == fieldLastUpdated:
			x.values[i].Text = fmt.Sprintf("%020d", h.Place.Updated)
		case params[i] == nil:
			x.values[i].Missing = true
		default:
			text, ok := params[i].SortKey(h.Terms, key.Descending)
			x.values[i] = SortValue{Text: text, Missing: !ok}
		}
	}
	x.hit.Terms, x.hit.JSON = nil, nil
	return x
}

// paramsOf finds the parameters for a type: each type has its own of the same code.
func (k *sorter) paramsOf(typ string) []*Parameter {
	if params, ok := k.params[typ]; ok {
		return params
	}
	params := make([]*Parameter, len(k.keys))
	for i, key := range k.keys {
		params[i] = key.Param
		if key.Param != nil && key.Param.Resource != typ {
			params[i] = key.Param.registry.Parameter(typ, key.Param.Code)
		}
	}
	k.params[typ] = params
	return params
}

// sortedPage reads all matches and keeps those of the page.
func (r *runner) sortedPage(ctx context.Context, p Plan) (Matches, error) {
	if p.After != nil && len(p.After.Sort) != len(p.Sort) {
		return Matches{}, fmt.Errorf("search: a position with %d sort values for %d sort keys", len(p.After.Sort), len(p.Sort))
	}
	r.everything = true
	k := newSorter(p)
	var best []sortItem
	total := 0
	_, err := r.each(ctx, func(hits []Hit) bool {
		total += len(hits)
		for _, h := range hits {
			if x := k.item(h); k.after == nil || k.compare(x, *k.after) > 0 {
				best = append(best, x)
			}
		}
		if len(best) > 4*(p.Count+firstBatchOfAll) {
			best = k.topN(best, p.Count+1)
		}
		return false
	})
	if err != nil {
		return Matches{}, err
	}
	best = k.topN(best, p.Count+1)
	m := Matches{Total: total, More: len(best) > p.Count}
	best = withoutRepeats(r, best[:min(len(best), p.Count)], func(x sortItem) fhir.Key { return x.hit.Key })
	hits := make([]Hit, len(best))
	for i, x := range best {
		hits[i] = x.hit
	}
	filled, reached, err := r.read(ctx, hits)
	if reached > 0 {
		m.First, m.Last = best[0].position(), best[reached-1].position()
	}
	m.show(filled, reached < len(hits), p.Backwards)
	return m, err
}

// topN gives the first n in order.
func (k *sorter) topN(all []sortItem, n int) []sortItem {
	slices.SortFunc(all, k.compare)
	n = min(n, len(all))
	clear(all[n:])
	return all[:n]
}
