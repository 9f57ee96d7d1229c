// Package access decides what a principal may do and see: it fills
// interaction.Access.
//
// A principal's scopes come to grants: for a resource type and a permission the
// conditions that resources must satisfy. A grant's condition joins the scope's
// search parameters with a reach: the compartments of patients, what an
// Organization may see, or everything. The same conditions narrow searches and
// decide on single resources, so that the two can't drift apart.
//
// Tables say what no rule can: data/types.csv which types are readable outside
// of compartments, data/operations.csv what operations need.
//
// What isn't visible looks as if it weren't there (NotFound). Forbidden is said
// only where the scopes as a whole don't have the type and permission, where
// the resource is visible and this permission doesn't reach it, and about what
// the caller itself sent.
//
// Not here: tokens, how scopes are granted.
package access

import (
	"context"
	"errors"

	"caseway/auth"
	"caseway/auth/scope"
	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// Config is what an Access needs.
type Config struct {
	Store  store.Store
	Schema fhir.Schema
	// Registry gives the search parameters that are in use now, as the engine
	// does.
	Registry func() *search.Registry
	// Base is our own base URL without a closing slash, as the engine has it.
	Base string
	// Membership says what lets somebody see a case; nil: nothing does.
	Membership Membership
}

// Membership knows by what a resource becomes part of a case. Safe for concurrent
// use.
type Membership interface {
	// EpisodesNamed gives the logical ids of the episodes to whose cases a
	// resource itself says that it belongs. base is our own base URL without a
	// closing slash.
	EpisodesNamed(t *fhir.Tree, base string) []string
	// Joined gives the resources to whose cases a resource comes to belong, by
	// what it and what is inside of it refers to.
	Joined(t *fhir.Tree, base string) []fhir.Key
}

// noCases is the Membership of a server without cases.
type noCases struct{}

func (noCases) EpisodesNamed(*fhir.Tree, string) []string { return nil }
func (noCases) Joined(*fhir.Tree, string) []fhir.Key      { return nil }

// Access implements interaction.Access for the principal in a context. Without
// one everything is refused. Safe for concurrent use.
type Access struct {
	store    store.Store
	schema   fhir.Schema
	registry func() *search.Registry
	base     string
	cases    Membership
	views    views
	known    facts
}

var _ interaction.Access = (*Access)(nil)

// New makes an Access. It fails where something that it needs is missing.
func New(c Config) (*Access, error) {
	if c.Store == nil || c.Schema == nil || c.Registry == nil {
		return nil, errors.New("access decisions need a store, a schema and search parameters")
	}
	if c.Membership == nil {
		c.Membership = noCases{}
	}
	return &Access{store: c.Store, schema: c.Schema, registry: c.Registry, base: c.Base, cases: c.Membership}, nil
}

// viewOf gives what the caller may do.
func (a *Access) viewOf(ctx context.Context) (*view, error) {
	p := auth.From(ctx)
	if p == nil {
		return nil, fhir.NewError(fhir.Login, fhir.IssueLogin, "this needs a login")
	}
	return a.views.of(p, a.registry()), nil
}

// Narrow implements interaction.Access. What is searched, or gone through,
// needs the permission s; what is shown because something refers to it, or by
// an operation, r or s.
func (a *Access) Narrow(ctx context.Context, what interaction.Name, typ string) (search.Expr, error) {
	v, err := a.viewOf(ctx)
	if err != nil {
		return nil, err
	}
	if what == interaction.SearchType || what == interaction.SearchSystem {
		return v.condition(typ, scope.Search), nil
	}
	return v.condition(typ, visible), nil
}

// History implements interaction.Access.
func (a *Access) History(ctx context.Context, typ string) (compartments []string, err error) {
	v, err := a.viewOf(ctx)
	if err != nil {
		return nil, err
	}
	return v.compartments(typ), nil
}

// either is the condition that one of the grants reaches a resource.
func either(grants []grant) search.Expr {
	all := search.Or{}
	for _, g := range grants {
		switch {
		case g.binary:
			continue // nothing finds Binaries but reading them
		case g.where == nil:
			return nil
		}
		all = append(all, g.where)
	}
	if len(all) == 1 {
		return all[0]
	}
	return all
}
