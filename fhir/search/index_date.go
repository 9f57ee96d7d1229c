package search

import (
	"time"

	"caseway/fhir"
)

// date makes the terms of an element that a date parameter leads to
// (https://hl7.org/fhir/R4/search.html#date).
func (x *indexer) date(p *Parameter, n fhir.Node) {
	var d dates
	var ok bool
	switch n.Type().Name {
	case "date", "dateTime":
		d, ok = parseDates(n.Text())
	case "instant":
		if d, ok = parseDates(n.Text()); ok {
			x.span(p, p.prefix, span{low: orderTime(d.from)}, false)
		}
		return
	case "Period":
		d, ok = period(n)
	case "Timing":
		d, ok = timing(n)
	}
	if ok {
		x.span(p, p.prefix, d.span(), d.long())
	}
}

// period gives the outer limits of a Period; an end that is absent is open.
func period(n fhir.Node) (d dates, ok bool) {
	if start, has := parseDates(n.Child("start").Text()); has {
		d.from, ok = start.from, true
	}
	if end, has := parseDates(n.Child("end").Text()); has {
		d.to, ok = end.to, true
	}
	return d, ok
}

// timing gives the outer limits of a Timing: of its events and its bounds. How
// the events lie within doesn't matter, and without either nothing is known.
func timing(n fhir.Node) (d dates, ok bool) {
	for c := n.First(); c.Valid(); c = c.Next() {
		var one dates
		var has bool
		switch c.Name() {
		case "event":
			one, has = parseDates(c.Text())
		case "repeat":
			if bounds := c.Child("bounds"); bounds.Valid() && bounds.Type().Name == "Period" {
				one, has = period(bounds)
			}
		}
		switch {
		case has && !ok:
			d, ok = one, true
		case has:
			d = dates{from: earlier(d.from, one.from), to: later(d.to, one.to)}
		}
	}
	return d, ok
}

// earlier gives the first of two starts; an open one is before all.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && a.Before(b) {
		return a
	}
	return b
}

// later gives the last of two ends; an open one is after all.
func later(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && a.After(b) {
		return a
	}
	return b
}
