package interaction

import (
	"context"

	"caseway/fhir/definition"
	"caseway/fhir/search"
	"caseway/fhir/terminology"
)

// Session is an engine as some caller has it: what it shows, finds and writes is
// what an Access lets the caller see and do. It keeps nothing of a request; one
// serves all that the same Access decides on. Safe for concurrent use.
type Session struct {
	*core
	access Access // nil: everything is allowed
	// terminology knows the definitions' value sets and the stored ones that
	// the caller sees.
	terminology search.Terminology
}

// As gives the engine to callers on whom an Access decides. With nil it is the
// server itself, for whom nothing is hidden and to whom everything is allowed;
// Guards hold on it all the same.
func (e *Engine) As(access Access) *Session { return e.as(access) }

func (e *core) as(access Access) *Session {
	s := &Session{core: e, access: access}
	s.terminology = terminology.New(definition.R4(), resolver{s})
	return s
}

// decide asks Access, if there is one.
func (s *Session) decide(ctx context.Context, q Question) error {
	if s.access == nil {
		return nil
	}
	return s.access.Decide(ctx, q)
}
