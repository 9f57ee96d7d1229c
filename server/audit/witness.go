package audit

import (
	"context"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// Witness goes around an Access. It keeps in the Request what is refused and,
// with Reads, what is shown, and lets the Recorder write AuditEvents.
type Witness struct {
	Access interaction.Access // nil: everything is allowed
	Reads  bool
}

var _ interaction.Access = Witness{}

// Decide implements interaction.Access.
func (w Witness) Decide(
	ctx context.Context, what interaction.Name, key fhir.Key, before store.Version, after *fhir.Tree,
) error {
	if isRecorder(ctx) {
		return nil
	}
	var err error
	if w.Access != nil {
		err = w.Access.Decide(ctx, what, key, before, after)
	}
	if r := from(ctx); r != nil {
		w.note(r, what, Entity{Key: key, Version: before.VersionID}, err)
	}
	return err
}

func (w Witness) note(r *Request, what interaction.Name, e Entity, err error) {
	switch {
	case what == interaction.HistoryType || what == interaction.HistorySystem:
		if err != nil && e.Key.ID == "" { // with an id it is left out of the history, not refused
			r.deny(decision{what, e})
		}
	case err != nil && e.Version == 0 && actionOf(what) == Read && e.Key.ID != "":
		// Nothing is there: nobody was kept from it.
	case err != nil:
		r.deny(decision{what, e})
	case w.Reads && e.Version > 0 && (what == interaction.Read || what == interaction.VRead):
		r.show(e)
	}
}

// Narrow implements interaction.Access.
func (w Witness) Narrow(ctx context.Context, what interaction.Name, typ string) (search.Expr, error) {
	if w.Access == nil || isRecorder(ctx) {
		return nil, nil
	}
	return w.Access.Narrow(ctx, what, typ)
}

// History implements interaction.Access.
func (w Witness) History(ctx context.Context, typ string) ([]string, error) {
	if w.Access == nil || isRecorder(ctx) {
		return nil, nil
	}
	return w.Access.History(ctx, typ)
}
