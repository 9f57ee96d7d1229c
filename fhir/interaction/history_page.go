package interaction

import (
	"context"

	"caseway/fhir"
	"caseway/fhir/store"
)

// mostVersions bounds how many versions one page of history looks at to find
// those that the caller may see.
const mostVersions = 20_000

// versionsAtOnce is how many it reads at a time.
const versionsAtOnce = 500

// historyPage reads a page. What the caller may not see is left out of it and
// of what comes behind it: pages are filled up, so that neither their sizes nor
// their number tell of more.
func (s *Session) historyPage(ctx context.Context, r HistoryRequest, q store.HistoryQuery) (store.HistoryPage, error) {
	if r.ID == "" {
		compartments, err := s.access.History(ctx, r.Type)
		if err != nil {
			return store.HistoryPage{}, err
		}
		q.Compartments = compartments
	}
	var page store.HistoryPage
	wanted := q.Limit
	q.Limit = min(max(2*wanted, 10), versionsAtOnce)
	for looked := 0; ; {
		some, err := s.store.History(ctx, q)
		if err != nil {
			return page, err
		}
		if looked == 0 {
			page.Settled = some.Settled
		}
		looked += len(some.Versions)
		seen, err := s.visible(ctx, r.interaction(), some.Versions)
		if err != nil {
			return page, err
		}
		page.Versions = append(page.Versions, seen...)
		n := fitting(page.Versions, q.LimitBytes)
		q.Room.Keep(bytesOf(page.Versions[:n]))
		switch {
		case n < len(page.Versions) && n <= wanted:
			page.Versions, page.More = page.Versions[:n], true
			return page, nil
		case len(some.Versions) == 0 && some.More: // there is no room
			page.More = true
			return page, nil
		case len(page.Versions) > wanted:
			page.Versions, page.More = page.Versions[:wanted], true
			return page, nil
		case !some.More || len(some.Versions) == 0:
			return page, nil
		case looked >= mostVersions:
			return page, fhir.NewError(fhir.TooCostly, fhir.IssueTooCostly,
				"too many versions would have to be looked at; ask for one type, or narrow the history with _since")
		}
		last := some.Versions[len(some.Versions)-1]
		q.After = store.HistoryPosition{LastUpdated: last.LastUpdated, Key: last.Key, VersionID: last.VersionID}
	}
}

// fitting is how many versions have no more JSON together than a page may have:
// at least one.
func fitting(versions []store.Version, bytes int) int {
	for i, v := range versions {
		if bytes -= len(v.JSON); bytes < 0 && i > 0 {
			return i
		}
	}
	return len(versions)
}

// bytesOf is how many bytes of JSON versions have.
func bytesOf(versions []store.Version) (n int) {
	for _, v := range versions {
		n += len(v.JSON)
	}
	return n
}

// seesAll reports whether the caller may see every resource of a type, or with
// "" of all types.
func (s *Session) seesAll(ctx context.Context, typ string) (bool, error) {
	if s.access == nil {
		return true, nil
	}
	types := []string{typ}
	if typ == "" {
		types = s.types.names
	}
	n := s.narrowing(ctx)
	for _, typ := range types {
		if may, err := n.of(typ); err != nil || may != nil {
			return false, err
		}
	}
	return true, nil
}

// interaction is the one by which a version of the history is seen.
func (r HistoryRequest) interaction() Name {
	switch {
	case r.ID != "":
		return VRead
	case r.Type != "":
		return HistoryType
	}
	return HistorySystem
}
