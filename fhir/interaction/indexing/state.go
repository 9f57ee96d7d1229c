package indexing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"caseway/fhir/definition"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// Records by which all processes of a store agree on the index.
const (
	searchKind  = "search"
	stateKey    = "state"    // an indexState
	progressKey = "progress" // an IndexProgress
	workerKey   = "worker"   // the process that makes indexes anew; expires
	processKind = "search-process"
)

// indexState is what all processes of a store agree on. Its generations count
// the sets of parameters that make index terms, and each head has the one that
// made its terms.
//
// A set comes into use in three steps, so that no process ever gives a part of
// an answer. First all processes know it (Generation): they refuse searches by
// what is new or changed. Then all write by it (Writing). When no head of an
// older generation is left, searches may use it (Opened).
type indexState struct {
	Generation int64 `json:"generation"`
	Writing    int64 `json:"writing"`
	Opened     int64 `json:"opened"`
	// Program tells apart what else makes terms: the program's extraction, its
	// own parameters, its base URL. All terms are of it once ProgramSince is open.
	Program      string           `json:"program"`
	ProgramSince int64            `json:"programSince"`
	Parameters   []parameterState `json:"parameters,omitempty"`

	version int64 // of the record
}

// parameterState is a stored SearchParameter that is in effect.
type parameterState struct {
	ID         string                      `json:"id"`
	Since      int64                       `json:"since"` // the generation that first had it as it is
	Types      []string                    `json:"types"` // for which it works
	Definition *definition.SearchParameter `json:"definition"`
}

// pending reports whether there may be heads without the parameter's terms.
func (s *indexState) pending(p *parameterState) bool { return p.Since > s.Opened }

// rebuilding reports whether terms may be missing of any parameter.
func (s *indexState) rebuilding() bool { return s.ProgramSince > s.Opened }

// load reads the state; one that was never written is zero.
func (x *Keeper) load(ctx context.Context) (*indexState, error) {
	s := &indexState{}
	version, err := x.record(ctx, stateKey, s)
	s.version = version
	return s, err
}

// record reads a record into v, where there is one.
func (x *Keeper) record(ctx context.Context, key string, v any) (version int64, err error) {
	records, err := x.store.Records(ctx, searchKind, key, "", 1)
	if err != nil || len(records) == 0 || records[0].Key != key {
		return 0, err
	}
	if err := json.Unmarshal(records[0].Value, v); err != nil {
		return 0, fmt.Errorf("the record %s of searching isn't readable: %w", key, err)
	}
	return records[0].Version, nil
}

// maxChanges bounds how often a change of the state is tried again.
const maxChanges = 20

// change alters the state, unless edit says that nothing is to be changed, and
// takes it on. Callers hold x.mu. Another process may come between: then edit
// is called again with what that made of it.
func (x *Keeper) change(ctx context.Context, edit func(s *indexState) (bool, error)) error {
	for range maxChanges {
		s, err := x.load(ctx)
		if err != nil {
			return err
		}
		wanted, err := edit(s)
		if err != nil {
			return err
		}
		if wanted {
			err = x.save(ctx, s)
		}
		if conflict := (*store.Conflict)(nil); errors.As(err, &conflict) {
			continue
		}
		if err != nil {
			return err
		}
		if !wanted && s.version == x.now.Load().version {
			return x.sayAlive(ctx)
		}
		return x.apply(ctx, s)
	}
	return errors.New("other processes kept changing the state of the index")
}

func (x *Keeper) save(ctx context.Context, s *indexState) error {
	value, err := json.Marshal(s)
	if err != nil {
		return err
	}
	_, err = x.store.Commit(ctx, store.Commit{Records: []store.RecordWrite{{
		Kind: searchKind, Key: stateKey, Value: value, Expect: s.version,
	}}})
	if err == nil {
		s.version++
	}
	return err
}

// registryOf makes the registry of a state, or gives the one that there is
// where it is the same. Callers hold x.mu.
func (x *Keeper) registryOf(s *indexState) *search.Registry {
	pending := make([]bool, len(s.Parameters))
	for i := range s.Parameters {
		pending[i] = s.pending(&s.Parameters[i])
	}
	made, err := json.Marshal([]any{s.Parameters, pending})
	if err == nil && x.registry != nil && string(made) == x.made {
		return x.registry
	}
	custom := make([]search.CustomParameter, len(s.Parameters))
	for i := range s.Parameters {
		p := &s.Parameters[i]
		custom[i] = search.CustomParameter{Definition: p.Definition, Pending: pending[i], Progress: x.progressText}
	}
	x.registry, _ = search.NewRegistry(definition.R4(), custom, x.options...)
	x.made = string(made)
	return x.registry
}
