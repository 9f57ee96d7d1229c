package cases

import (
	"context"
	"time"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
)

// Session is an engine as somebody has it. *interaction.Session is one.
type Session interface {
	Read(ctx context.Context, key fhir.Key) (store.Version, error)
	Belonging(ctx context.Context, episode fhir.Key, types []string) ([]store.Version, error)
	Find(ctx context.Context, r interaction.SearchRequest) (interaction.Page, error)
	Commit(ctx context.Context, c interaction.Change) (interaction.Committed, error)
}

// Config is what a Service needs.
type Config struct {
	// Guard is the Guard of cases that the engine has.
	Guard *Guard
	// Caller is the engine as who calls the case API has it, and Server as the
	// server itself has it: a step is judged by the whole case, of which its
	// caller may see a part.
	Caller, Server Session
}

// Service answers the case API. Safe for concurrent use.
type Service struct {
	*assembler
	caller, server Session
}

// New makes a Service.
func New(c Config) *Service {
	return &Service{assembler: c.Guard.assembler, caller: c.Caller, server: c.Server}
}

// assembler puts cases together and knows who their callers are, for the Service
// and the Guard. Safe for concurrent use.
type assembler struct {
	schema fhir.Schema
	open   bool
	clock  func() time.Time
	parts  *parts
}

// now is the time of a step: whole milliseconds, as FHIR stores them.
func (s *assembler) now() time.Time { return s.clock().UTC().Truncate(time.Millisecond) }
