package access

import (
	"context"
	"errors"
	"slices"
	"sync"

	"caseway/auth"
	"caseway/auth/scope"
	"caseway/fhir"
	"caseway/fhir/search"
)

// grant is what a scope gives on resources of one type.
type grant struct {
	where  search.Expr // that resources must satisfy; nil: all
	reach  reach
	plain  bool // where is the reach's condition alone: there are no search parameters
	binary bool // Binary resources, by what refers to them
}

// view is what a principal may do, worked out as it is needed. Safe for
// concurrent use.
type view struct {
	principal *auth.Principal
	registry  *search.Registry
	reaches   map[scope.Context]reach
	known     sync.Map // of question: []grant
	narrowed  sync.Map // of question: search.Expr, as a *search.Expr
}

type question struct {
	typ string
	any scope.Permissions
}

func newView(p *auth.Principal, r *search.Registry) *view {
	v := &view{principal: p, registry: r, reaches: map[scope.Context]reach{}}
	for _, c := range []scope.Context{scope.Patient, scope.User, scope.System} {
		v.reaches[c] = reachOf(p, c)
	}
	return v
}

// grants are those that give one of some permissions on a type. A caregiver
// doesn't write RelatedPersons: they say whose caregiver somebody is, and until
// when.
func (v *view) grants(typ string, any scope.Permissions) []grant {
	if typ == "RelatedPerson" && v.principal.Role == auth.Caregiver {
		any &= visible
	}
	q := question{typ, any}
	if known, ok := v.known.Load(q); ok {
		return known.([]grant)
	}
	var all []grant
	for _, s := range v.principal.Scopes.Resources {
		if s.Type != typ && s.Type != scope.Any {
			continue
		}
		// One of them is enough, but the reach may refuse some.
		for _, p := range []scope.Permissions{scope.Create, scope.Read, scope.Update, scope.Delete, scope.Search} {
			if any&p&s.Permissions == 0 {
				continue
			}
			if g, ok := v.grant(s, typ, p); ok {
				all = append(all, g)
				break
			}
		}
	}
	v.known.Store(q, all)
	return all
}

// condition is what a resource must satisfy for one of the grants to reach it.
func (v *view) condition(typ string, any scope.Permissions) search.Expr {
	q := question{typ, any}
	if known, ok := v.narrowed.Load(q); ok {
		return *known.(*search.Expr)
	}
	e := either(v.grants(typ, any))
	v.narrowed.Store(q, &e)
	return e
}

// grant is what one scope gives.
func (v *view) grant(s scope.Scope, typ string, p scope.Permissions) (g grant, ok bool) {
	g.reach = v.reaches[s.Context]
	var where search.Expr
	if g, ok = g.reach.grant(v.registry, typ, p); !ok || s.Query == "" {
		return g, ok
	}
	where, err := conditionOf(v.registry, typ, s.Query)
	if err != nil || g.binary {
		return grant{}, false // a scope that can't be held gives nothing
	}
	g.plain = false
	if g.where == nil {
		g.where = where
	} else {
		g.where = search.And{g.where, where}
	}
	return g, true
}

// all reports whether every resource of a type is reached with a permission.
func (v *view) all(typ string, any scope.Permissions) bool {
	return slices.ContainsFunc(v.grants(typ, any), func(g grant) bool { return g.where == nil && !g.binary })
}

// compartments are those that all versions are in which the principal may see of
// a type, or of all types with ""; nil where no compartments say that.
func (v *view) compartments(typ string) []string {
	var ids []string
	for _, s := range v.principal.Scopes.Resources {
		if s.Permissions&(scope.Read|scope.Search) == 0 || typ != "" && s.Type != scope.Any && s.Type != typ {
			continue
		}
		r := v.reaches[s.Context]
		if r.kind == everything || r.kind == organization {
			return nil
		}
		ids = append(ids, r.patients...)
	}
	if rule := types()[typ]; typ != "" && rule.patients != "compartment" && rule.patients != "self" {
		return nil
	}
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = fhir.Key{Type: "Patient", ID: id}.String()
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// conditionOf reads a scope's search parameters for a type.
func conditionOf(r *search.Registry, typ, query string) (search.Expr, error) {
	var pairs []search.Pair
	for _, p := range scope.Pairs(query) {
		pairs = append(pairs, search.Pair{Name: p[0], Value: p[1]})
	}
	request, err := r.Parse(context.Background(), []string{typ}, pairs, search.ParseOptions{})
	if err != nil {
		return nil, err
	}
	if search.LooksElsewhere(request.Where) {
		return nil, errors.New("the search parameters of a scope look at the resource alone")
	}
	return request.Where, nil
}

// mostViews bounds how many principals are remembered.
const mostViews = 4096

// views remembers the views of principals, which don't change. A principal
// that is remembered stays alive, so that no other has its address.
type views struct {
	mu  sync.RWMutex
	all map[*auth.Principal]*view
}

func (vs *views) of(p *auth.Principal, r *search.Registry) *view {
	vs.mu.RLock()
	v := vs.all[p]
	vs.mu.RUnlock()
	if v != nil && v.registry == r {
		return v
	}
	v = newView(p, r)
	vs.mu.Lock()
	defer vs.mu.Unlock()
	if vs.all == nil || len(vs.all) >= mostViews {
		vs.all = map[*auth.Principal]*view{}
	}
	vs.all[p] = v
	return v
}
