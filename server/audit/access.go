package audit

import (
	"context"

	"caseway/fhir/interaction"
	"caseway/fhir/search"
)

// Access goes around another Access. It keeps in the Request what is refused
// and, with Reads, what is shown.
type Access struct {
	Decides interaction.Access // nil: everything is allowed
	Reads   bool
}

var _ interaction.Access = Access{}

// Decide implements interaction.Access.
func (a Access) Decide(ctx context.Context, q interaction.Question) (err error) {
	if a.Decides != nil {
		err = a.Decides.Decide(ctx, q)
	}
	if r := from(ctx); r != nil {
		a.note(r, q.What, Entity{Key: q.Key, Version: q.Before.VersionID}, err)
	}
	return err
}

func (a Access) note(r *Request, what interaction.Name, e Entity, err error) {
	switch {
	case what == interaction.HistoryType || what == interaction.HistorySystem:
		if err != nil && e.Key.ID == "" { // with an id it is left out of the history, not refused
			r.deny(decision{what, e})
		}
	case err != nil && e.Version == 0 && actionOf(what) == Read && e.Key.ID != "":
		// Nothing is there: nobody was kept from it.
	case err != nil:
		r.deny(decision{what, e})
	case a.Reads && e.Version > 0 && (what == interaction.Read || what == interaction.VRead):
		r.show(e)
	}
}

// Narrow implements interaction.Access.
func (a Access) Narrow(ctx context.Context, what interaction.Name, typ string) (search.Expr, error) {
	if a.Decides == nil {
		return nil, nil
	}
	return a.Decides.Narrow(ctx, what, typ)
}

// History implements interaction.Access.
func (a Access) History(ctx context.Context, typ string) ([]string, error) {
	if a.Decides == nil {
		return nil, nil
	}
	return a.Decides.History(ctx, typ)
}
