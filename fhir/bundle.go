package fhir

import (
	"strconv"
	"time"
)

// Bundle is what stands before a Bundle's entries
// (https://hl7.org/fhir/R4/bundle.html). Zero fields are left out.
type Bundle struct {
	Type        string // "searchset", "history", "transaction-response", …
	ID          string
	LastUpdated time.Time // meta.lastUpdated
	Extension   []byte    // meta.extension: a JSON array
	Timestamp   time.Time
	Total       *int64
	Links       []Link
}

// Link is a member of Bundle.link.
type Link struct {
	Relation string // "self", "next", …
	URL      string
}

// Entry is a member of Bundle.entry. Zero fields are left out.
type Entry struct {
	FullURL  string
	Resource []byte // JSON text, written as it is
	Mode     string // search.mode: "match", "include" or "outcome"
	Request  *EntryRequest
	Response *EntryResponse
}

// EntryRequest is Bundle.entry.request.
type EntryRequest struct {
	Method string // HTTP verb
	URL    string // relative to the base
}

// EntryResponse is Bundle.entry.response. Zero fields are left out, but for
// Status.
type EntryResponse struct {
	Status       string // "201 Created"
	Location     string
	VersionID    int64 // shown as a weak etag
	LastModified time.Time
	Outcome      []byte // an OperationOutcome's JSON text, written as it is
}

// BundleWriter writes a Bundle into one growing buffer; resources go in as
// the bytes that they are. Not safe for concurrent use.
type BundleWriter struct {
	json    []byte
	entries int
}

// NewBundleWriter begins a Bundle; size is about how many bytes its entries
// will take.
func NewBundleWriter(b Bundle, size int) *BundleWriter {
	w := &BundleWriter{json: make([]byte, 0, size+512)}
	w.raw(`{"resourceType":"Bundle"`)
	w.text(`,"id":`, b.ID)
	w.meta(b)
	w.text(`,"type":`, b.Type)
	w.instant(`,"timestamp":"`, b.Timestamp)
	if b.Total != nil {
		w.raw(`,"total":`)
		w.json = strconv.AppendInt(w.json, *b.Total, 10)
	}
	before := `,"link":[`
	for _, l := range b.Links {
		w.raw(before)
		w.text(`{"relation":`, l.Relation)
		w.text(`,"url":`, l.URL)
		w.raw(`}`)
		before = `,`
	}
	if len(b.Links) > 0 {
		w.raw(`]`)
	}
	return w
}

func (w *BundleWriter) meta(b Bundle) {
	if b.LastUpdated.IsZero() && len(b.Extension) == 0 {
		return
	}
	w.raw(`,"meta":{`)
	w.instant(`"lastUpdated":"`, b.LastUpdated)
	if len(b.Extension) > 0 {
		if !b.LastUpdated.IsZero() {
			w.raw(`,`)
		}
		w.raw(`"extension":`)
		w.json = append(w.json, b.Extension...)
	}
	w.raw(`}`)
}

// Entry writes the next entry.
func (w *BundleWriter) Entry(e Entry) {
	if w.entries == 0 {
		w.raw(`,"entry":[`)
	} else {
		w.raw(`,`)
	}
	w.entries++
	start := len(w.json)
	w.text(`,"fullUrl":`, e.FullURL)
	w.bytes(`,"resource":`, e.Resource)
	if e.Mode != "" {
		w.text(`,"search":{"mode":`, e.Mode)
		w.raw(`}`)
	}
	if r := e.Request; r != nil {
		w.raw(`,"request":{"method":`)
		w.json = appendString(w.json, r.Method)
		w.raw(`,"url":`)
		w.json = appendString(w.json, r.URL)
		w.raw(`}`)
	}
	if e.Response != nil {
		w.response(e.Response)
	}
	if len(w.json) == start {
		w.raw(`,`)
	}
	w.json[start] = '{' // in place of the first member's comma
	w.raw(`}`)
}

func (w *BundleWriter) response(r *EntryResponse) {
	w.raw(`,"response":{"status":`)
	w.json = appendString(w.json, r.Status)
	w.text(`,"location":`, r.Location)
	if r.VersionID > 0 {
		w.raw(`,"etag":"W/\"`)
		w.json = strconv.AppendInt(w.json, r.VersionID, 10)
		w.raw(`\""`)
	}
	w.instant(`,"lastModified":"`, r.LastModified)
	w.bytes(`,"outcome":`, r.Outcome)
	w.raw(`}`)
}

// Len is how many bytes have been written.
func (w *BundleWriter) Len() int { return len(w.json) }

// Bytes ends the Bundle and gives its text. The writer is used up.
func (w *BundleWriter) Bytes() []byte {
	if w.entries > 0 {
		w.raw(`]`)
	}
	w.raw(`}`)
	return w.json
}

func (w *BundleWriter) raw(s string) { w.json = append(w.json, s...) }

// text writes a string behind its name, nothing where it is empty.
func (w *BundleWriter) text(name, s string) {
	if s != "" {
		w.raw(name)
		w.json = appendString(w.json, s)
	}
}

// bytes writes JSON text behind its name, nothing where there is none.
func (w *BundleWriter) bytes(name string, json []byte) {
	if len(json) > 0 {
		w.raw(name)
		w.json = append(w.json, json...)
	}
}

// instant writes a time behind its name and a quote, nothing where it is zero.
func (w *BundleWriter) instant(name string, t time.Time) {
	if !t.IsZero() {
		w.raw(name)
		w.json = AppendInstant(w.json, t)
		w.raw(`"`)
	}
}
