package mongo

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// Elements of a head and of a displaced version, in the order in which they
// are written: a reader needs nothing behind the body, a search needs terms
// and values side by side.
const (
	fID           = "_id"
	fType         = "type"
	fVersion      = "version"      // int64
	fLastUpdated  = "lastUpdated"  // date
	fLive         = "live"         // bool, only in heads: false in a tombstone
	fPlace        = "place"        // string, see place.go
	fMethod       = "method"       // the interaction's verb
	fGeneration   = "generation"   // int64, of the index; only in heads that aren't tombstones
	fSize         = "size"         // int32, bytes of the body
	fBody         = "body"         // string, absent in a tombstone
	fCompartments = "compartments" // array of "Patient/1"
	fTerms        = "terms"        // array of strings, only in heads
	fValues       = "values"       // array of strings, not indexed, only in heads
	fUntil        = "until"        // date, only in displaced versions
)

// onlyInHeads are the elements that a displaced version loses.
var onlyInHeads = []string{fLive, fGeneration, fTerms, fValues}

// deletedMark stands behind the type of a head that is a tombstone, so that a
// search of the type passes over none.
const deletedMark = " deleted"

// indexedType is what a head has as its type.
func indexedType(typ string, deleted bool) string {
	if deleted {
		return typ + deletedMark
	}
	return typ
}

// idDigits are enough for every int64; idMark orders before all characters
// that an id may have.
const (
	idDigits = 19
	idMark   = "#"
)

// displacedID is the _id of a displaced version.
func displacedID(key string, version int64) string {
	n := strconv.FormatInt(version, 10)
	return key + idMark + strings.Repeat("0", idDigits-len(n)) + n
}

// splitID undoes displacedID, and leaves a head's _id alone.
func splitID(id string) fhir.Key {
	id, _, _ = strings.Cut(id, idMark)
	typ, logical, _ := strings.Cut(id, "/")
	return fhir.Key{Type: typ, ID: logical}
}

// encodeHead makes the document of a new version and the version that readers
// get; its JSON is a part of the document. before is the head that it
// displaces, or nil.
func encodeHead(w *store.Write, version int64, at time.Time, before bson.Raw) (bson.Raw, store.Version, error) {
	v := store.Version{Key: w.Key, VersionID: version, LastUpdated: at, Method: w.Method}
	x := indexOf(w)
	size := 512 + indexBytes(x, w.Compartments)
	if w.Content != nil {
		size += w.Content.Size()
	}
	id := w.Key.String()
	start, b := bsoncore.AppendDocumentStart(make([]byte, 0, size))
	b = bsoncore.AppendStringElement(b, fID, id)
	b = bsoncore.AppendStringElement(b, fType, indexedType(w.Key.Type, w.Content == nil))
	b = bsoncore.AppendInt64Element(b, fVersion, version)
	b = bsoncore.AppendDateTimeElement(b, fLastUpdated, at.UnixMilli())
	b = bsoncore.AppendBooleanElement(b, fLive, w.Content != nil)
	b = bsoncore.AppendStringElement(b, fPlace, placeOf(at, id))
	b = bsoncore.AppendStringElement(b, fMethod, string(w.Method))
	from, to := 0, 0
	if w.Content != nil {
		b = bsoncore.AppendInt64Element(b, fGeneration, w.Generation)
		b, from, to = appendBody(b, w.Content, w.Key.ID, version, at)
		b = appendStrings(b, fCompartments, w.Compartments)
		b = appendStrings(b, fTerms, x.Terms)
		b = appendStrings(b, fValues, x.Values)
	} else {
		b = bsoncore.AppendInt32Element(b, fSize, 0)
		b = appendCompartmentsOf(b, before)
	}
	b, err := bsoncore.AppendDocumentEnd(b, start)
	if err != nil {
		return nil, v, err
	}
	if len(b) > maxDocument {
		return nil, v, tooLarge()
	}
	if w.Content != nil {
		v.JSON = b[from:to:to]
	}
	return b, v, nil
}

// indexOf is the index of a write, in order.
func indexOf(w *store.Write) search.Index {
	return search.Index{Terms: ordered(w.Index.Terms), Values: ordered(w.Index.Values)}
}

func indexBytes(x search.Index, compartments []string) (n int) {
	for _, list := range [][]search.Term{x.Terms, x.Values} {
		for _, t := range list {
			n += len(t) + 10
		}
	}
	for _, c := range compartments {
		n += len(c) + 10
	}
	return n
}

// appendBody renders the resource into the document; from and to are where.
func appendBody(b []byte, c *fhir.Content, id string, version int64, at time.Time) (_ []byte, from, to int) {
	b = bsoncore.AppendHeader(b, bsoncore.TypeInt32, fSize)
	size := len(b)
	b = append(b, 0, 0, 0, 0)
	b = bsoncore.AppendHeader(b, bsoncore.TypeString, fBody)
	length := len(b)
	b = append(b, 0, 0, 0, 0)
	from = len(b)
	b = c.Append(b, id, version, at)
	to = len(b)
	binary.LittleEndian.PutUint32(b[size:], uint32(to-from))
	binary.LittleEndian.PutUint32(b[length:], uint32(to-from+1)) // with the NUL that ends a string
	return append(b, 0), from, to
}

func appendStrings[S ~string](b []byte, name string, values []S) []byte {
	if len(values) == 0 {
		return b
	}
	start, b := bsoncore.AppendArrayElementStart(b, name)
	for i, v := range values {
		b = bsoncore.AppendStringElement(b, strconv.Itoa(i), string(v))
	}
	b, _ = bsoncore.AppendArrayEnd(b, start) // fails only for a start that isn't one
	return b
}

// appendCompartmentsOf copies the compartments of the version before.
func appendCompartmentsOf(b []byte, before bson.Raw) []byte {
	if v, err := bsoncore.Document(before).LookupErr(fCompartments); err == nil {
		return bsoncore.AppendValueElement(b, fCompartments, v)
	}
	return b
}

// encodeDisplaced makes the document of a version that another one displaces:
// all of the head but its index, and until when it was current.
func encodeDisplaced(head bson.Raw, until time.Time) (id string, doc bson.Raw, err error) {
	v, err := decode(head)
	if err != nil {
		return "", nil, err
	}
	id = displacedID(v.Key.String(), v.VersionID)
	start, b := bsoncore.AppendDocumentStart(make([]byte, 0, len(head)+64))
	b = bsoncore.AppendStringElement(b, fID, id)
	elements, err := bsoncore.Document(head).Elements()
	if err != nil {
		return "", nil, err
	}
	for _, e := range elements {
		switch k := e.Key(); {
		case k == fID || slices.Contains(onlyInHeads, k):
		case k == fType:
			b = bsoncore.AppendStringElement(b, fType, v.Key.Type)
		case k == fPlace:
			b = bsoncore.AppendStringElement(b, fPlace, placeOf(v.LastUpdated, id))
		default:
			b = append(b, e...)
		}
	}
	b = bsoncore.AppendDateTimeElement(b, fUntil, until.UnixMilli())
	b, err = bsoncore.AppendDocumentEnd(b, start)
	return id, b, err
}

var errDocument = errors.New("mongo: a stored document isn't as this store writes it")

// decode reads a head or displaced version. The JSON is a part of raw.
func decode(raw bson.Raw) (v store.Version, err error) {
	_, rem, ok := bsoncore.ReadLength(raw)
	for ok && len(rem) > 1 {
		var e bsoncore.Element
		if e, rem, ok = bsoncore.ReadElement(rem); ok {
			ok = decodeElement(&v, e)
		}
	}
	if !ok || v.Key.Type == "" || v.VersionID == 0 {
		return store.Version{}, errDocument
	}
	return v, nil
}

func decodeElement(v *store.Version, e bsoncore.Element) bool {
	val := e.Value()
	ok := true
	switch string(e.KeyBytes()) {
	case fID:
		var id string
		id, ok = val.StringValueOK()
		v.Key = splitID(id)
	case fVersion:
		v.VersionID, ok = val.Int64OK()
	case fLastUpdated:
		var ms int64
		ms, ok = val.DateTimeOK()
		v.LastUpdated = time.UnixMilli(ms).UTC()
	case fMethod:
		v.Method, ok = methodOf(val)
	case fBody:
		v.JSON, ok = stringBytes(val)
	}
	return ok
}

// stringBytes are the bytes of a string value, without a copy.
func stringBytes(v bsoncore.Value) ([]byte, bool) {
	if v.Type != bsoncore.TypeString || len(v.Data) < 5 {
		return nil, false
	}
	end := len(v.Data) - 1
	return v.Data[4:end:end], true
}

func methodOf(v bsoncore.Value) (store.Method, bool) {
	b, ok := stringBytes(v)
	switch string(b) {
	case string(store.Post):
		return store.Post, ok
	case string(store.Put):
		return store.Put, ok
	case string(store.Patch):
		return store.Patch, ok
	case string(store.Delete):
		return store.Delete, ok
	}
	return store.Method(b), ok
}

// wrongDocument is decode's error with the place that it was found at.
func wrongDocument(collection string, err error) error {
	return fmt.Errorf("collection %s: %w", collection, err)
}
