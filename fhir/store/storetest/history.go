package storetest

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"caseway/fhir"
	"caseway/fhir/store"
)

var historyCases = []testCase{
	{"history/every query against a model", historyQueries},
	{"history/empty store", emptyHistory},
}

// past is a store's whole history as a plain list.
type past []store.Version

// seedHistory makes a history over three types, at several instants, with
// several versions of a resource in one of them.
func seedHistory(t *testing.T, d *database, s store.Store) past {
	var all past
	add := func(writes ...store.Write) { all = append(all, commit(d.ctx, t, s, within(writes)...)...) }
	of := func(typ, id string) fhir.Key { return fhir.Key{Type: typ, ID: id} }
	for round := range int64(2) {
		add(change(of("Patient", "b"), round, 1), change(of("Patient", "a"), round, 2),
			change(of("Medication", "z"), round, 3), change(of("MedicationRequest", "a"), round, 4))
		add(change(of("CarePlan", "only-"+string('a'+rune(round))), 0, 5))
		nextInstant()
	}
	add(remove(of("Patient", "b"), 2), change(of("Patient", "c"), 0, 6))
	nextInstant()
	add(change(of("Patient", "b"), 3, 7))
	add(change(of("Medication", "z"), 2, 8))
	nextInstant()
	add(remove(of("Patient", "b"), 4))
	nextInstant()
	for v := range int64(5) {
		add(change(of("CarePlan", "quick"), v, int(v)))
	}
	slices.SortFunc(all, newestFirst)
	return all
}

// nextInstant lets the clock go on to another millisecond.
func nextInstant() { time.Sleep(5 * time.Millisecond) }

// newestFirst is the order of history.
func newestFirst(a, b store.Version) int {
	return -cmp.Or(a.LastUpdated.Compare(b.LastUpdated), strings.Compare(a.Key.Type, b.Key.Type),
		strings.Compare(a.Key.ID, b.Key.ID), cmp.Compare(a.VersionID, b.VersionID))
}

// placeOf is a version's position.
func placeOf(v store.Version) store.HistoryPosition {
	return store.HistoryPosition{LastUpdated: v.LastUpdated, Key: v.Key, VersionID: v.VersionID}
}

// until is when a version was displaced; the zero time for a current one.
func (p past) until(v store.Version) time.Time {
	for _, w := range p {
		if w.Key == v.Key && w.VersionID == v.VersionID+1 {
			return w.LastUpdated
		}
	}
	return time.Time{}
}

// matching are the versions that a query selects, without After and Limit.
func (p past) matching(q store.HistoryQuery) (sel past) {
	for _, v := range p {
		until := p.until(v)
		switch {
		case q.Type != "" && v.Key.Type != q.Type,
			q.ID != "" && v.Key.ID != q.ID,
			q.Keys != nil && !slices.Contains(q.Keys, v.Key),
			q.Compartments != nil && !belongs(v, q.Compartments),
			v.LastUpdated.Before(q.Since),
			!q.AtTo.IsZero() && !v.LastUpdated.Before(q.AtTo),
			!q.AtFrom.IsZero() && !until.IsZero() && !until.After(q.AtFrom):
			continue
		}
		sel = append(sel, v)
	}
	return sel
}

// behind are the versions behind a position.
func (p past) behind(at store.HistoryPosition) past {
	if at.VersionID == 0 {
		return p
	}
	pos := store.Version{Key: at.Key, VersionID: at.VersionID, LastUpdated: at.LastUpdated}
	for i, v := range p {
		if newestFirst(pos, v) < 0 {
			return p[i:]
		}
	}
	return nil
}

func historyQueries(t *testing.T, d *database) {
	s := d.store(t)
	all := seedHistory(t, d, s)
	for name, q := range historyQuerySamples(all) {
		t.Run(name, func(t *testing.T) {
			want := all.matching(q)
			for _, limit := range []int{1, 2, 7, len(all), 1000} {
				q.Limit, q.Count = limit, limit > 1
				wantPage(d.ctx, t, s, q, want)
			}
			for _, v := range all { // behind any version, matching or not
				q.After, q.Limit = placeOf(v), 3
				wantPage(d.ctx, t, s, q, want)
			}
		})
	}
}

// wantPage checks one page against all that the query selects.
func wantPage(ctx context.Context, t *testing.T, s store.Store, q store.HistoryQuery, selected past) {
	t.Helper()
	page, err := s.History(ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	rest := selected.behind(q.After)
	wantSameAll(t, page.Versions, rest[:min(q.Limit, len(rest))])
	if page.More != (len(rest) > q.Limit) {
		t.Errorf("limit %d of %d: more is %v", q.Limit, len(rest), page.More)
	}
	if q.Count && page.Total != int64(len(selected)) {
		t.Errorf("total %d, want %d", page.Total, len(selected))
	}
}

// historyQuerySamples are queries with every field in use, alone and together.
func historyQuerySamples(all past) map[string]store.HistoryQuery {
	oldest, middle, newest := all[len(all)-1].LastUpdated, all[len(all)/2].LastUpdated, all[0].LastUpdated
	ms := time.Millisecond
	list := []fhir.Key{{Type: "Patient", ID: "b"}, {Type: "CarePlan", ID: "quick"}, {Type: "Patient", ID: "none"}, {Type: "Patient", ID: "b"}}
	return map[string]store.HistoryQuery{
		"system":               {},
		"type":                 {Type: "Patient"},
		"type that is a part":  {Type: "Medication"},
		"type without any":     {Type: "Goal"},
		"instance":             {Type: "Patient", ID: "b"},
		"instance, unknown":    {Type: "Patient", ID: "none"},
		"keys":                 {Keys: list},
		"keys of a type":       {Type: "Patient", Keys: list},
		"keys and instance":    {Type: "CarePlan", ID: "quick", Keys: list},
		"no keys":              {Keys: []fhir.Key{}},
		"since":                {Since: middle},
		"since just behind":    {Since: middle.Add(ms)},
		"since, type":          {Type: "CarePlan", Since: middle},
		"since, instance":      {Type: "Patient", ID: "b", Since: middle},
		"since, future":        {Since: newest.Add(time.Hour)},
		"at an instant":        {AtFrom: middle, AtTo: middle.Add(ms)},
		"at the first instant": {AtFrom: oldest, AtTo: oldest.Add(ms)},
		"at, before all":       {AtFrom: oldest.Add(-time.Hour), AtTo: oldest},
		"at, open end":         {AtFrom: middle},
		"at, open start":       {AtTo: middle},
		"at, type":             {Type: "Patient", AtFrom: middle, AtTo: middle.Add(ms)},
		"at, instance":         {Type: "Patient", ID: "a", AtFrom: middle, AtTo: middle.Add(ms)},
		"at, keys, since":      {Keys: list, Since: oldest.Add(ms), AtFrom: middle, AtTo: newest.Add(ms)},
	}
}

func emptyHistory(t *testing.T, d *database) {
	s := d.store(t)
	page, err := s.History(d.ctx, store.HistoryQuery{Limit: 10, Count: true})
	if err != nil || len(page.Versions) != 0 || page.More || page.Total != 0 {
		t.Errorf("an empty store's history: %+v, error %v", page, err)
	}
	if page.Settled.After(time.Now()) {
		t.Errorf("settled up to %v, which has not come yet", page.Settled)
	}
}
