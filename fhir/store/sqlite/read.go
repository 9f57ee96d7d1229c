package sqlite

import (
	"context"
	"time"

	"caseway/fhir"
	"caseway/fhir/budget"
	"caseway/fhir/store"
)

// Read returns the current versions, all of one moment.
func (s *Store) Read(ctx context.Context, keys ...fhir.Key) ([]store.Version, error) {
	return s.ReadWithin(ctx, nil, keys...)
}

// ReadWithin implements store.Store.
func (s *Store) ReadWithin(ctx context.Context, room *budget.Share, keys ...fhir.Key) (versions []store.Version, err error) {
	defer s.observe("read", time.Now(), &err)
	r, err := s.reader(ctx)
	if err != nil {
		return nil, err
	}
	defer s.readers.put(r)
	versions = make([]store.Version, len(keys))
	if len(keys) == 1 {
		if versions[0], err = r.current(keys[0]); err == nil && !room.Take(len(versions[0].JSON)) {
			return nil, room.Refusal()
		}
		return versions, failure(err)
	}
	err = r.snapshot(ctx, func() error { return r.currents(room, keys, versions) })
	return versions, err
}

func (r *reader) currents(room *budget.Share, keys []fhir.Key, into []store.Version) (err error) {
	for i, k := range keys {
		if into[i], err = r.current(k); err != nil {
			return err
		}
		if !room.Take(len(into[i].JSON)) {
			return room.Refusal()
		}
	}
	return nil
}

// ReadVersion returns one version.
func (s *Store) ReadVersion(ctx context.Context, key fhir.Key, versionID int64) (v store.Version, err error) {
	defer s.observe("vread", time.Now(), &err)
	r, err := s.reader(ctx)
	if err != nil {
		return v, err
	}
	defer s.readers.put(r)
	r.bindKey(r.version, 1, key)
	r.version.BindInt64(2, versionID)
	v, err = one(r.version, key)
	return v, failure(err)
}
