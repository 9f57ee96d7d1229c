package mongo

import (
	"bytes"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"caseway/fhir/budget"
	"caseway/fhir/search"
)

// decodeHit reads a head as searches need it, without its JSON where there is
// no room for that. Nothing of it is a part of raw, and all its terms share one
// string.
func decodeHit(raw bson.Raw, room *budget.Share) (h search.Hit, err error) {
	var terms, values termArray
	_, rem, ok := bsoncore.ReadLength(raw)
	for ok && len(rem) > 1 {
		var e bsoncore.Element
		if e, rem, ok = bsoncore.ReadElement(rem); !ok {
			break
		}
		switch val := e.Value(); string(e.KeyBytes()) {
		case fTerms:
			terms, ok = newTermArray(val)
		case fValues:
			values, ok = newTermArray(val)
		default:
			ok = decodeHitElement(&h, e.KeyBytes(), val, room)
		}
	}
	if !ok || h.Key.Type == "" || h.VersionID == 0 {
		return search.Hit{}, errDocument
	}
	h.Terms = merge(terms, values)
	h.Place.Updated = h.LastUpdated.UnixMilli()
	return h, nil
}

func decodeHitElement(h *search.Hit, name []byte, val bsoncore.Value, room *budget.Share) (ok bool) {
	ok = true
	switch string(name) {
	case fID:
		h.Place.Tie, ok = val.StringValueOK()
		h.Key.Type, h.Key.ID, _ = strings.Cut(h.Place.Tie, "/")
	case fVersion:
		h.VersionID, ok = val.Int64OK()
	case fLastUpdated:
		var ms int64
		ms, ok = val.DateTimeOK()
		h.LastUpdated = time.UnixMilli(ms).UTC()
	case fBody:
		var body []byte
		if body, ok = stringBytes(val); ok && room.Take(len(body)) {
			h.JSON = bytes.Clone(body)
		}
	}
	return ok
}

// termArray is an array of strings, still encoded
// (https://bsonspec.org/spec.html): for each a type, a name that ends with
// NUL, a length and the string, which ends with NUL as well.
type termArray struct {
	text string // the elements, and the NUL behind them
	n    int    // how many there are
}

// newTermArray checks the array, so that next needn't.
func newTermArray(v bsoncore.Value) (a termArray, ok bool) {
	array, ok := v.ArrayOK()
	if !ok {
		return a, false
	}
	elements := array[4:]
	a.text = string(elements)
	for len(elements) > 1 {
		e, rest, ok := bsoncore.ReadElement(elements)
		if !ok || e[0] != byte(bsoncore.TypeString) {
			return a, false
		}
		elements = rest
		a.n++
	}
	return a, true
}

// next takes the first term away; there is none in an empty array.
func (a *termArray) next() search.Term {
	name := strings.IndexByte(a.text, 0)
	if name < 1 {
		return ""
	}
	rest := a.text[name+1:]
	size := int(rest[0]) | int(rest[1])<<8 | int(rest[2])<<16 | int(rest[3])<<24
	a.text = rest[4+size:]
	if size == 0 {
		return ""
	}
	return search.Term(rest[4 : 4+size-1])
}

// merge puts two arrays, each in order, together in order.
func merge(a, b termArray) []search.Term {
	merged := make([]search.Term, 0, a.n+b.n)
	x, y := a.next(), b.next()
	for len(merged) < cap(merged) {
		if y == "" || x != "" && x <= y {
			merged, x = append(merged, x), a.next()
		} else {
			merged, y = append(merged, y), b.next()
		}
	}
	return merged
}
