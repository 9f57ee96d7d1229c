package mongo

import (
	"context"
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// scanBytes bounds the JSON of a page of a scan but for one by keys or a range,
// which has to be whole.
const (
	scanBytes   = 32 << 20
	noByteLimit = math.MaxInt
)

// Scan implements search.Source. In a transaction, or between the scans of
// Snapshot, it sees what those see.
func (s *Store) Scan(ctx context.Context, sc search.Scan) (page search.Page, err error) {
	defer s.timed("scan", time.Now(), &err)
	limited, cancel := context.WithTimeout(ctx, scanTimeout)
	defer cancel()
	err = s.atOnce(limited, func(ctx context.Context) error {
		page, err = s.scan(ctx, sc)
		return err
	})
	return page, asError(ctx, "scan", err)
}

// Snapshot implements store.Store.
func (s *Store) Snapshot(ctx context.Context, f func(context.Context) error) error {
	return s.atOnce(ctx, f)
}

// atOnce has f read in a snapshot session, unless ctx has a session: a query
// sees one instant then, however long it takes, and so do all of f's. Unlike a
// transaction it costs nothing.
func (s *Store) atOnce(ctx context.Context, f func(context.Context) error) error {
	if !s.server.transactions || mongo.SessionFromContext(ctx) != nil {
		return f(ctx)
	}
	session, err := s.client.StartSession(options.Session().SetSnapshot(true))
	if err != nil {
		return asError(ctx, "start a session", err)
	}
	defer session.EndSession(context.WithoutCancel(ctx))
	return f(mongo.NewSessionContext(ctx, session))
}

// Estimate implements search.Source.
func (s *Store) Estimate(ctx context.Context, from, to search.Term, limit int) (_ int, err error) {
	defer s.timed("estimate", time.Now(), &err)
	limited, cancel := context.WithTimeout(ctx, scanTimeout)
	defer cancel()
	n, err := s.estimate(limited, termsWithin(from, to), limit)
	return n, asError(ctx, "estimate", err)
}

// CountType implements search.Counter.
func (s *Store) CountType(ctx context.Context, typ string, limit int) (_ int, err error) {
	defer s.timed("estimate", time.Now(), &err)
	limited, cancel := context.WithTimeout(ctx, scanTimeout)
	defer cancel()
	n, err := s.estimate(limited, bson.D{{Key: fType, Value: indexedType(typ, false)}}, limit)
	return n, asError(ctx, "count", err)
}

// Types implements search.Lister.
func (s *Store) Types(ctx context.Context) (types []string, err error) {
	defer s.timed("types", time.Now(), &err)
	limited, cancel := context.WithTimeout(ctx, scanTimeout)
	defer cancel()
	if err := s.heads.Distinct(limited, fType, bson.D{}).Decode(&types); err != nil {
		return nil, asError(ctx, "find types", err)
	}
	return slices.DeleteFunc(types, func(typ string) bool { return strings.HasSuffix(typ, deletedMark) }), nil
}

// scan gives the driver's errors as they are.
func (s *Store) scan(ctx context.Context, sc search.Scan) (page search.Page, err error) {
	bytes := noByteLimit
	if len(sc.Keys) == 0 && sc.To == "" {
		bytes = scanBytes
	}
	for chunk := range chunks(sc) {
		sc.Keys = chunk
		q := queryOf(sc)
		cursor, err := s.heads.Find(ctx, q.filter, q.options(sc.Limit+1-len(page.Hits)))
		if err != nil {
			return search.Page{}, err
		}
		page.Hits, page.More, err = s.appendHits(ctx, cursor, page.Hits, sc, bytes)
		if err != nil {
			return search.Page{}, wrongDocument(s.heads.Name(), err)
		}
		if page.More {
			break
		}
	}
	return page, nil
}

// chunks of the keys that a scan is for, each key once, or nil once where it
// isn't for keys.
func chunks(sc search.Scan) iter.Seq[[]fhir.Key] {
	keys := sc.Keys
	if keys == nil {
		return func(yield func([]fhir.Key) bool) { yield(nil) }
	}
	if sc.Type != "" {
		keys = slices.DeleteFunc(slices.Clone(keys), func(k fhir.Key) bool { return k.Type != sc.Type })
	}
	if len(keys) > keysAtOnce { // the database itself takes a key once within a chunk
		keys = slices.SortedFunc(slices.Values(keys), byKey)
		keys = slices.Compact(keys)
	}
	return slices.Chunk(keys, keysAtOnce)
}

// scanQuery is a scan as the database understands it.
type scanQuery struct {
	filter   bson.D
	ordered  bool // by place
	newest   bool // first
	keysOnly bool
	small    bool // what is large is left out, for there may be no room for it
}

// queryOf asks by what one index begins with and by nothing else that an index
// begins with: a planner finds that index alone, bounded on all its elements,
// and passes over nothing but tombstones where keys or a compartment are asked
// for.
func queryOf(sc search.Scan) scanQuery {
	q := scanQuery{newest: sc.Descending, keysOnly: sc.KeysOnly, small: sc.Room != nil}
	switch {
	case len(sc.Keys) > 0:
		q.filter = append(idIn(idsOf(sc.Keys)), notDeleted)
	case sc.Term != "":
		q.ordered = true
		q.filter = typed(bson.D{{Key: fTerms, Value: sc.Term}}, sc.Type, sc.Term, sc.Term)
	case len(sc.Terms) > 0:
		q.filter = bson.D{{Key: fTerms, Value: bson.D{{Key: "$in", Value: sc.Terms}}}}
	case sc.To != "":
		q.filter = typed(termsWithin(sc.From, sc.To), sc.Type, sc.From, sc.To)
	case sc.Compartment != fhir.Key{}:
		q.ordered = true
		q.filter = bson.D{{Key: fCompartments, Value: sc.Compartment.String()}, notDeleted}
	case sc.Type != "":
		q.ordered = true
		q.filter = bson.D{{Key: fType, Value: indexedType(sc.Type, false)}}
	default:
		q.ordered = true
		q.filter = bson.D{{Key: fLive, Value: true}}
	}
	q.filter = placesOf(sc).addTo(q.filter)
	return q
}

// typed adds the type to a filter by terms, unless the terms say it.
func typed(filter bson.D, typ string, from, to search.Term) bson.D {
	if typ == "" || from >= search.Term(typ+".") && to <= search.Term(typ+"/") {
		return filter
	}
	return append(filter, bson.E{Key: fType, Value: indexedType(typ, false)})
}

// notDeleted leaves tombstones out by an element that no index has.
var notDeleted = bson.E{Key: fMethod, Value: bson.D{{Key: "$ne", Value: store.Delete}}}

// placesOf are the places that a scan is bounded to.
func placesOf(sc search.Scan) span {
	low, high := sc.After, sc.Until
	if sc.Descending {
		low, high = high, low
	}
	return span{}.behind(low).before(high).between(sc.Updated.From, sc.Updated.To)
}

// termsWithin selects by a half-open range. Both bounds must hold for one
// element: without $elemMatch each may hold for another one, and an index over
// arrays is bounded by one of them alone.
func termsWithin(from, to search.Term) bson.D {
	if to == from+"\x00" {
		return bson.D{{Key: fTerms, Value: from}}
	}
	return bson.D{{Key: fTerms, Value: bson.D{{Key: "$elemMatch", Value: bson.D{{Key: "$gte", Value: from}, {Key: "$lt", Value: to}}}}}}
}

// The elements that a hit doesn't need.
var (
	scanned     = bson.D{{Key: fCompartments, Value: 0}}
	scannedKeys = bson.D{{Key: fCompartments, Value: 0}, {Key: fBody, Value: 0}}
)

// batchAtOnce bounds the heads in one answer of the server, which is bounded
// in bytes as well.
const batchAtOnce = 2048

func (q scanQuery) options(limit int) *options.FindOptionsBuilder {
	o := options.Find().SetLimit(int64(limit)).SetBatchSize(int32(min(limit, batchAtOnce)))
	o.SetProjection(scanned)
	switch {
	case q.keysOnly:
		o.SetProjection(scannedKeys)
	case q.small:
		o.SetProjection(scannedSmall)
	}
	switch {
	case q.ordered && q.newest:
		o.SetSort(bson.D{{Key: fPlace, Value: -1}})
	case q.ordered:
		o.SetSort(bson.D{{Key: fPlace, Value: 1}})
	}
	return o
}

// appendHits reads a cursor, as long as there are no more hits than the scan's
// limit and their JSON, but for the first one's, fits into the bytes, and closes
// it. Where the bytes are bounded, want of room ends it too.
func (s *Store) appendHits(ctx context.Context, cursor *mongo.Cursor, hits []search.Hit, sc search.Scan, bytes int) (_ []search.Hit, more bool, err error) {
	defer func() { _ = cursor.Close(context.WithoutCancel(ctx)) }()
	hits = slices.Grow(hits, cursor.RemainingBatchLength())
	whole := bytes == noByteLimit
	for cursor.Next(ctx) {
		if len(hits) == sc.Limit || bytes <= 0 {
			return hits, true, nil
		}
		h, err := decodeHit(cursor.Current, sc.Room)
		if err != nil {
			return nil, false, err
		}
		if there, err := s.fill(ctx, &h, cursor.Current, sc); err != nil || !there {
			if err != nil {
				return nil, false, err
			}
			continue
		}
		hits = append(hits, h)
		bytes -= len(h.JSON)
		if h.JSON == nil && !sc.KeysOnly && !whole {
			bytes = 0
		}
	}
	return hits, false, cursor.Err()
}

// estimate counts by an aggregation: a transaction takes no count.
func (s *Store) estimate(ctx context.Context, filter bson.D, limit int) (int, error) {
	n, err := s.heads.CountDocuments(ctx, filter, options.Count().SetLimit(int64(limit)))
	return int(n), err
}
