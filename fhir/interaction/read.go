package interaction

import (
	"context"
	"errors"

	"caseway/fhir"
	"caseway/fhir/store"
)

var errNotYet = errors.New("not written yet")

// New makes an engine.
func New(c Config) (*Engine, error) { return &Engine{config: c}, nil }

// Engine does a FHIR server's interactions. Safe for concurrent use.
type Engine struct{ config Config }

// Read returns the current version.
func (e *Engine) Read(ctx context.Context, key fhir.Key) (store.Version, error) {
	return store.Version{}, errNotYet
}

// VRead returns one version.
func (e *Engine) VRead(ctx context.Context, key fhir.Key, versionID string) (store.Version, error) {
	return store.Version{}, errNotYet
}

// Create makes a new resource.
func (e *Engine) Create(ctx context.Context, r CreateRequest) (Result, error) {
	return Result{}, errNotYet
}

// Update makes a new version.
func (e *Engine) Update(ctx context.Context, r UpdateRequest) (Result, error) {
	return Result{}, errNotYet
}

// Delete makes a tombstone.
func (e *Engine) Delete(ctx context.Context, r DeleteRequest) (Result, error) {
	return Result{}, errNotYet
}

// History returns a page of history as a Bundle.
func (e *Engine) History(ctx context.Context, r HistoryRequest) ([]byte, error) {
	return nil, errNotYet
}

// Bundle does a batch or a transaction.
func (e *Engine) Bundle(ctx context.Context, r BundleRequest) ([]byte, error) {
	return nil, errNotYet
}
