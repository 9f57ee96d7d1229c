package search

import (
	"errors"
	"strconv"
	"strings"

	"caseway/fhir"
)

// DefaultHeads is how many heads one request may examine.
const DefaultHeads = 200_000

// MaxChained is how many resources the inner side of a chain or _has may have
// to be looked for first.
const MaxChained = 10_000

// Budget bounds the work of one request: the heads that are examined, with
// each scan counting as one more. It also keeps what chains have found, for
// others of the request that ask for the same. It isn't safe for concurrent
// use, and for one moment of the store.
type Budget struct {
	heads, left int
	innerSides  map[string][]Hit // inner sides of chains, without JSON, by cacheKey
	versioned   bool             // see Matches.Versioned
	containers  map[string]bool  // by type, whether such resources contain others
}

// mostCached bounds the hits of one inner side that are kept.
const mostCached = 1000

func (b *Budget) cacheInner(name string, found []Hit) {
	if len(found) > mostCached {
		return
	}
	if b.innerSides == nil {
		b.innerSides = map[string][]Hit{}
	}
	b.innerSides[name] = found
}

// NewBudget gives a budget of a number of heads.
func NewBudget(heads int) *Budget { return &Budget{heads: heads, left: heads} }

// Spent is how much of the budget has been used.
func (b *Budget) Spent() int { return b.heads - b.left }

// errLarge ends the search for a chain's inner side that isn't worth going on
// with.
var errLarge = errors.New("the inner side of the chain is too large")

// spend pays for a scan that gave some heads.
func (r *runner) spend(heads int) error {
	r.budget.left -= 1 + heads
	switch {
	case r.budget.left < 0:
		return r.tooCostly()
	case r.budget.left < r.floor:
		return errLarge
	}
	return nil
}

const narrower = "add a condition that narrows it, such as a reference, an identifier or a range of _lastUpdated"

// tooCostly says which of the request's conditions were of no help.
func (r *runner) tooCostly() error {
	if r.outer != nil {
		return r.outer.tooCostly()
	}
	what := "all resources"
	if len(r.types) > 0 {
		what = strings.Join(r.types[:min(len(r.types), 3)], ", ")
	}
	names := conditionNames(r.where)
	text := "the search would look at more than " + strconv.Itoa(r.budget.heads) + " resources: "
	if len(names) == 0 {
		text += "there is no condition on " + what + "; "
	} else {
		text += "of the conditions on " + what + " (" + strings.Join(names, ", ") + ") none leads to few enough; "
	}
	return fhir.NewError(fhir.TooCostly, fhir.IssueTooCostly, text+narrower)
}

// conditionNames names the parameters that conditions are about, each once and
// never with a value.
func conditionNames(conditions []Expr) []string {
	var names []string
	seen := map[string]bool{}
	for _, e := range conditions {
		if name := conditionName(e); name != "" && !seen[name] && len(names) < 10 {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names
}

func conditionName(e Expr) string {
	switch e := e.(type) {
	case And:
		return strings.Join(conditionNames(e), " and ")
	case Or:
		return strings.Join(conditionNames(e), " or ")
	case *orIndex:
		return conditionName(e.members)
	case Not:
		return "not " + conditionName(e.Expr)
	case Leaf:
		if len(e.Exact) > 0 {
			return e.Exact[0].code()
		}
		return e.From.code()
	case *join:
		return e.name()
	case *contained:
		return e.param.Code + "." + conditionName(e.where)
	case *compartmentScope:
		return e.compartment.Type + " compartment"
	case *keySet:
		return fieldID
	case Updated:
		return fieldLastUpdated
	}
	return ""
}

// code is the parameter's code.
func (t Term) code() string {
	s := string(t)
	if i := strings.IndexByte(s, '.'); i >= 0 {
		s = s[i+1:]
	}
	if i := strings.IndexAny(s, ":;<=>?@"); i >= 0 {
		s = s[:i]
	}
	return s
}

// resource is the type of the resources that have the term.
func (t Term) resource() string {
	typ, _, _ := strings.Cut(string(t), ".")
	return typ
}
