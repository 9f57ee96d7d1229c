package assembly

import (
	"context"
	"time"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
	"caseway/mapping/casemodel"

	"google.golang.org/protobuf/proto"
)

// Session is an engine as somebody has it. *interaction.Session is one.
type Session interface {
	Read(ctx context.Context, key fhir.Key) (store.Version, error)
	Belonging(ctx context.Context, episode fhir.Key, types []string) ([]store.Version, error)
	Find(ctx context.Context, r interaction.SearchRequest) (interaction.Page, error)
	Commit(ctx context.Context, c interaction.Change) (interaction.Committed, error)
}

// Assembler puts cases together and knows who their callers are, for the Service
// and the Guard. Safe for concurrent use.
type Assembler struct {
	Schema fhir.Schema
	Open   bool
	clock  func() time.Time
	parts  *parts
}

// Now is the time of a step: whole milliseconds, as FHIR stores them.
func (s *Assembler) Now() time.Time { return s.clock().UTC().Truncate(time.Millisecond) }

// New makes an assembler. open is set where nobody logs in; a clock that is nil is
// time.Now.
func New(schema fhir.Schema, open bool, clock func() time.Time) *Assembler {
	if clock == nil {
		clock = time.Now
	}
	return &Assembler{Schema: schema, Open: open, clock: clock, parts: newParts(maxParts)}
}

// Assemble puts a case together from resources.
func (s *Assembler) Assemble(resources []proto.Message) casemodel.Case {
	return s.parts.assemble(resources)
}
