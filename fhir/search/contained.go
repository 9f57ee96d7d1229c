package search

import (
	"context"
	"slices"
)

// contained is Contained in normal form. It is evaluated on the container's own
// terms, which hold those of all that it contains.
type contained struct {
	typ   string
	param *Parameter
	where Expr
}

func (*contained) expr() {}

// locals are the contained resources of the type to which a hit refers.
func (e *contained) locals(h *Hit) []Hit {
	all := e.param.locals(h)
	return slices.DeleteFunc(all, func(l Hit) bool { return l.Key.Type != e.typ })
}

func (e *contained) holds(h *Hit) bool {
	return slices.ContainsFunc(e.locals(h), func(l Hit) bool { return holds(e.where, &l) })
}

// test looks up together what conditions on contained resources lead to.
func (e *contained) test(ctx context.Context, r *runner, hits []Hit) ([]bool, error) {
	ok := make([]bool, len(hits))
	var locals []Hit
	var of []int
	for i := range hits {
		for _, l := range e.locals(&hits[i]) {
			locals, of = append(locals, l), append(of, i)
		}
	}
	if len(locals) == 0 {
		return ok, nil
	}
	found, err := r.test(ctx, e.where, locals)
	for i := range found {
		ok[of[i]] = ok[of[i]] || found[i]
	}
	return ok, err
}

// driver is a condition on a container's indexed terms. It selects a superset of
// the containers that e holds for: another contained resource may have the terms.
func (e *contained) driver(container string) Expr {
	if d := necessary(container, e.where); d != nil {
		return d
	}
	return Leaf{Exact: []Term{containedTypeTerm(container, e.typ)}}
}

// necessary is what a container has in the index where a condition in normal
// form holds for something in it; nil where that isn't known.
func necessary(container string, e Expr) Expr {
	switch e := e.(type) {
	case Leaf:
		return necessaryLeaf(container, e)
	case And:
		var all And
		for _, m := range e {
			if d := necessary(container, m); d != nil {
				all = append(all, d)
			}
		}
		if len(all) > 0 {
			return all
		}
	case Or:
		return necessaryAny(container, e)
	case *orIndex:
		return necessaryAny(container, e.members)
	case *keySet, Updated:
		return Or{} // contained resources have neither id nor time of their own
	case *contained:
		return e.driver(container)
	case *join:
		if e.state == resolved {
			return necessary(container, e.rewritten)
		}
	}
	return nil
}

func necessaryAny(container string, members Or) Expr {
	any := make(Or, 0, len(members))
	for _, m := range members {
		d := necessary(container, m)
		if d == nil {
			return nil
		}
		any = append(any, d)
	}
	return any
}

func necessaryLeaf(container string, l Leaf) Expr {
	if !l.Indexed() {
		return nil
	}
	if len(l.Exact) > 0 {
		exact := make([]Term, len(l.Exact))
		for i, t := range l.Exact {
			exact[i] = containedTerm(container, t)
		}
		return Leaf{Exact: exact}
	}
	prefix := len(containedTerm(container, ""))
	d := Leaf{From: containedTerm(container, l.From), To: containedTerm(container, l.To)}
	if l.Test != nil {
		d.Test = func(t Term) bool { return l.Test(t[prefix:]) }
	}
	return d
}

// withoutContained leaves conditions on contained resources out where no
// resource of the type contains anything, as in most stores.
func (r *runner) withoutContained(ctx context.Context) error {
	for i, e := range r.where {
		for _, container := range containersIn(e) {
			has, err := r.hasContained(ctx, container)
			if err != nil {
				return err
			}
			if !has {
				r.where[i] = pruned(r.where[i], container)
			}
		}
	}
	return nil
}

// hasContained asks once for a request.
func (r *runner) hasContained(ctx context.Context, container string) (bool, error) {
	if has, asked := r.budget.containers[container]; asked {
		return has, nil
	}
	t := containedTypeTerm(container, "")
	n, err := r.source.Estimate(ctx, t, t+"\x00", 1)
	if err != nil {
		return false, err
	}
	if r.budget.containers == nil {
		r.budget.containers = map[string]bool{}
	}
	r.budget.containers[container] = n > 0
	return n > 0, nil
}

// containersIn are the types of resources of which a condition looks at what
// they contain.
func containersIn(e Expr) []string {
	var members []Expr
	switch e := e.(type) {
	case *contained:
		return []string{e.param.Resource}
	case And:
		members = e
	case Or:
		members = e
	case Not:
		return containersIn(e.Expr)
	case *compartmentScope:
		return containersIn(e.where)
	}
	var all []string
	for _, m := range members {
		for _, typ := range containersIn(m) {
			if !slices.Contains(all, typ) {
				all = append(all, typ)
			}
		}
	}
	return all
}

// pruned is a condition in normal form for containers of a type that hold nothing.
func pruned(e Expr, container string) Expr {
	form := func(m Expr) Expr { return pruned(m, container) }
	switch e := e.(type) {
	case *contained:
		if e.param.Resource == container {
			return Or{}
		}
	case And:
		return normalAnd(e, form)
	case Or:
		return normalOr(e, form)
	case Not:
		if c, ok := e.Expr.(*contained); ok && c.param.Resource == container {
			return And{}
		}
	case *compartmentScope:
		return &compartmentScope{e.compartment, form(e.where)}
	}
	return e
}
