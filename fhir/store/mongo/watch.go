package mongo

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
	"maps"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"caseway/fhir"
	"caseway/fhir/store"
)

// watchPause is how long a broken change stream rests before it is opened again.
const watchPause = 500 * time.Millisecond

// errStop says that the consumer wants no more.
var errStop = errors.New("stop")

// watcher follows what is committed, by a change stream where there are any.
// Where a stream can't be resumed it rereads history, from before the position
// by the time that stamps need to settle.
type watcher struct {
	store *Store
	yield func(store.Change, error) bool

	token   bson.Raw        // resume behind this event
	startAt *bson.Timestamp // or with the first event of this time
	since   time.Time       // or with what history has from here
	seen    seen            // what a reread has shown already
	known   time.Time       // seen is needed until events are this late
}

// Watch implements store.Store.
func (s *Store) Watch(ctx context.Context, after store.Position) iter.Seq2[store.Change, error] {
	start := watcher{store: s, seen: seen{}}
	startErr := start.startBehind(ctx, after)
	return func(yield func(store.Change, error) bool) {
		w, err := start, startErr // a sequence may be read twice
		w.seen, w.yield = maps.Clone(start.seen), yield
		if err == nil {
			err = w.run(ctx)
		}
		if ctx.Err() != nil && !errors.Is(err, errStop) {
			err = ctx.Err()
		}
		if !errors.Is(err, errStop) {
			yield(store.Change{}, asError(ctx, "watch", err))
		}
	}
}

// startBehind reads a position: the time in milliseconds and, where there was
// a change stream, a colon and its token.
func (w *watcher) startBehind(ctx context.Context, after store.Position) error {
	if after == "" {
		return w.startNow(ctx)
	}
	ms, token, _ := strings.Cut(string(after), ":")
	n, err := strconv.ParseInt(ms, 10, 64)
	if err != nil {
		return fmt.Errorf("mongo: a position that isn't one: %w", err)
	}
	w.since = time.UnixMilli(n).Add(-settleAfter)
	if raw, err := base64.RawURLEncoding.DecodeString(token); err == nil && bson.Raw(raw).Validate() == nil && len(raw) > 0 {
		w.token = raw
	}
	return nil
}

// startNow begins with what is committed from now on. Where the server is away
// the first reread begins a little earlier.
func (w *watcher) startNow(ctx context.Context) (err error) {
	s := w.store
	w.since = s.clock.now().Add(-settleAfter)
	if s.server.transactions {
		w.startAt, err = s.operationTime(ctx)
	}
	if err == nil {
		err = s.reread(ctx, w.since, w.seen, func(store.Version) bool { return true })
		w.known = s.clock.now().Add(settleAfter)
	}
	if err != nil && isAway(err) {
		return nil
	}
	return err
}

// behind is how many seconds before the latest operation a stream begins.
const behind = 2

// operationTime is a little before the latest operation: what a stream shows
// that was there before has been seen.
func (s *Store) operationTime(ctx context.Context) (*bson.Timestamp, error) {
	session, err := s.client.StartSession()
	if err != nil {
		return nil, err
	}
	defer session.EndSession(context.WithoutCancel(ctx))
	if err := s.db.RunCommand(mongo.NewSessionContext(ctx, session), bson.D{{Key: "ping", Value: 1}}).Err(); err != nil {
		return nil, err
	}
	t := session.OperationTime()
	if t == nil {
		return nil, errors.New("mongo: the server doesn't tell its operation time")
	}
	return &bson.Timestamp{T: t.T - behind, I: t.I}, nil
}

// run follows until ctx ends, the consumer stops, or something is beyond repair.
func (w *watcher) run(ctx context.Context) error {
	if !w.store.server.transactions {
		return w.poll(ctx)
	}
	for {
		err := w.follow(ctx)
		switch {
		case errors.Is(err, errStop) || ctx.Err() != nil:
			return err
		case isAway(err):
			w.store.log.Warn("the change stream broke; it is opened again", "error", plain("watch", err))
		case w.token != nil && len(mongo.ErrorCodes(err)) > 0:
			w.store.log.Warn("the change stream can't be resumed; history is reread", "since", w.since, "error", plain("watch", err))
			w.token, w.startAt = nil, nil
		default:
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(watchPause):
		}
	}
}

// follow reads one change stream, after history where there is no place to
// start it from.
func (w *watcher) follow(ctx context.Context) error {
	o := options.ChangeStream()
	if w.token == nil && w.startAt == nil {
		if err := w.catchUp(ctx); err != nil {
			return err
		}
	}
	if w.token != nil {
		o.SetResumeAfter(w.token)
	} else {
		o.SetStartAtOperationTime(w.startAt)
	}
	stream, err := w.store.heads.Watch(ctx, mongo.Pipeline{}, o)
	if err != nil {
		return err
	}
	defer func() { _ = stream.Close(context.WithoutCancel(ctx)) }()
	for stream.Next(ctx) {
		if err := w.take(stream); err != nil {
			return err
		}
	}
	return stream.Err()
}

// catchUp rereads history up to now. The stream starts before that, and what
// comes twice is dropped.
func (w *watcher) catchUp(ctx context.Context) error {
	start, err := w.store.operationTime(ctx)
	if err != nil {
		return err
	}
	now := w.store.clock.now()
	err = w.store.reread(ctx, w.since, w.seen, func(v store.Version) bool {
		return w.yield(store.Change{Version: v, Position: position(v.LastUpdated, now, nil)}, nil)
	})
	if err != nil {
		return err
	}
	w.startAt, w.known = start, w.store.clock.now().Add(settleAfter)
	return nil
}

// changeEvent is what is used of a change stream's event.
type changeEvent struct {
	ID            bson.Raw       `bson:"_id"`
	OperationType string         `bson:"operationType"`
	ClusterTime   bson.Timestamp `bson:"clusterTime"`
	FullDocument  bson.Raw       `bson:"fullDocument"`
}

func (w *watcher) take(stream *mongo.ChangeStream) error {
	var e changeEvent
	if err := stream.Decode(&e); err != nil {
		return err
	}
	switch e.OperationType {
	case "insert", "replace":
	case "update", "delete": // a migration's
		return nil
	default:
		return fmt.Errorf("mongo: watch: the collection of resources was changed from outside: %s", e.OperationType)
	}
	v, err := decode(e.FullDocument) // a copy of its own
	if err != nil {
		return wrongDocument("resource", err)
	}
	committed := time.Unix(int64(e.ClusterTime.T), 0).UTC()
	w.token, w.since = e.ID, v.LastUpdated.Add(-settleAfter)
	if committed.After(w.known) {
		w.seen = seen{}
	}
	if w.seen.has(v.Key, v.VersionID) {
		return nil
	}
	if !w.yield(store.Change{Version: v, Position: position(v.LastUpdated, committed, e.ID)}, nil) {
		return errStop
	}
	return nil
}

// position counts from the commit where a stamp is ahead of it, as after the
// server's clock was set back.
func position(stamp, committed time.Time, token bson.Raw) store.Position {
	if committed.Before(stamp) {
		stamp = committed
	}
	p := strconv.FormatInt(stamp.UnixMilli(), 10)
	if token != nil {
		p += ":" + base64.RawURLEncoding.EncodeToString(token)
	}
	return store.Position(p)
}

// seen holds the latest version of each resource that was shown.
type seen map[fhir.Key]ref

func (s seen) has(k fhir.Key, version int64) bool { return s[k].version >= version }

// forget drops what no later reread can meet.
func (s seen) forget(before time.Time) {
	for k, r := range s {
		if r.at.Before(before) {
			delete(s, k)
		}
	}
}
