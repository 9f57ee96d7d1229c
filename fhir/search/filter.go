package search

import (
	"strings"

	"caseway/fhir"
)

// filter reads _filter (https://hl7.org/fhir/R4/search_filter.html).
func (p *requestParser) filter(_, value string) (string, error) {
	node, err := parseFilter(value)
	if err != nil {
		return "", err
	}
	e, err := p.filterExpr(node, p.types, 0)
	if err != nil {
		return "", err
	}
	p.where = append(p.where, e)
	return value, nil
}

// filterExpr makes a filter into a condition on resources of some types.
func (p *requestParser) filterExpr(node filterNode, types []string, depth int) (Expr, error) {
	switch n := node.(type) {
	case filterNot:
		e, err := p.filterExpr(n.node, types, depth)
		return Not{e}, err
	case *filterGroup:
		all := make([]Expr, 0, len(n.members))
		for _, m := range n.members {
			e, err := p.filterExpr(m, types, depth)
			if err != nil {
				return nil, err
			}
			all = append(all, e)
		}
		if n.or {
			return Or(all), nil
		}
		return And(all), nil
	case filterTest:
		return p.filterTest(n, types, depth)
	}
	return nil, nil // there are no others
}

// filterTest makes one comparison. What says that nothing is there negates the
// whole path and not its end.
func (p *requestParser) filterTest(t filterTest, types []string, depth int) (Expr, error) {
	negate := t.op == "ni"
	switch {
	case t.op == "ni":
		t.op = "in"
	case t.op == "pr" && t.value != "true" && t.value != "false":
		return nil, malformed("_filter", "behind pr stands true or false")
	case t.op == "pr":
		negate = t.value == "false"
	}
	e, err := p.onTypes(types, func(typ string) (Expr, error) { return p.filterOnType(typ, t, depth) })
	if negate && err == nil {
		e = Not{e}
	}
	return e, err
}

// filterOnType follows a path from one type.
func (p *requestParser) filterOnType(typ string, t filterTest, depth int) (Expr, error) {
	if depth > deepestChain {
		return nil, fhir.NewError(fhir.TooCostly, fhir.IssueTooCostly, "a path in _filter has at most 10 dots")
	}
	step := t.path[0]
	code, modifier, modified := strings.Cut(step.name, ":")
	param, err := p.parameter(typ, code)
	if err != nil {
		return nil, err
	}
	if len(t.path) == 1 {
		if modified {
			return nil, malformed("_filter", "the last name of a path takes no modifier; the operations say what is compared and how")
		}
		if err := p.spend(terms(param, t.value)); err != nil {
			return nil, err
		}
		return p.compare(param, t.op, t.value)
	}
	rest := t
	rest.path = t.path[1:]
	return p.chain(param, modifier, rest.path[0].name, func(target string) (Expr, error) {
		e, err := p.filterOnType(target, rest, depth+1)
		if err != nil || step.where == nil {
			return e, err
		}
		where, err := p.filterExpr(step.where, []string{target}, depth+1)
		return And{where, e}, err
	})
}
