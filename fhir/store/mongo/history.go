package mongo

import (
	"context"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"caseway/fhir"
	"caseway/fhir/store"
)

// History implements store.Store. Heads are read before displaced versions: a
// head that is displaced between the two is then in the second collection.
func (s *Store) History(ctx context.Context, q store.HistoryQuery) (_ store.HistoryPage, err error) {
	defer s.timed("history", time.Now(), &err)
	limited, cancel := context.WithTimeout(ctx, scanTimeout)
	defer cancel()
	h, err := s.measure(limited)
	if err != nil {
		return store.HistoryPage{}, asError(ctx, "history", err)
	}
	page := store.HistoryPage{Settled: h.settled()}
	err = s.snapshot(limited, func(ctx context.Context) error { return s.fillPage(ctx, q, &page) })
	if err != nil {
		return store.HistoryPage{}, asError(ctx, "history", err)
	}
	return page, nil
}

func (s *Store) fillPage(ctx context.Context, q store.HistoryQuery, page *store.HistoryPage) error {
	scans := scansOf(q)
	var refs []ref
	for _, c := range []*mongo.Collection{s.heads, s.versions} {
		for _, scan := range scans {
			if !scan.concerns(c == s.versions) {
				continue
			}
			found, err := queryRefs(ctx, c, scan.filter(c == s.versions, true), scan.options(c == s.versions).SetLimit(int64(q.Limit)+1))
			if err != nil {
				return err
			}
			refs = append(refs, found...)
		}
	}
	slices.SortFunc(refs, newestFirst)
	refs = slices.CompactFunc(refs, sameVersion)
	n := fitting(refs, q)
	for i, r := range refs[:n] {
		if !q.Room.Take(r.size) {
			n = i
			break
		}
	}
	page.More = n < len(refs)
	var err error
	if page.Versions, err = s.load(ctx, refs[:n]); err != nil || !q.Count {
		return err
	}
	page.Total, err = s.count(ctx, scans)
	return err
}

// fitting is how many of the refs a page holds: at least one.
func fitting(refs []ref, q store.HistoryQuery) int {
	bytes := q.LimitBytes
	if bytes == 0 {
		bytes = defaultBytes
	}
	for i, r := range refs {
		bytes -= r.size
		if i == q.Limit || i > 0 && bytes < 0 {
			return i
		}
	}
	return len(refs)
}

// count counts without regard to the page. On a standalone server a version
// that a broken off write left in both collections counts twice.
func (s *Store) count(ctx context.Context, scans []scan) (int64, error) {
	var total int64
	for _, c := range []*mongo.Collection{s.heads, s.versions} {
		for _, scan := range scans {
			if !scan.concerns(c == s.versions) {
				continue
			}
			n, err := c.CountDocuments(ctx, scan.filter(c == s.versions, false), scan.countOptions(c == s.versions))
			if err != nil {
				return 0, err
			}
			total += n
		}
	}
	return total, nil
}

// scan is one pass over the history of everything, a type, a resource or some
// resources.
type scan struct {
	query   store.HistoryQuery
	keys    []fhir.Key // not nil: of these resources
	deleted bool       // the tombstones, which the indexes of heads keep apart
}

// concerns reports whether the scan is for a collection: displaced tombstones
// stand with the other displaced versions.
func (sc scan) concerns(displaced bool) bool { return !displaced || !sc.deleted }

// scansOf splits many keys, for each is a part of the query.
func scansOf(q store.HistoryQuery) []scan {
	switch {
	case q.Keys == nil && q.ID == "" && q.Compartments != nil:
		return []scan{{query: q}}
	case q.Keys == nil && q.ID == "":
		return []scan{{query: q}, {query: q, deleted: true}}
	case q.Keys == nil:
		return []scan{{query: q, keys: []fhir.Key{{Type: q.Type, ID: q.ID}}}}
	}
	keys := make([]fhir.Key, 0, len(q.Keys))
	for _, k := range q.Keys {
		if (q.Type == "" || k.Type == q.Type) && (q.ID == "" || k.ID == q.ID) {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, byKey)
	var scans []scan
	for chunk := range slices.Chunk(slices.Compact(keys), 100) {
		scans = append(scans, scan{query: q, keys: chunk})
	}
	return scans
}

// filter selects what the scan shows; paged, only what is behind the position.
func (sc scan) filter(displaced, paged bool) bson.D {
	q := sc.query
	filter := sc.which(displaced)
	if displaced && !q.AtFrom.IsZero() {
		filter = append(filter, bson.E{Key: fUntil, Value: bson.D{{Key: "$gt", Value: q.AtFrom}}})
	}
	places := span{}
	if paged && q.After.VersionID > 0 {
		places.below = older(q.After, displaced)
	}
	return places.between(q.Since, q.AtTo).addTo(filter)
}

// older bounds the places of what is older than a position.
func older(p store.HistoryPosition, displaced bool) string {
	id := p.Key.String()
	if displaced {
		id = displacedID(id, p.VersionID)
	}
	return placeOf(p.LastUpdated, id)
}

// which selects the resources.
func (sc scan) which(displaced bool) bson.D {
	if sc.query.Compartments == nil {
		return sc.resources(displaced)
	}
	within := bson.D{{Key: fCompartments, Value: bson.D{{Key: "$in", Value: sc.query.Compartments}}}}
	switch {
	case sc.keys != nil:
		return append(sc.resources(displaced), within...)
	case sc.query.Type != "":
		types := bson.A{sc.query.Type, indexedType(sc.query.Type, true)}
		return append(within, bson.E{Key: fType, Value: bson.D{{Key: "$in", Value: types}}})
	}
	return within
}

// resources selects by key or type.
func (sc scan) resources(displaced bool) bson.D {
	filter := bson.D{}
	switch {
	case sc.keys == nil && sc.query.Type == "" && !displaced:
		filter = bson.D{{Key: fLive, Value: !sc.deleted}}
	case sc.keys == nil && sc.query.Type != "":
		filter = bson.D{{Key: fType, Value: indexedType(sc.query.Type, sc.deleted)}}
	case sc.keys != nil && displaced:
		any := make(bson.A, len(sc.keys))
		for i, k := range sc.keys {
			any[i] = versionsOf(k)
		}
		filter = bson.D{{Key: "$or", Value: any}}
		if len(sc.keys) == 1 {
			filter = versionsOf(sc.keys[0])
		}
	case sc.keys != nil:
		filter = idIn(idsOf(sc.keys))
	}
	return filter
}

// versionsOf selects the displaced versions of a resource: all _ids that begin
// with its key and the mark ("$" is the character behind it).
func versionsOf(k fhir.Key) bson.D {
	return bson.D{{Key: fID, Value: bson.D{{Key: "$gt", Value: k.String() + idMark}, {Key: "$lt", Value: k.String() + "$"}}}}
}

// options order by an index: a resource's versions by _id, everything else by
// place.
func (sc scan) options(displaced bool) *options.FindOptionsBuilder {
	o := options.Find().SetSort(bson.D{{Key: fPlace, Value: -1}})
	if len(sc.keys) == 1 && displaced {
		o.SetSort(bson.D{{Key: fID, Value: -1}})
	}
	if index := sc.index(displaced); index != "" {
		o.SetHint(index)
	}
	return o.SetAllowDiskUse(true)
}

func (sc scan) countOptions(displaced bool) *options.CountOptionsBuilder {
	o := options.Count()
	if index := sc.index(displaced); index != "" {
		o.SetHint(index)
	}
	return o
}

// index is the index that serves the scan; "" where there is no other.
func (sc scan) index(displaced bool) string {
	switch {
	case sc.keys == nil && sc.query.Compartments != nil:
		return indexCompartments
	case !displaced:
		return ""
	case sc.keys != nil:
		return "_id_"
	case sc.query.Type != "":
		return indexType
	}
	return indexAll
}
