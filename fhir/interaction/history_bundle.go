package interaction

import (
	"context"
	"time"

	"caseway/fhir"
	"caseway/fhir/store"
)

// historyBundle renders a page.
func (s *Session) historyBundle(ctx context.Context, r HistoryRequest, q store.HistoryQuery, from historyCursor, page store.HistoryPage) (fhir.Text, error) {
	settled := page.Settled
	if r.Cursor != "" {
		settled = from.Settled
	}
	next, err := s.nextCursor(ctx, r, settled, page)
	if err != nil {
		return fhir.Text{}, err
	}
	versions := page.Versions
	b := fhir.Bundle{Type: "history", LastUpdated: settled, Extension: completeUntil(settled), Links: r.links(next)}
	if q.Count {
		b.Total = &page.Total
	}
	if r.Count == 0 {
		versions = nil
	}
	w := fhir.NewBundleWriter(b, sizeOf(versions))
	for _, v := range versions {
		w.Entry(historyEntry(r.Base, v))
	}
	return w.Text(), nil
}

func completeUntil(settled time.Time) []byte {
	return []byte(`[{"url":"` + CompleteUntil + `","valueInstant":"` + fhir.Instant(settled) + `"}]`)
}

// sizeOf is about how many bytes versions take as entries.
func sizeOf(versions []store.Version) int {
	const around = 320 // bytes of an entry around its resource
	n := 0
	for _, v := range versions {
		n += len(v.JSON) + around
	}
	return n
}

// nextCursor is where the page after this one begins; "" behind the last one.
func (e *core) nextCursor(ctx context.Context, r HistoryRequest, settled time.Time, page store.HistoryPage) (string, error) {
	if !page.More || r.Count == 0 || len(page.Versions) == 0 {
		return "", nil
	}
	last := page.Versions[len(page.Versions)-1]
	return e.cursors.seal(ctx, historyCursor{
		LastUpdated: last.LastUpdated,
		Type:        last.Key.Type,
		ID:          last.Key.ID,
		VersionID:   last.VersionID,
		Settled:     settled,
	}, r.binding())
}

// links are a page's: self, first, and next where there is more.
func (r HistoryRequest) links(next string) []fhir.Link {
	links := []fhir.Link{
		{Relation: "self", URL: r.link(r.Cursor)},
		{Relation: "first", URL: r.link("")},
	}
	if next != "" {
		links = append(links, fhir.Link{Relation: "next", URL: r.link(next)})
	}
	return links
}

// link is a page's URL.
func (r HistoryRequest) link(cursor string) string {
	url := r.Base
	if r.Type != "" {
		url += "/" + r.Type
	}
	if r.ID != "" {
		url += "/" + r.ID
	}
	url += "/_history"
	before := "?"
	if r.Query != "" {
		url += before + r.Query
		before = "&"
	}
	if cursor != "" {
		url += before + CursorParameter + "=" + cursor
	}
	return url
}

// historyEntry is one version with the request that made it
// (https://hl7.org/fhir/R4/http.html#history).
func historyEntry(base string, v store.Version) fhir.Entry {
	url, status := v.Key.String(), statusOK
	switch {
	case v.Method == store.Post:
		url, status = v.Key.Type, statusCreated
	case v.Deleted():
		status = statusNoContent
	case v.VersionID == 1:
		status = statusCreated
	}
	return fhir.Entry{
		FullURL:  base + "/" + v.Key.String(),
		Resource: v.JSON,
		Request:  &fhir.EntryRequest{Method: string(v.Method), URL: url},
		Response: &fhir.EntryResponse{Status: status, VersionID: v.VersionID, LastModified: v.LastUpdated},
	}
}
