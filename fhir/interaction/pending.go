package interaction

import (
	"context"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// What a Guard may ask of the store. It is as the store has it, whoever may see
// it: a Guard tells its caller nothing of what Caller doesn't see.

// Stored gives current versions, in the order of keys, tombstones too; a zero
// Version with its key where there never was one.
func (p *Pending) Stored(ctx context.Context, keys ...fhir.Key) ([]store.Version, error) {
	return p.Server.store.Read(ctx, keys...)
}

// StoredVersion gives one version; the zero Version where there is none.
func (p *Pending) StoredVersion(ctx context.Context, key fhir.Key, versionID int64) (store.Version, error) {
	return p.Server.store.ReadVersion(ctx, key, versionID)
}

// Scan looks into the index. Only what Rebuilding denies makes it complete.
func (p *Pending) Scan(ctx context.Context, s search.Scan) (search.Page, error) {
	return p.Server.store.Scan(ctx, s)
}

// Rebuilding reports whether the index is being made anew, so that it doesn't
// have everything.
func (p *Pending) Rebuilding() bool { return p.Server.indexing.Rebuilding() }

// Transactional reports whether the store can write several resources at once.
func (p *Pending) Transactional() bool { return p.Server.store.Transactional() }

// CompartmentsOf gives the compartments to which a resource belongs, as
// "Patient/1", sorted.
func (p *Pending) CompartmentsOf(key fhir.Key, resource *fhir.Tree) []string {
	r := p.Server.registered.Load()
	return r.compartmentsOf(key, r.writing.Index(resource).Terms)
}

// Decode reads a stored resource. A link that was rewritten may no longer fit its
// type, which is no failure.
func (p *Pending) Decode(v store.Version) (*fhir.Tree, error) { return p.Server.decodeStored(v) }

// Base is our own base URL without a closing slash; "" where it isn't known.
func (p *Pending) Base() string { return p.Server.base }

// Bound reports whether anything may be hidden from a session's callers.
func (s *Session) Bound() bool { return s.access != nil }

// Hides reports whether there may be resources of a type that the caller can't
// read.
func (s *Session) Hides(ctx context.Context, typ string) (bool, error) {
	if s.access == nil {
		return false, nil
	}
	where, err := s.access.Narrow(ctx, Read, typ)
	return where != nil, err
}

// Sees reports whether the caller could read a version, or find it.
func (s *Session) Sees(ctx context.Context, v store.Version) (bool, error) {
	for _, what := range []Name{Read, SearchType} {
		if err := s.decide(ctx, Question{What: what, Key: v.Key, Before: v}); err == nil || !refused(err) {
			return err == nil, err
		}
	}
	return false, nil
}
