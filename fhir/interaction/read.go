package interaction

import (
	"context"
	"strconv"

	"caseway/fhir"
	"caseway/fhir/store"
)

// Read returns the current version; kind NotFound where there never was one,
// Gone where it is deleted (https://hl7.org/fhir/R4/http.html#read).
func (s *Session) Read(ctx context.Context, key fhir.Key) (store.Version, error) {
	return s.readFor(ctx, Read, key)
}

// readFor reads the current version, or what the server brings along, for an
// interaction on it.
func (s *Session) readFor(ctx context.Context, what Name, key fhir.Key) (store.Version, error) {
	if err := s.checkKey(key); err != nil {
		return store.Version{}, err
	}
	v, err := s.current(ctx, key)
	if err != nil {
		return store.Version{}, err
	}
	if own, ok := s.builtin.At(key); ok && !v.Exists() {
		v = own
	}
	return s.shown(ctx, what, key, v)
}

// VRead returns one version; kind NotFound where there is none of that id,
// Gone where it is a deletion (https://hl7.org/fhir/R4/http.html#vread).
func (s *Session) VRead(ctx context.Context, key fhir.Key, versionID string) (store.Version, error) {
	if err := s.checkKey(key); err != nil {
		return store.Version{}, err
	}
	n, ok := ParseVersionID(versionID)
	if !ok { // a legal id, but none that this server gives
		return store.Version{}, noVersion()
	}
	v, err := s.store.ReadVersion(ctx, key, n)
	if err != nil {
		return store.Version{}, err
	}
	if own, ok := s.builtin.At(key); ok && !v.Exists() && own.VersionID == n {
		v = own
	}
	// Whether the resource itself is there is not told, nor whether it is hidden.
	v, err = s.shown(ctx, VRead, key, v)
	if fhir.Is(err, fhir.NotFound) {
		return store.Version{}, noVersion()
	}
	return v, err
}

// shown is the version if the caller may see it and it isn't a deletion.
func (s *Session) shown(ctx context.Context, what Name, key fhir.Key, v store.Version) (store.Version, error) {
	if err := s.decide(ctx, Question{What: what, Key: key, Before: v}); err != nil {
		return store.Version{}, err
	}
	switch {
	case !v.Exists():
		return store.Version{}, fhir.NoSuch(key.Type)
	case v.Deleted():
		return store.Version{}, fhir.NewError(fhir.Gone, fhir.IssueDeleted, "the "+key.Type+" is deleted; its history has the versions before")
	}
	return v, nil
}

// current is the current version of one key, a tombstone too; the zero Version
// where there never was one.
func (e *core) current(ctx context.Context, key fhir.Key) (store.Version, error) {
	versions, err := e.store.Read(ctx, key)
	if err != nil {
		return store.Version{}, err
	}
	return versions[0], nil
}

func noVersion() error {
	return fhir.NewError(fhir.NotFound, fhir.IssueNotFound, "the resource has no version of this id")
}

// ParseVersionID reads a version id as this server writes it: 1, 2, 3, ….
func ParseVersionID(s string) (n int64, ok bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n > 0 && strconv.FormatInt(n, 10) == s
}
