package fhir

import (
	"bytes"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
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
// the bytes that they are. In a large Bundle, large resources aren't copied but
// stand as pieces of its text. Not safe for concurrent use.
type BundleWriter struct {
	pieces  [][]byte // what stands before json
	json    []byte
	entries int
	large   bool
}

// Sizes from which resources aren't copied: one copy of a page costs less than
// many small writes to a socket, but for the memory.
const (
	largeBundle   = 1 << 20
	largeResource = 1 << 10
)

// NewBundleWriter begins a Bundle; size is about how many bytes its entries
// will take.
func NewBundleWriter(b Bundle, size int) *BundleWriter {
	w := &BundleWriter{large: size >= largeBundle}
	if w.large {
		size = largeBundle / 16
	}
	w.json = make([]byte, 0, size+512)
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

// CountItems counts the items of a list at the root of JSON text, as far as it
// can be read.
func CountItems(text []byte, name string) (n int) {
	d := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return 0
	}
	for d.PeekKind() == '"' {
		t, err := d.ReadToken()
		if err != nil {
			return n
		}
		if t.String() != name || d.PeekKind() != '[' {
			if d.SkipValue() != nil {
				return n
			}
			continue
		}
		_, err = d.ReadToken()
		for ; err == nil && d.PeekKind() != ']'; n++ {
			err = d.SkipValue()
		}
		if err != nil {
			return n - 1
		}
		_, _ = d.ReadToken()
	}
	return n
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
	if w.large && len(e.Resource) >= largeResource {
		w.raw(`,"resource":`)
		w.json[start] = '{'
		w.piece(e.Resource)
		start = -1
	} else {
		w.bytes(`,"resource":`, e.Resource)
	}
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
	if start >= 0 {
		w.json[start] = '{' // in place of the first member's comma
	}
	w.raw(`}`)
}

// piece adds JSON as it is.
func (w *BundleWriter) piece(json []byte) {
	w.pieces = append(w.pieces, w.json, json)
	w.json = w.json[len(w.json):]
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

// Bytes ends the Bundle and gives its text whole. The writer is used up.
func (w *BundleWriter) Bytes() []byte { return w.Text().Bytes() }

// Text ends the Bundle and gives its text. The writer is used up.
func (w *BundleWriter) Text() Text {
	if w.entries > 0 {
		w.raw(`]`)
	}
	w.raw(`}`)
	return Text{append(w.pieces, w.json)}
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
