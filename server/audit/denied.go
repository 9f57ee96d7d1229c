package audit

import (
	"context"
	"net/http"

	"caseway/fhir"
	"caseway/fhir/interaction"
)

// Answered records what came of a request for FHIR: what was refused of it,
// and with reads what it showed. what is its interaction, key what its path
// names, and status what it was answered with.
func (r *Recorder) Answered(ctx context.Context, what interaction.Name, key fhir.Key, status int, reads bool) {
	var denied []decision
	var shown []Entity
	if request := from(ctx); request != nil {
		denied, shown = request.take()
	}
	if status == http.StatusUnauthorized || status == http.StatusForbidden && len(denied) == 0 {
		denied = []decision{{what, Entity{Key: key}}}
	}
	if len(denied) > 0 && (what == interaction.Transaction || status >= http.StatusBadRequest) {
		r.denials(ctx, denied, status)
	}
	if reads && status < http.StatusBadRequest && isRead(what) {
		r.read(ctx, what, key, shown)
	}
}

// denials make an event for each interaction that was refused.
func (r *Recorder) denials(ctx context.Context, denied []decision, status int) {
	events := map[interaction.Name]*Event{}
	for _, d := range denied {
		e := events[d.what]
		if e == nil {
			e = &Event{
				Type:    Coding{System: eventType, Code: "rest", Display: "RESTful Operation"},
				Subtype: subtypeOf(d.what), Action: actionOf(d.what), Outcome: Failure, Reason: reasonOf(status),
			}
			events[d.what] = e
		}
		if nameable(d.entity.Key) {
			e.Entities = append(e.Entities, d.entity)
		} else if e.Searched == "" {
			e.Searched = d.entity.Key.Type
		}
	}
	for _, e := range events {
		r.Record(ctx, *e)
	}
}

// read makes the event of what was shown.
func (r *Recorder) read(ctx context.Context, what interaction.Name, key fhir.Key, shown []Entity) {
	e := Event{
		Type:    Coding{System: eventType, Code: "rest", Display: "RESTful Operation"},
		Subtype: subtypeOf(what), Action: Read, Outcome: Success, Entities: shown,
	}
	if len(shown) == 0 && nameable(key) {
		e.Entities = []Entity{{Key: key}}
	}
	if isSearch(what) {
		if e.Searched = key.Type; e.Searched == "" {
			e.Searched = "*"
		}
	}
	r.Record(ctx, e)
}

func subtypeOf(what interaction.Name) Coding {
	return Coding{System: restful, Code: string(what), Display: string(what)}
}

func actionOf(what interaction.Name) Action {
	switch {
	case actions[what] != "":
		return actions[what]
	case isRead(what) && what != interaction.Transaction:
		return Read
	}
	return Execute
}

func isSearch(what interaction.Name) bool {
	return what == interaction.SearchType || what == interaction.SearchSystem
}

// isRead reports whether an interaction can show resources without writing any.
func isRead(what interaction.Name) bool {
	switch what {
	case interaction.Read, interaction.VRead, interaction.SearchType, interaction.SearchSystem, interaction.Operation,
		interaction.HistoryInstance, interaction.HistoryType, interaction.HistorySystem, interaction.Transaction:
		return true
	}
	return false
}

func reasonOf(status int) string {
	if status == http.StatusUnauthorized {
		return "no valid token"
	}
	return "not allowed"
}
