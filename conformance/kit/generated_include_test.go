package kit_test

import (
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"caseway/fhir/search"
)

// inclusion is a generated _include or _revinclude.
type inclusion struct {
	reverse, iterate     bool
	source, code, target string // "*" for all; "" for any target
}

func (i inclusion) pair() search.Pair {
	name, value := "_include", i.source
	if i.reverse {
		name = "_revinclude"
	}
	if i.iterate {
		name += ":iterate"
	}
	if i.source != "*" {
		value += ":" + i.code
	}
	if i.target != "" {
		value += ":" + i.target
	}
	return search.Pair{Name: name, Value: value}
}

// drawInclusions draws some that lead from or to a type.
func (w *generatedWorld) drawInclusions(t *rapid.T, typ string) (all []inclusion) {
	if rapid.IntRange(0, 2).Draw(t, "included") > 0 {
		return nil
	}
	for range rapid.IntRange(1, 3).Draw(t, "includes") {
		i := inclusion{reverse: rapid.Bool().Draw(t, "reverse"), iterate: rapid.Bool().Draw(t, "iterate")}
		r := rapid.SampledFrom(referencesOf(func(r reference) bool {
			return i.iterate || i.reverse && slices.Contains(r.targets, typ) || !i.reverse && r.typ == typ
		})).Draw(t, "reference")
		switch rapid.IntRange(0, 5).Draw(t, "form") {
		case 0:
			i.source = "*"
		case 1:
			i.source, i.code = r.typ, "*"
		case 2:
			i.source, i.code, i.target = r.typ, r.code, sample(t, r.targets...)
			if i.reverse && !i.iterate {
				i.target = typ
			}
		default:
			i.source, i.code = r.typ, r.code
		}
		all = append(all, i)
	}
	return all
}

func (i inclusion) follows(r reference) bool {
	return (i.source == "*" || i.source == r.typ) && (i.source == "*" || i.code == "*" || i.code == r.code)
}

// step gives what one inclusion adds to some resources.
func (w *generatedWorld) step(i inclusion, from []string) (found []link) {
	for _, r := range references {
		if !i.follows(r) {
			continue
		}
		for _, key := range from {
			typ, _, _ := strings.Cut(key, "/")
			switch {
			case !i.reverse && r.typ == typ:
				for _, to := range w.links(key, r) {
					if i.target == "" || strings.HasPrefix(to.key, i.target+"/") {
						found = append(found, to)
					}
				}
			case i.reverse && (i.target == "" || i.target == typ) && slices.Contains(w.parameter(r.typ, r.code).Target, typ):
				for _, other := range w.order {
					if strings.HasPrefix(other, r.typ+"/") && slices.Contains(w.leads(other, r), key) {
						found = append(found, link{key: other})
					}
				}
			}
		}
	}
	return found
}

// included is what inclusions add to a page of matches.
func (w *generatedWorld) included(matches []string, by []inclusion) []string {
	seen := map[string]bool{}
	for _, key := range matches {
		seen[key] = true
	}
	added := map[string]bool{}
	round := matches
	for first := true; len(round) > 0; first = false {
		var next []string
		for _, i := range by {
			if !first && !i.iterate {
				continue
			}
			for _, to := range w.step(i, round) {
				switch {
				case w.heads[to.key] == nil:
				case to.old: // which comes by itself, and leads nowhere
					added[to.key] = added[to.key] || !slices.Contains(matches, to.key)
				case !seen[to.key]:
					seen[to.key], added[to.key] = true, true
					next = append(next, to.key)
				}
			}
		}
		round = next
	}
	maps.DeleteFunc(added, func(_ string, is bool) bool { return !is })
	return slices.Sorted(maps.Keys(added))
}

// checkIncluded holds a page's includes to the model, each there once. A
// reference to an older version brings that alone.
func (w *generatedWorld) checkIncluded(t *rapid.T, page searchset, q question) {
	matches := page.keys("match")
	want := w.included(matches, q.inclusions)
	var got []string
	for _, key := range page.keys("include") {
		if !slices.Contains(matches, key) || len(q.inclusions) == 0 {
			got = append(got, key)
		}
	}
	slices.Sort(got)
	if got = slices.Compact(got); !slices.Equal(got, want) {
		t.Fatalf("%v: with %v there are %v\nthe model: %v", q.pairs, matches, got, want)
	}
}
