package operation

import (
	"context"
	"strings"

	"caseway/fhir"
	"caseway/fhir/interaction"
)

// row is how an operation is answered.
type row struct {
	do func(*Service, context.Context, call) ([]byte, error)
	// page is do of an operation that draws its answer itself.
	page func(*Service, context.Context, call) (fhir.Text, error)
	// engine is set where the engine does it all: it decides whether the caller
	// may, takes the parameters as pairs of a URL, and needs no cases.
	engine bool
	// takes reports whether a parameter that the definition doesn't list is taken
	// too: the engine reads it. Nil for none.
	takes func(name string) bool
	// of is the type about which access is asked where the operation is called on
	// the system.
	of string
	// body is set where the operation reads its body itself, which may be another
	// resource than Parameters, and needs no cases.
	body bool
	// later is set where what is asked for happens after the answer.
	later bool
}

// rows has each definition's row, by the definition's id.
var rows = map[string]row{
	"Patient-everything":             {page: (*Service).everything, engine: true, takes: isCursor},
	"EpisodeOfCare-everything":       {page: (*Service).everything, engine: true, takes: isCursor},
	"Observation-lastn":              {page: (*Service).lastN, engine: true, takes: isAny},
	"SearchParameter-reindex-status": {do: (*Service).reindexStatus, engine: true},
	"reindex":                        {do: (*Service).reindex, engine: true, later: true},
	"episode-open":                   {do: (*Service).openEpisode},
	"episode-close":                  {do: (*Service).closeEpisode},
	"episode-update-care-teams":      {do: (*Service).updateCareTeams},
	"plandefinition-apply":           {do: (*Service).apply, of: "PlanDefinition"},
	"activitydefinition-apply":       {do: (*Service).applyActivity},
	"create-episode-of-care":         {do: (*Service).createEpisode, of: "EpisodeOfCare"},
	"careplan-suggest-care-teams":    {do: (*Service).suggestCareTeams},
	"episode-is-context-allowed":     {do: (*Service).isContextAllowed},
	"Resource-validate":              {do: (*Service).validate, body: true},
	"careplan-reconcile":             {do: (*Service).reconcile},
}

func isCursor(name string) bool { return name == interaction.CursorParameter }

// isAny is for search parameters, which the engine holds to those that it has.
func isAny(string) bool { return true }

// AnyType stands for every type of resource that the server has.
const AnyType = "Resource"

// Listed is an operation on one of the places where it can be called.
type Listed struct {
	Name       string // without "$"
	Definition string // canonical URL
	Type       string // "" for the system, AnyType for all types
	Instance   bool   // called on a resource of the type
	Reads      bool   // GET can call it as POST does
	Later      bool   // what is asked for happens after the answer
}

// String is the operation's URL below the base: "Patient/[id]/$everything".
func (l Listed) String() string {
	switch {
	case l.Type == "":
		return "$" + l.Name
	case l.Type == AnyType && l.Instance:
		return "[type]/[id]/$" + l.Name
	case l.Type == AnyType:
		return "[type]/$" + l.Name
	case l.Instance:
		return l.Type + "/[id]/$" + l.Name
	}
	return l.Type + "/$" + l.Name
}

// List gives the operations that are answered, by the order of their
// definitions' ids.
func (s *Service) List() []Listed {
	var all []Listed
	for i := range definitions() {
		d := &definitions()[i]
		if !s.answers(d) {
			continue
		}
		l := Listed{Name: d.Code, Definition: d.URL, Reads: !d.AffectsState, Later: rows[d.ID].later}
		if d.System {
			all = append(all, l)
		}
		for _, l.Type = range d.Resource {
			if l.Instance = false; d.Type {
				all = append(all, l)
			}
			if l.Instance = true; d.Instance {
				all = append(all, l)
			}
		}
	}
	return all
}

// answers reports whether there is what answers the operation.
func (s *Service) answers(d *definition) bool {
	return rows[d.ID].engine || rows[d.ID].body && s.validator != nil || s.cases != nil && !rows[d.ID].body
}

// find finds the operation that a call means; nil where there is none.
func (s *Service) find(name string, key fhir.Key) *definition {
	for i := range definitions() {
		if d := &definitions()[i]; d.Code == name && d.isOn(key) && s.answers(d) {
			return d
		}
	}
	return nil
}

// Reads reports whether a call changes nothing, so that it can be part of a
// transaction.
func (s *Service) Reads(name string, key fhir.Key) bool {
	d := s.find(name, key)
	return d != nil && !d.AffectsState
}

// Unsupported is the error for a URL that names no operation that is answered.
func (s *Service) Unsupported() error {
	names := make([]string, 0, len(rows))
	for _, l := range s.List() {
		names = append(names, l.String())
	}
	return fhir.NewError(fhir.NotFound, fhir.IssueNotSupported,
		"the URL names an operation ($…) that isn't supported there; what works is "+strings.Join(names, ", "))
}
