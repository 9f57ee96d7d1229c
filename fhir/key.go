package fhir

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
	"sync/atomic"
	"time"
)

// Key names a resource by its type and logical id, such as CarePlan/1.
type Key struct {
	Type string // resource type, such as "CarePlan"
	ID   string // logical id, 1 to 64 of [A-Za-z0-9-.]
}

// String gives the relative reference, such as "CarePlan/1".
func (k Key) String() string { return k.Type + "/" + k.ID }

// ParseKey reads a relative reference "Type/id"; ok is false for anything
// else, versioned references among them. It doesn't know which types exist.
func ParseKey(s string) (k Key, ok bool) {
	typ, id, found := strings.Cut(s, "/")
	if !found || !isTypeName(typ) || !IsID(id) {
		return Key{}, false
	}
	return Key{Type: typ, ID: id}, true
}

// IsID reports whether s is a logical id: 1 to 64 of letters, digits, "-" and
// "." (https://hl7.org/fhir/R4/datatypes.html#id).
func IsID(s string) bool { return isID(s) }

// isID takes bytes too, so that decoding needs no copy.
func isID[T string | []byte](s T) bool {
	if len(s) == 0 || len(s) > 64 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !isLetter(c) && (c < '0' || c > '9') && c != '-' && c != '.' {
			return false
		}
	}
	return true
}

func isTypeName(s string) bool {
	if s == "" || s[0] < 'A' || s[0] > 'Z' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if !isLetter(s[i]) {
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// lastID is what the id before began with: 48 bits of time and 12 that count.
var lastID atomic.Uint64

// NewID makes a random logical id in the form of a UUID that begins with the
// time in milliseconds (version 7), so that ids made one after the other lie
// close together in a store. They also ascend, those of one millisecond too
// (RFC 9562, section 6.2, method 1), so that what is made at once keeps its
// order.
func NewID(now time.Time) string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, by its documentation
	begin := nextID(uint64(now.UnixMilli()) << 12)
	for i := range 6 {
		b[i] = byte(begin >> (52 - 8*i))
	}
	b[6], b[7] = byte(begin>>8), byte(begin)
	b[6] = b[6]&0x0f | 0x70
	b[8] = b[8]&0x3f | 0x80
	var s [36]byte
	hex.Encode(s[0:8], b[0:4])
	hex.Encode(s[9:13], b[4:6])
	hex.Encode(s[14:18], b[6:8])
	hex.Encode(s[19:23], b[8:10])
	hex.Encode(s[24:], b[10:])
	s[8], s[13], s[18], s[23] = '-', '-', '-', '-'
	return string(s[:])
}

// aheadOfTime is how far ids may run ahead of a clock that was set back.
const aheadOfTime = 10_000 << 12

// nextID gives what comes behind the id before, and is no less than least
// unless that is far behind it.
func nextID(least uint64) uint64 {
	for {
		last := lastID.Load()
		next := least
		if last >= least && last < least+aheadOfTime {
			next = last + 1
		}
		if lastID.CompareAndSwap(last, next) {
			return next
		}
	}
}

// instantLayout is the one form in which this server writes instants: UTC with
// milliseconds.
const instantLayout = "2006-01-02T15:04:05.000Z"

// AppendInstant appends t as an instant in UTC with milliseconds.
func AppendInstant(dst []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(dst, instantLayout)
}

// Instant gives t as an instant in UTC with milliseconds.
func Instant(t time.Time) string { return t.UTC().Format(instantLayout) }
