package casemodel

import "time"

// Date is a point or a stretch of time as it was written: a year (2026), a
// month (2026-11), a day (2026-11-22) or an instant
// (2026-11-22T10:30:00.5+01:00). The empty Date says nothing.
type Date string

// layouts of the four precisions, with how far each reaches.
var layouts = []struct {
	layout string
	next   func(time.Time) time.Time
}{
	{"2006", func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }},
	{"2006-01", func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }},
	{"2006-01-02", func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }},
	{time.RFC3339Nano, func(t time.Time) time.Time { return t }},
}

// At gives an instant as a Date, in UTC, to the millisecond.
func At(t time.Time) Date {
	return Date(t.UTC().Truncate(time.Millisecond).Format("2006-01-02T15:04:05.999Z07:00"))
}

// Day gives the day (in UTC) of an instant.
func Day(t time.Time) Date { return Date(t.UTC().Format("2006-01-02")) }

// IsZero says whether nothing was written.
func (d Date) IsZero() bool { return d == "" }

// Valid says whether d is written in one of the four precisions.
func (d Date) Valid() bool {
	_, _, ok := d.Span()
	return ok
}

// Span gives the half-open range of time that d covers, partial dates taken in
// UTC; an instant starts and ends at once. ok is false for what isn't a date.
func (d Date) Span() (start, end time.Time, ok bool) {
	for _, l := range layouts {
		if len(d) != len(l.layout) && (len(d) < 20 || len(l.layout) <= len("2006-01-02")) {
			continue // the length tells which precision it can be
		}
		if t, err := time.Parse(l.layout, string(d)); err == nil {
			return t, l.next(t), true
		}
	}
	return time.Time{}, time.Time{}, false
}

// Start gives the first instant of d, the zero time for none.
func (d Date) Start() time.Time {
	start, _, _ := d.Span()
	return start
}

// Past says whether all of d lies before t: a day is past when it is over.
// A Date that says nothing is never past.
func (d Date) Past(t time.Time) bool {
	start, end, ok := d.Span()
	if !ok {
		return false
	}
	if start.Equal(end) {
		return start.Before(t)
	}
	return !end.After(t)
}

// After says whether all of d lies after t.
func (d Date) After(t time.Time) bool {
	start, _, ok := d.Span()
	return ok && start.After(t)
}

// Before says whether d starts before other does. A Date that says nothing is
// after all others.
func (d Date) Before(other Date) bool {
	if d == "" || other == "" {
		return d != ""
	}
	return d.Start().Before(other.Start())
}

// Period reaches from Start to End, both included as written; either may be open.
type Period struct {
	Start Date `json:"start,omitzero"`
	End   Date `json:"end,omitzero"`
}

// Covers says whether t lies within p; an open end reaches on for ever.
func (p Period) Covers(t time.Time) bool {
	return !p.Start.After(t) && !p.End.Past(t)
}
