package access

import (
	"context"
	"slices"

	"caseway/auth/scope"
	"caseway/fhir"
	"caseway/fhir/search"
)

// sees reports whether one of the grants of some permissions reaches a resource.
func (d decision) sees(any scope.Permissions, i *image) (bool, error) {
	for _, g := range d.view.grants(i.key.Type, any) {
		ok, err := d.holds(g, any, i)
		if err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}

func (d decision) holds(g grant, any scope.Permissions, i *image) (bool, error) {
	switch {
	case g.binary:
		return d.seesBinary(any, i)
	case g.where == nil:
		return true, nil
	}
	if ok, sure, err := g.quick(i); sure || err != nil {
		return ok, err
	}
	return d.evaluate(g.where, i)
}

// quick decides by the patients alone in whose compartments a resource is,
// where that is enough: nearly always.
func (g grant) quick(i *image) (ok, sure bool, err error) {
	if !g.plain || g.reach.kind != compartments || g.reach.organization != "" || parties()[i.key.Type].addressee != "" {
		return false, false, nil
	}
	switch types()[i.key.Type].patients {
	case "self":
		return slices.Contains(g.reach.patients, i.key.ID), true, nil
	case "compartment":
	default:
		return false, false, nil
	}
	ids, err := i.patients()
	if err != nil {
		return false, false, err
	}
	mine := 0
	for _, id := range ids {
		if slices.Contains(g.reach.patients, id) {
			mine++
		}
	}
	return mine > 0, mine == 0 || mine == len(ids), nil
}

// evaluate holds a condition against one resource, which need not be the
// current version. What the condition looks at elsewhere is as it is now.
func (d decision) evaluate(e search.Expr, i *image) (bool, error) {
	switch e := e.(type) {
	case nil:
		return true, nil
	case search.And:
		for _, m := range e {
			if ok, err := d.evaluate(m, i); err != nil || !ok {
				return false, err
			}
		}
		return true, nil
	case search.Or:
		for _, m := range e {
			if ok, err := d.evaluate(m, i); err != nil || ok {
				return ok, err
			}
		}
		return false, nil
	case search.Not:
		ok, err := d.evaluate(e.Expr, i)
		return !ok && err == nil, err
	case search.Keys:
		return slices.Contains(e, i.key), nil
	case search.Leaf:
		terms, err := i.found()
		return err == nil && e.Match(terms), err
	case search.Chain:
		return d.leads(e, i)
	case search.Reverse:
		refers := search.Leaf{Exact: []search.Term{e.Param.Term(i.key)}}
		return d.any(e.Type, search.And{refers, e.Where})
	}
	return false, nil // access conditions are made of no others
}

// leads reports whether a reference of a resource leads to one that satisfies a
// condition.
func (d decision) leads(c search.Chain, i *image) (bool, error) {
	terms, err := i.found()
	if err != nil {
		return false, err
	}
	var targets search.Keys
	for _, reference := range c.Param.References(terms) {
		if reference.Key.Type == c.Type {
			targets = append(targets, reference.Key)
		}
	}
	if targets == nil {
		return false, nil
	}
	return d.any(c.Type, search.And{targets, c.Where})
}

// any reports whether a current resource of a type satisfies a condition.
func (d decision) any(typ string, where search.Expr) (bool, error) {
	found, err := d.find(d.ctx, typ, where, 1)
	return len(found) > 0, err
}

func (a *Access) find(ctx context.Context, typ string, where search.Expr, limit int) ([]search.Hit, error) {
	m, err := search.Run(ctx, a.store, search.Plan{Types: []string{typ}, Where: where, Count: limit})
	return m.Hits, err
}

// reaches reports whether the grants of a permission reach a patient's
// compartment.
func (d decision) reaches(p scope.Permissions, id string) (bool, error) {
	patient := fhir.Key{Type: "Patient", ID: id}
	for _, g := range d.view.grants(d.Key.Type, p) {
		switch {
		case g.reach.kind == everything:
			return true, nil
		case g.reach.kind == compartments && !slices.Contains(g.reach.patients, id):
			continue
		case g.reach.organization == "":
			return true, nil
		}
		org := fhir.Key{Type: "Organization", ID: g.reach.organization}
		who := seenBy(d.view.registry, org, "Patient", types()["Patient"])
		if who == nil {
			continue
		}
		ok, err := d.any("Patient", search.And{search.Keys{patient}, who})
		if err != nil || ok {
			return ok, err
		}
	}
	return false, nil
}

// seesCurrent reports whether a resource is there and the caller may see it.
func (d decision) seesCurrent(key fhir.Key) (bool, error) {
	versions, err := d.store.Read(d.ctx, key)
	if err != nil || !versions[0].Exists() || versions[0].Deleted() {
		return false, err
	}
	return d.sees(visible, d.versionImage(versions[0]))
}
