package cases

import (
	"context"
	"time"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
)

// Engine is what the case API does everything through.
// *interaction.Engine is one.
type Engine interface {
	Read(ctx context.Context, key fhir.Key) (store.Version, error)
	Belonging(ctx context.Context, episode fhir.Key, types []string) ([]store.Version, error)
	Search(ctx context.Context, r interaction.SearchRequest) ([]byte, error)
	Bundle(ctx context.Context, r interaction.BundleRequest) ([]byte, error)
}

// Config is what a Service needs.
type Config struct {
	// Engine gives the engine, which may be made later than the Service whose
	// Guard it has.
	Engine func() Engine
	Schema fhir.Schema
	// Open is set where nobody logs in: then callers name their role themselves.
	Open  bool
	Clock func() time.Time // nil: time.Now
}

// Service answers the case API. Safe for concurrent use.
type Service struct {
	engine func() Engine
	schema fhir.Schema
	open   bool
	clock  func() time.Time
	parts  *parts
}

// New makes a Service.
func New(c Config) *Service {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	return &Service{engine: c.Engine, schema: c.Schema, open: c.Open, clock: c.Clock, parts: newParts(maxParts)}
}

// now is the time of a step: whole milliseconds, as FHIR stores them.
func (s *Service) now() time.Time { return s.clock().UTC().Truncate(time.Millisecond) }
