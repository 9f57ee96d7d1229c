package command

import (
	"context"

	"caseway/auth"
	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// access decides what may be seen and done; nil where there is no login.
func (s Serve) access() interaction.Access {
	if s.Login.none() {
		return nil
	}
	return administratorsOnly{}
}

// administratorsOnly lets nobody else in.
type administratorsOnly struct{}

func (administratorsOnly) Decide(ctx context.Context, _ interaction.Name, _ fhir.Key, _ store.Version, _ *fhir.Tree) error {
	if p := auth.From(ctx); p == nil || p.Role != auth.Administrator {
		return fhir.NewError(fhir.Forbidden, fhir.IssueForbidden, "the token doesn't allow this")
	}
	return nil
}

func (a administratorsOnly) Narrow(ctx context.Context, _ string) (search.Expr, error) {
	if a.Decide(ctx, "", fhir.Key{}, store.Version{}, nil) != nil {
		return search.Or{}, nil
	}
	return nil, nil
}
