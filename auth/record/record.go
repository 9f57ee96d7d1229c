// Package record keeps Go values as JSON in a store's records: small values
// with a kind, a key, a version and an expiry, which FHIR never sees.
//
// Each write is one record with its expected version, which every store can
// do atomically, one without transactions too.
package record

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"caseway/fhir/store"
)

// ErrConflict: the record isn't at the expected version (any more). Nothing
// was changed; reading it again and deciding again may succeed.
var ErrConflict = errors.New("record: not at the expected version")

// Store is what of a store.Store keeps records.
type Store interface {
	Records(ctx context.Context, kind, prefix, after string, limit int) ([]store.Record, error)
	Commit(ctx context.Context, c store.Commit) ([]store.Version, error)
}

// Table is the records of one kind. Safe for concurrent use.
type Table[T any] struct {
	Store Store
	Kind  string
}

// Row is a record's value with its key and version.
type Row[T any] struct {
	Key     string
	Value   T
	Version int64 // 0: there is none
	Expires time.Time
}

// Get gives a record; one with Version 0 where there is none (any more).
func (t Table[T]) Get(ctx context.Context, key string) (Row[T], error) {
	// The key itself comes first of all that start with it.
	found, err := t.Store.Records(ctx, t.Kind, key, "", 1)
	if err != nil {
		return Row[T]{}, err
	}
	if len(found) == 0 || found[0].Key != key {
		return Row[T]{Key: key}, nil
	}
	return t.row(found[0])
}

// Put writes a record that must be at the version expect: 0 for none,
// store.AnyVersion for whatever there is. A zero expires keeps it for ever. It
// fails with ErrConflict.
func (t Table[T]) Put(ctx context.Context, key string, value T, expires time.Time, expect int64) error {
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("record of kind %s: %w", t.Kind, err)
	}
	if !expires.IsZero() {
		expires = expires.UTC().Truncate(time.Millisecond)
	}
	return t.commit(ctx, store.RecordWrite{Kind: t.Kind, Key: key, Value: data, Expires: expires, Expect: expect})
}

// Delete deletes a record that must be at the version expect. It fails with
// ErrConflict.
func (t Table[T]) Delete(ctx context.Context, key string, expect int64) error {
	return t.commit(ctx, store.RecordWrite{Kind: t.Kind, Key: key, Delete: true, Expect: expect})
}

// pageSize is how many records are read at once.
const pageSize = 500

// List gives all records whose key starts with prefix, by key.
func (t Table[T]) List(ctx context.Context, prefix string) ([]Row[T], error) {
	var rows []Row[T]
	for after := ""; ; {
		page, err := t.Store.Records(ctx, t.Kind, prefix, after, pageSize)
		if err != nil {
			return nil, err
		}
		for _, r := range page {
			row, err := t.row(r)
			if err != nil {
				return nil, err
			}
			rows = append(rows, row)
		}
		if len(page) < pageSize {
			return rows, nil
		}
		after = page[len(page)-1].Key
	}
}

// Any reports whether there is a record of this kind at all.
func (t Table[T]) Any(ctx context.Context) (bool, error) {
	found, err := t.Store.Records(ctx, t.Kind, "", "", 1)
	return len(found) > 0, err
}

// Change reads a record, lets f change it and writes it, until no one else
// has changed it in between. A record that isn't there is given with Version
// 0. What f says ends the change: an error, or false to leave all as it is.
func (t Table[T]) Change(ctx context.Context, key string, f func(*Row[T]) (bool, error)) error {
	for {
		row, err := t.Get(ctx, key)
		if err != nil {
			return err
		}
		write, err := f(&row)
		if err != nil || !write {
			return err
		}
		err = t.Put(ctx, key, row.Value, row.Expires, row.Version)
		if !errors.Is(err, ErrConflict) {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

func (t Table[T]) row(r store.Record) (Row[T], error) {
	row := Row[T]{Key: r.Key, Version: r.Version, Expires: r.Expires}
	if err := json.Unmarshal(r.Value, &row.Value); err != nil {
		return Row[T]{}, fmt.Errorf("record of kind %s can't be read: %w", t.Kind, err)
	}
	return row, nil
}

func (t Table[T]) commit(ctx context.Context, w store.RecordWrite) error {
	_, err := t.Store.Commit(ctx, store.Commit{Records: []store.RecordWrite{w}})
	var conflict *store.Conflict
	if errors.As(err, &conflict) {
		return ErrConflict
	}
	return err
}
