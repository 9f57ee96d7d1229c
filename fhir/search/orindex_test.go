package search

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Many alternatives hold exactly where one of them does.
func TestAnOrIndexHoldsAsItsMembersDo(t *testing.T) {
	term := rapid.Custom(func(t *rapid.T) Term { return Term(rapid.StringMatching(`p=[ab]{0,3}|q;[ab]{0,2}`).Draw(t, "term")) })
	leaf := rapid.Custom(func(t *rapid.T) Leaf {
		switch from := term.Draw(t, "from"); rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			return prefixed(from)
		case 1:
			return Leaf{From: from, To: from + "b", Test: func(t Term) bool { return strings.HasSuffix(string(t), "a") }}
		case 2:
			return Leaf{From: from, To: "r"}
		default:
			return exactly(from, term.Draw(t, "other"))
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		members := make(Or, 0, fewMembers+1)
		kinds := rapid.SliceOfN(leaf, 1, 8).Draw(t, "leaves")
		for i := range fewMembers + 1 {
			var m Expr = kinds[i%len(kinds)]
			if i%3 == 0 {
				m = And{kinds[(i+1)%len(kinds)], m}
			}
			members = append(members, m)
		}
		h := Hit{Terms: slices.Sorted(slices.Values(rapid.SliceOfN(term, 0, 5).Draw(t, "terms")))}
		e, ok := orOf(members).(*orIndex)
		if !ok {
			t.Fatal("tried one after the other")
		}
		if got, want := e.holds(&h), holds(members, &h); got != want {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

// What each head costs doesn't grow with the number of values.
func TestManyValuesAreLookedUp(t *testing.T) {
	tested := 0
	var either Or
	for i := range 10_000 {
		from := Term(fmt.Sprintf("Observation.date<%05d", i))
		either = append(either, Leaf{From: from, To: from + "~", Test: func(Term) bool { tested++; return false }})
	}
	h := Hit{Terms: []Term{"Observation.code=x", "Observation.date<00017", "Observation.date<09000"}}
	if holds(normal(either), &h) || tested != 2 {
		t.Errorf("%d tests, want 2", tested)
	}
}
