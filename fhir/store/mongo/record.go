package mongo

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"caseway/fhir/store"
)

// fExpires is the date at which a record goes; absent where it stays.
const fExpires = "expires"

// recordDocument is a record as it is stored.
type recordDocument struct {
	ID      string     `bson:"_id"`
	Value   []byte     `bson:"value"`
	Version int64      `bson:"version"`
	Expires *time.Time `bson:"expires,omitempty"`
}

func recordID(kind, key string) string { return kind + "/" + key }

func checkRecords(records []store.RecordWrite) error {
	for _, r := range records {
		if r.Kind == "" || strings.Contains(r.Kind, "/") {
			return errors.New("mongo: a record's kind is empty or has a slash")
		}
		if !utf8.ValidString(r.Key) {
			return errors.New("mongo: a record's key isn't UTF-8")
		}
	}
	return nil
}

// live reports whether the record has not expired.
func (r *recordDocument) live(now time.Time) bool { return r.Expires == nil || r.Expires.After(now) }

// record gives a record with its expiry by this machine's clock, which the
// server's is ahead of.
func (r *recordDocument) record(ahead time.Duration) store.Record {
	kind, key, _ := strings.Cut(r.ID, "/")
	rec := store.Record{Kind: kind, Key: key, Value: r.Value, Version: r.Version}
	if r.Expires != nil {
		rec.Expires = r.Expires.Add(-ahead).UTC()
	}
	return rec
}

// Records implements store.Store.
func (s *Store) Records(ctx context.Context, kind, prefix, after string, limit int) (_ []store.Record, err error) {
	defer s.timed("records", time.Now(), &err)
	limited, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	filter := recordRange(kind, prefix, after)
	filter = append(filter, bson.E{Key: "$or", Value: bson.A{
		bson.D{{Key: fExpires, Value: nil}}, bson.D{{Key: fExpires, Value: bson.D{{Key: "$gt", Value: s.clock.now()}}}},
	}})
	cursor, err := s.records.Find(limited, filter, recordOptions(limit))
	if err != nil {
		return nil, asError(ctx, "records", err)
	}
	var docs []recordDocument
	if err := cursor.All(limited, &docs); err != nil {
		return nil, asError(ctx, "records", err)
	}
	records, ahead := make([]store.Record, len(docs)), s.clock.skew()
	for i := range docs {
		records[i] = docs[i].record(ahead)
	}
	return records, nil
}

// recordOptions go by _id, not by expiry, which most records have passed never
// or all at once.
func recordOptions(limit int) *options.FindOptionsBuilder {
	return options.Find().SetSort(bson.D{{Key: fID, Value: 1}}).SetLimit(int64(limit)).SetHint("_id_")
}

func recordRange(kind, prefix, after string) bson.D {
	bounds := bson.D{{Key: "$gte", Value: recordID(kind, prefix)}}
	if after != "" {
		bounds = append(bounds, bson.E{Key: "$gt", Value: recordID(kind, after)})
	}
	if end, ok := successor(recordID(kind, prefix)); ok {
		bounds = append(bounds, bson.E{Key: "$lt", Value: end})
	}
	return bson.D{{Key: fID, Value: bounds}}
}

// successor is the least string that is greater than all with this prefix.
// It stays UTF-8, for MongoDB's strings are.
func successor(prefix string) (string, bool) {
	for prefix != "" {
		r, n := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-n]
		switch {
		case r == utf8.MaxRune:
			continue
		case r == 0xd7ff: // the surrogates follow, which UTF-8 has not
			return prefix + "\ue000", true
		}
		return prefix + string(r+1), true
	}
	return "", false
}

// commitRecords checks and writes records. In a transaction all of them hold
// together; outside of one there is but one.
func (s *Store) commitRecords(ctx context.Context, writes []store.RecordWrite) error {
	if len(writes) == 0 {
		return nil
	}
	stored, err := s.storedRecords(ctx, writes)
	if err != nil {
		return err
	}
	now := s.clock.now()
	for i := range writes {
		w := &writes[i]
		current := stored[recordID(w.Kind, w.Key)]
		if w.Expect != store.AnyVersion && w.Expect != current.liveVersion(now) {
			return &store.Conflict{Kind: store.RecordMismatch, Index: i}
		}
		if err := s.writeRecord(ctx, w, current, now); err != nil {
			return err
		}
	}
	return nil
}

// liveVersion is 0 where there is none, or none any more.
func (r *recordDocument) liveVersion(now time.Time) int64 {
	if r == nil || !r.live(now) {
		return 0
	}
	return r.Version
}

func (s *Store) storedRecords(ctx context.Context, writes []store.RecordWrite) (map[string]*recordDocument, error) {
	ids := make([]string, len(writes))
	for i := range writes {
		ids[i] = recordID(writes[i].Kind, writes[i].Key)
	}
	cursor, err := s.records.Find(ctx, idIn(ids))
	if err != nil {
		return nil, err
	}
	var docs []recordDocument
	if err := cursor.All(ctx, &docs); err != nil {
		return nil, err
	}
	stored := make(map[string]*recordDocument, len(docs))
	for i := range docs {
		stored[docs[i].ID] = &docs[i]
	}
	return stored, nil
}

// writeRecord writes one record if the stored one is still what was read.
func (s *Store) writeRecord(ctx context.Context, w *store.RecordWrite, current *recordDocument, now time.Time) error {
	if w.Delete {
		return s.deleteRecord(ctx, current)
	}
	doc := recordDocument{ID: recordID(w.Kind, w.Key), Value: w.Value, Version: current.liveVersion(now) + 1}
	if !w.Expires.IsZero() {
		// By the server's clock, so that all processes agree whatever theirs say.
		expires := w.Expires.Add(s.clock.skew()).UTC().Truncate(time.Millisecond)
		doc.Expires = &expires
	}
	if current == nil {
		_, err := s.records.InsertOne(ctx, doc)
		if mongo.IsDuplicateKeyError(err) {
			return errCollided
		}
		return err
	}
	r, err := s.records.ReplaceOne(ctx, current.holds(), doc)
	if err == nil && r.MatchedCount == 0 {
		return errCollided
	}
	return err
}

func (s *Store) deleteRecord(ctx context.Context, current *recordDocument) error {
	if current == nil {
		return nil
	}
	r, err := s.records.DeleteOne(ctx, current.holds())
	if err == nil && r.DeletedCount == 0 {
		return errCollided
	}
	return err
}

// holds matches the record while it is the one that was read. Versions begin
// anew when a record expires, so the expiry counts too.
func (r *recordDocument) holds() bson.D {
	return bson.D{{Key: fID, Value: r.ID}, {Key: fVersion, Value: r.Version}, {Key: fExpires, Value: r.Expires}}
}
