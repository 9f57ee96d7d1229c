package interaction

import (
	"context"
	"fmt"
	"time"

	"caseway/fhir"
	"caseway/fhir/store"
)

// Sizes of a page of history.
const (
	defaultCount     = 50
	maxCount         = 1000
	historyPageBytes = 8 << 20
)

// CompleteUntil is the extension in a history Bundle's meta that says up to
// which instant the answer is complete: no version that was last updated
// before it can still appear. A client that polls with it as _since misses
// nothing, whichever processes write.
const CompleteUntil = fhir.CanonicalBase + "/StructureDefinition/history-complete-until"

// History returns a page of history as a Bundle in JSON, newest first. It
// fails with kind NotFound for a resource that never existed and for a List
// that isn't there (Gone for a deleted one), and with Invalid for a cursor
// that this server didn't give for this query.
//
// The Bundle's meta.lastUpdated and its extension CompleteUntil are the
// instant up to which the answer, all pages together, is complete. A total is
// given for one resource's history and where only the total was asked for,
// but not where Access may hide versions.
func (s *Session) History(ctx context.Context, r HistoryRequest) ([]byte, error) {
	return whole(s.HistoryText(ctx, r))
}

// HistoryText is History that doesn't put the page together.
func (s *Session) HistoryText(ctx context.Context, r HistoryRequest) (fhir.Text, error) {
	if err := s.mayHistory(ctx, r); err != nil {
		return fhir.Text{}, err
	}
	subset, err := s.ParseSubset(r.Subset, s.typesOf(r)...)
	if err != nil {
		return fhir.Text{}, err
	}
	q, err := s.historyQuery(ctx, r)
	if err != nil {
		return fhir.Text{}, err
	}
	var cursor historyCursor
	if r.Cursor != "" {
		if err := s.cursors.open(ctx, r.Cursor, &cursor, r.binding()); err != nil {
			return fhir.Text{}, err
		}
		q.After = cursor.position()
	}
	page, err := s.historyRead(ctx, r, &q)
	if err == nil && page.More && len(page.Versions) == 0 && q.Room.Refused() {
		err = q.Room.Refusal()
	}
	if err != nil {
		return fhir.Text{}, err
	}
	for i, v := range page.Versions {
		page.Versions[i] = s.Subset(v, subset)
	}
	return s.historyBundle(ctx, r, q, cursor, page)
}

// typesOf are those of the resources that a history can show.
func (e *core) typesOf(r HistoryRequest) []string {
	if r.Type != "" {
		return []string{r.Type}
	}
	return e.types.names
}

// historyRead reads a page, with a total where nothing may be hidden.
func (s *Session) historyRead(ctx context.Context, r HistoryRequest, q *store.HistoryQuery) (store.HistoryPage, error) {
	all, err := s.seesAll(ctx, r.Type)
	if err != nil {
		return store.HistoryPage{}, err
	}
	if !all {
		return s.historyPage(ctx, r, *q)
	}
	q.Count = r.ID != "" || r.Count == 0
	page, err := s.store.History(ctx, *q)
	if err == nil {
		page.Versions, err = s.visible(ctx, r.interaction(), page.Versions)
	}
	return page, err
}

// mayHistory checks the type and the caller's right, and that a resource whose
// history is asked for was ever there.
func (s *Session) mayHistory(ctx context.Context, r HistoryRequest) error {
	key := fhir.Key{Type: r.Type, ID: r.ID}
	switch {
	case r.Type == "":
		return s.decide(ctx, Question{What: HistorySystem, Key: key})
	case r.ID == "":
		if err := s.checkType(r.Type); err != nil {
			return err
		}
		return s.decide(ctx, Question{What: HistoryType, Key: key})
	}
	if err := s.checkKey(key); err != nil {
		return err
	}
	v, err := s.current(ctx, key)
	if err != nil {
		return err
	}
	if err := s.decide(ctx, Question{What: HistoryInstance, Key: key, Before: v}); err != nil {
		return err
	}
	if !v.Exists() {
		return fhir.NoSuch(r.Type)
	}
	return nil
}

func (s *Session) historyQuery(ctx context.Context, r HistoryRequest) (store.HistoryQuery, error) {
	q := store.HistoryQuery{
		Type: r.Type, ID: r.ID,
		Since: r.Since, AtFrom: r.AtFrom, AtTo: r.AtTo,
		Limit:      r.pageSize(),
		LimitBytes: historyPageBytes,
		Room:       r.Answer.Share(),
	}
	if r.List == "" {
		return q, nil
	}
	keys, err := s.listed(ctx, r.List, r.Base)
	q.Keys = keys
	return q, err
}

// pageSize is how many versions to read. For a mere total it is one, which
// isn't shown.
func (r HistoryRequest) pageSize() int {
	switch {
	case r.Count < 0:
		return defaultCount
	case r.Count == 0:
		return 1
	}
	return min(r.Count, maxCount)
}

// binding is what a cursor is bound to: all of the query but the place in it.
func (r HistoryRequest) binding() string {
	return fmt.Sprintf("history %q %q %d %d %d %d %q", r.Type, r.ID,
		unixMilli(r.Since), unixMilli(r.AtFrom), unixMilli(r.AtTo), r.Count, r.List)
}

func unixMilli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func (c historyCursor) position() store.HistoryPosition {
	return store.HistoryPosition{
		LastUpdated: c.LastUpdated,
		Key:         fhir.Key{Type: c.Type, ID: c.ID},
		VersionID:   c.VersionID,
	}
}

// visible leaves out the versions that the caller may not see.
func (s *Session) visible(ctx context.Context, what Name, versions []store.Version) ([]store.Version, error) {
	if s.access == nil {
		return versions, nil
	}
	var seen []store.Version
	for _, v := range versions {
		err := s.decide(ctx, Question{What: what, Key: v.Key, Before: v})
		if refused(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		seen = append(seen, v)
	}
	return seen, nil
}

// refused tells a decision against the caller from a decision that failed.
func refused(err error) bool {
	return fhir.Is(err, fhir.Forbidden, fhir.NotFound)
}

// listed gives the keys to which the items of a List refer literally.
func (s *Session) listed(ctx context.Context, id, base string) ([]fhir.Key, error) {
	v, err := s.Read(ctx, fhir.Key{Type: "List", ID: id})
	if err != nil {
		return nil, err
	}
	list, err := s.decodeStored(v)
	if err != nil {
		return nil, err
	}
	keys := []fhir.Key{} // not nil: a list without items selects nothing
	for entry := range list.Root().All("entry") {
		reference := entry.Child("item").Child("reference").Text()
		if key, ok := fhir.LiteralKey(reference, base); ok {
			keys = append(keys, key)
		}
	}
	return keys, nil
}
