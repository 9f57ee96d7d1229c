package mongo

import (
	"context"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"caseway/fhir/store"
)

const (
	rereadPage = 500                    // versions
	pollEvery  = 300 * time.Millisecond // history of a standalone server is reread
)

// poll follows a standalone server, which has no change streams, by rereading
// what may not have been settled when it was last read.
func (w *watcher) poll(ctx context.Context) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		now := w.store.clock.now()
		err := w.store.reread(ctx, w.since, w.seen, func(v store.Version) bool {
			return w.yield(store.Change{Version: v, Position: position(v.LastUpdated, now, nil)}, nil)
		})
		switch {
		case err == nil:
			w.since = now.Add(-settleAfter)
			w.seen.forget(w.since)
		case !isAway(err):
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// reread shows every version from an instant on that seen doesn't hold, oldest
// first, and adds it to seen. It ends with errStop when show says no.
func (s *Store) reread(ctx context.Context, since time.Time, seen seen, show func(store.Version) bool) error {
	var after ref
	for {
		refs, err := s.olderFirst(ctx, since, after)
		if err != nil {
			return err
		}
		if len(refs) == 0 {
			return nil
		}
		after = refs[len(refs)-1]
		refs = slices.DeleteFunc(refs, func(r ref) bool { return seen.has(r.key, r.version) })
		versions, err := s.load(ctx, refs)
		if err != nil {
			return err
		}
		for i, v := range versions {
			seen[v.Key] = refs[i]
			if !show(v) {
				return errStop
			}
		}
		seen.forget(s.clock.now().Add(-2 * settleAfter))
	}
}

// olderFirst is a page of refs behind one, heads read before displaced
// versions.
func (s *Store) olderFirst(ctx context.Context, since time.Time, after ref) ([]ref, error) {
	var all []ref
	for _, in := range []struct {
		c      *mongo.Collection
		filter bson.D
	}{
		{s.heads, bson.D{{Key: fLive, Value: true}}}, {s.heads, bson.D{{Key: fLive, Value: false}}}, {s.versions, bson.D{}},
	} {
		refs, err := queryRefs(ctx, in.c, ahead(since, after, in.c == s.versions).addTo(in.filter), aheadOptions())
		if err != nil {
			return nil, err
		}
		all = append(all, refs...)
	}
	slices.SortFunc(all, byAge)
	all = slices.CompactFunc(all, sameVersion)
	all = slices.DeleteFunc(all, func(r ref) bool { return after.version > 0 && byAge(r, after) <= 0 })
	return all[:min(len(all), rereadPage)], nil
}

func aheadOptions() *options.FindOptionsBuilder {
	return options.Find().SetLimit(rereadPage + 1).SetSort(ascending(fPlace))
}

// ahead are the places of what is newer than a ref. A head's _id has no number,
// so the resource of the ref itself is let through and sorted out later.
func ahead(since time.Time, after ref, displaced bool) span {
	id := after.key.String()
	switch {
	case after.version == 0:
		return span{}.between(since, time.Time{})
	case displaced:
		return span{above: placeOf(after.at, displacedID(id, after.version))}
	}
	return span{from: placeOf(after.at, id)}
}
