package mongo

import (
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"caseway/fhir/search"
)

// A document's place is the order of search and history as one string: its
// lastUpdated in milliseconds, a space, and its _id. It is one element and not
// two, so that a page goes on at an exact bound of an index: one commit brings
// thousands of resources of one instant, and a planner bounds an index by the
// instant alone where that and _id are elements of their own.

// instantDigits are enough for the times until 2286.
const (
	instantDigits = 13
	lastInstant   = 9999999999999
)

func placeOf(at time.Time, id string) string { return placed(at.UnixMilli(), id) }

func placed(ms int64, id string) string { return instant(ms) + " " + id }

// instant orders before all places of its millisecond and behind all earlier
// ones.
func instant(ms int64) string {
	n := strconv.FormatInt(min(max(ms, 0), lastInstant), 10)
	return strings.Repeat("0", instantDigits-len(n)) + n
}

// span is a range of places; an empty bound is none.
type span struct {
	above string // exclusive
	from  string // inclusive
	below string // exclusive
}

// between narrows the span to the instants of a half-open range, in which a
// zero bound is none.
func (p span) between(from, to time.Time) span {
	if !from.IsZero() {
		p.from = instant(nextMilli(from))
	}
	if !to.IsZero() {
		p.below = least(p.below, instant(nextMilli(to)))
	}
	return p
}

// nextMilli is the first whole millisecond at or after a time.
func nextMilli(t time.Time) int64 {
	ms := t.UnixMilli()
	if time.UnixMilli(ms).Before(t) {
		ms++
	}
	return ms
}

func least(a, b string) string {
	if a == "" || b != "" && b < a {
		return b
	}
	return a
}

// behind narrows the span to what comes after a place; the zero Place is none.
func (p span) behind(q search.Place) span {
	if q != (search.Place{}) {
		p.above = placed(q.Updated, q.Tie)
	}
	return p
}

// before narrows the span to what comes before a place.
func (p span) before(q search.Place) span {
	if q != (search.Place{}) {
		p.below = least(p.below, placed(q.Updated, q.Tie))
	}
	return p
}

// addTo adds the span to a filter, as one lower and one upper bound.
func (p span) addTo(filter bson.D) bson.D {
	var r bson.D
	switch {
	case p.above != "" && p.above >= p.from:
		r = append(r, bson.E{Key: "$gt", Value: p.above})
	case p.from != "":
		r = append(r, bson.E{Key: "$gte", Value: p.from})
	}
	if p.below != "" {
		r = append(r, bson.E{Key: "$lt", Value: p.below})
	}
	if r == nil {
		return filter
	}
	return append(filter, bson.E{Key: fPlace, Value: r})
}
