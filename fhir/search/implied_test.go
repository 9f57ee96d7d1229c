package search

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Of conditions on the same terms the narrowest stays, and of equals the first.
func TestWhatIsImpliedIsLeftOut(t *testing.T) {
	leaf := func(terms ...Term) Expr { return Leaf{Exact: terms} }
	span := Leaf{From: "T.a", To: "T.b"}
	for name, row := range map[string]struct{ where, want []Expr }{
		"the same twice":          {[]Expr{leaf("a"), leaf("a")}, []Expr{leaf("a")}},
		"wider behind":            {[]Expr{leaf("a"), leaf("a", "b")}, []Expr{leaf("a")}},
		"wider before":            {[]Expr{leaf("a", "b"), leaf("b")}, []Expr{leaf("b")}},
		"three":                   {[]Expr{leaf("a", "b", "c"), leaf("a", "b"), leaf("a", "b")}, []Expr{leaf("a", "b")}},
		"overlapping":             {[]Expr{leaf("a", "b"), leaf("b", "c")}, []Expr{leaf("a", "b"), leaf("b", "c")}},
		"others":                  {[]Expr{leaf("a"), leaf("b")}, []Expr{leaf("a"), leaf("b")}},
		"a negation says nothing": {[]Expr{Not{leaf("a")}, leaf("a", "b")}, []Expr{Not{leaf("a")}, leaf("a", "b")}},
		"nor does a range":        {[]Expr{span, leaf("T.a")}, []Expr{span, leaf("T.a")}},
		"nothing":                 {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := withoutImplied(row.where)
			if len(got) == 0 && len(row.want) == 0 {
				return
			}
			if diff := cmp.Diff(row.want, got, cmp.Comparer(func(a, b Leaf) bool {
				return cmp.Equal(a.Exact, b.Exact) && a.From == b.From && a.To == b.To
			})); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}
