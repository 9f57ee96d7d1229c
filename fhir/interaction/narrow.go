package interaction

import (
	"context"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/fhir/search"
)

// narrowing adds to conditions what the caller may not see past: on the
// resources that are searched, and on all that a condition looks at on the way.
type narrowing struct {
	ctx    context.Context
	access Access       // nil: everything is to be seen
	what   Name         // see Access.Narrow
	asked  []visibility // few, as a rule one
	bound  bool         // something is hidden
}

// visibility is what resources of a type must satisfy to be seen.
type visibility struct {
	typ   string
	where search.Expr
}

func (s *Session) narrowing(ctx context.Context) *narrowing { return s.narrowingFor(ctx, SearchType) }

func (s *Session) narrowingFor(ctx context.Context, what Name) *narrowing {
	return &narrowing{ctx: ctx, access: s.access, what: what}
}

// of is the condition for resources of a type, nil for none.
func (n *narrowing) of(typ string) (search.Expr, error) {
	if n.access == nil {
		return nil, nil
	}
	for _, c := range n.asked {
		if c.typ == typ {
			return c.where, nil
		}
	}
	e, err := n.access.Narrow(n.ctx, n.what, typ)
	if err == nil {
		n.asked = append(n.asked, visibility{typ, e})
		n.bound = n.bound || e != nil
	}
	return e, err
}

// resources narrows a condition on resources of a type.
func (n *narrowing) resources(typ string, where search.Expr) (search.Expr, error) {
	if n.access == nil {
		return where, nil
	}
	where, err := n.inside(where)
	if err != nil {
		return nil, err
	}
	may, err := n.of(typ)
	switch {
	case err != nil:
		return nil, err
	case may == nil:
		return where, nil
	case where == nil:
		return may, nil
	}
	return search.And{where, may}, nil // the search's own condition drives where both could
}

// inside narrows what a condition goes through.
func (n *narrowing) inside(e search.Expr) (search.Expr, error) {
	var err error
	switch e := e.(type) {
	case search.And:
		all, err := n.each(e)
		return search.And(all), err
	case search.Or:
		all, err := n.each(e)
		return search.Or(all), err
	case search.Not:
		e.Expr, err = n.inside(e.Expr)
		return e, err
	case search.Within:
		e.Where, err = n.inside(e.Where)
		return e, err
	case search.Chain:
		e.Where, err = n.resources(e.Type, e.Where)
		return e, err
	case search.Contained:
		e.Where, err = n.inside(e.Where) // who sees the container sees what it contains
		return e, err
	case search.Reverse:
		e.Where, err = n.resources(e.Type, e.Where)
		return e, err
	}
	return e, nil
}

func (n *narrowing) each(members []search.Expr) ([]search.Expr, error) {
	all := make([]search.Expr, len(members))
	for i, m := range members {
		var err error
		if all[i], err = n.inside(m); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// types narrows a condition on resources of several types: the types of which
// the caller may see something, and the condition on them.
func (n *narrowing) types(types []string, where search.Expr) ([]string, search.Expr, error) {
	if n.access == nil || len(types) == 0 {
		return types, where, nil
	}
	if len(types) == 1 {
		where, err := n.resources(types[0], where)
		return types, where, err
	}
	where, err := n.inside(where)
	if err != nil {
		return nil, nil, err
	}
	seen := []string{}
	var either search.Or
	bound := false
	for _, typ := range types {
		may, err := n.of(typ)
		if err != nil {
			return nil, nil, err
		}
		if none, ok := may.(search.Or); ok && len(none) == 0 {
			continue
		}
		seen = append(seen, typ)
		bound = bound || may != nil
		either = append(either, ofType(typ, may))
	}
	if !bound {
		return seen, where, nil
	}
	return seen, search.And{either, where}, nil
}

// ofType is a condition that holds for resources of a type alone. Terms begin
// with their resource's type, so that conditions on terms need nothing more.
func ofType(typ string, e search.Expr) search.Expr {
	if e != nil && onlyOf(typ, e) {
		return e
	}
	is := search.Leaf{From: search.Term(typ + "."), To: search.Term(typ + "/")}
	if e == nil {
		return is
	}
	return search.And{is, e}
}

// onlyOf reports whether a condition holds for no resource of another type.
func onlyOf(typ string, e search.Expr) bool {
	switch e := e.(type) {
	case search.Leaf:
		for _, t := range e.Exact {
			if !strings.HasPrefix(string(t), typ+".") {
				return false
			}
		}
		return len(e.Exact) > 0
	case search.Keys:
		return !slices.ContainsFunc(e, func(k fhir.Key) bool { return k.Type != typ })
	case search.And:
		return slices.ContainsFunc(e, func(m search.Expr) bool { return onlyOf(typ, m) })
	case search.Within:
		return onlyOf(typ, e.Where)
	case search.Or:
		return !slices.ContainsFunc(e, func(m search.Expr) bool { return !onlyOf(typ, m) })
	}
	return false
}

// permit answers for includes; err is the first error of the Access.
type permit struct {
	named    *narrowing // of what matches refer to
	searched *narrowing // of what refers to them, for which one has to search
	reverse  []search.Include
	err      error
}

func (s *searching) permit() *permit {
	p := &permit{named: s.session.narrowingFor(s.narrowing.ctx, Read), searched: s.narrowing}
	for _, include := range s.query.Includes {
		if include.Reverse {
			p.reverse = append(p.reverse, include)
		}
	}
	return p
}

func (p *permit) of(typ string) search.Expr {
	n := p.named
	if slices.ContainsFunc(p.reverse, func(i search.Include) bool { return i.Source == typ || i.Source == "*" }) {
		n = p.searched
	}
	e, err := n.of(typ)
	if err != nil {
		if p.err == nil {
			p.err = err
		}
		return search.Or{}
	}
	return e
}
