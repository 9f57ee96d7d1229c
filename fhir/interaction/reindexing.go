package interaction

import (
	"context"
	"time"

	"caseway/fhir"
	"caseway/fhir/interaction/indexing"
	"caseway/fhir/search"
)

// JoinIndexing is indexing.Keeper's Join.
func (e *core) JoinIndexing(ctx context.Context) error { return e.indexing.Join(ctx) }

// KeepIndexed is indexing.Keeper's Keep.
func (e *core) KeepIndexed(ctx context.Context) { e.indexing.Keep(ctx) }

// IndexProgress is indexing.Keeper's Progress.
func (e *core) IndexProgress() indexing.Progress { return e.indexing.Progress() }

// registries lets the engine use the search parameters that the Keeper knows.
type registries struct{ engine *core }

// Use implements indexing.Registries.
func (r registries) Use(ctx context.Context, reading, writing *search.Registry, generation int64) error {
	before := r.engine.registered.Load()
	next := &registered{Registry: before.Registry, writing: before.writing, generation: before.generation, compartments: before.compartments}
	if reading != nil {
		next.Registry = reading
	}
	if writing != nil {
		next.writing, next.generation = writing, generation
	}
	r.engine.registered.Store(next)
	for before.writers.Load() > 0 {
		if err := sleep(ctx, time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// Generation implements indexing.Registries.
func (r registries) Generation() int64 { return r.engine.registered.Load().generation }

// Index implements indexing.Registries.
func (r registries) Index(key fhir.Key, tree *fhir.Tree, terms []search.Term) (search.Index, []string) {
	now := r.engine.registered.Load()
	index := search.Index{Terms: terms}
	if tree != nil {
		index = now.writing.Index(tree)
	}
	return index, now.compartmentsOf(key, index.Terms)
}

// ReindexStatus says as a Parameters resource in JSON how far the indexing of
// a stored SearchParameter is; with id "", of everything: the operation
// $reindex-status. An id that doesn't exist fails as reading it does.
func (s *Session) ReindexStatus(ctx context.Context, id string) ([]byte, error) {
	key := fhir.Key{Type: indexing.ParameterType, ID: id}
	if id == "" {
		if err := s.decide(ctx, Question{What: ReindexStatus, Key: key}); err != nil {
			return nil, err
		}
		return s.indexing.Status(ctx, nil)
	}
	if err := s.checkKey(key); err != nil {
		return nil, err
	}
	v, err := s.current(ctx, key)
	if err != nil {
		return nil, err
	}
	if v, err = s.shown(ctx, ReindexStatus, key, v); err != nil {
		return nil, err
	}
	return s.indexing.Status(ctx, &v)
}

// Reindex makes the indexes of all resources anew in the background: the
// operation $reindex. Searches go on meanwhile. It answers as ReindexStatus.
func (s *Session) Reindex(ctx context.Context) ([]byte, error) {
	if err := s.decide(ctx, Question{What: ReindexAll, Key: fhir.Key{Type: indexing.ParameterType}}); err != nil {
		return nil, err
	}
	if err := s.indexing.Again(ctx); err != nil {
		return nil, err
	}
	return s.indexing.Status(ctx, nil)
}
