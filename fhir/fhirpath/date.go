package fhirpath

import "time"

// Date is a calendar date to the year, month or day.
type Date struct{ moment }

// DateTime is a date with a time of day to any precision, with or without a zone.
type DateTime struct{ moment }

// Time is a time of day without a date or zone.
type Time struct{ moment }

// ParseDate reads YYYY, YYYY-MM or YYYY-MM-DD.
func ParseDate(s string) (Date, bool) {
	c, m := clock{s, true}, moment{}
	c.date(&m)
	return Date{m}, c.done(&m)
}

// ParseDateTime reads FHIR's dateTime and instant, and FHIRPath's forms: a
// date that may be partial, then T and a time, which may be absent.
func ParseDateTime(s string) (DateTime, bool) {
	c, m := clock{s, true}, moment{}
	c.date(&m)
	if c.take("T") && c.rest != "" {
		if m.precision != Day {
			return DateTime{}, false
		}
		c.time(&m)
		c.zone(&m)
	}
	return DateTime{m}, c.done(&m)
}

// ParseTime reads hh, hh:mm, hh:mm:ss or hh:mm:ss.fff.
func ParseTime(s string) (Time, bool) {
	c, m := clock{s, true}, moment{year: 1}
	c.time(&m)
	return Time{m}, c.done(&m)
}

// String writes the date as FHIR does.
func (d Date) String() string { return string(d.appendDate(nil)) }

// String writes the date and time as FHIR does.
func (d DateTime) String() string {
	b := d.appendDate(nil)
	if d.precision >= Hour {
		b = d.appendZone(d.appendTime(append(b, 'T')))
	}
	return string(b)
}

// String writes the time as FHIR does.
func (t Time) String() string { return string(t.appendTime(nil)) }

// Precision is how far the value is written.
func (m moment) Precision() Precision { return m.precision }

// dateTime gives an instant with milliseconds in its own zone.
func dateTime(t time.Time) DateTime {
	_, seconds := t.Zone()
	m := moment{
		year: t.Year(), month: int(t.Month()), day: t.Day(),
		hour: t.Hour(), minute: t.Minute(), second: t.Second(),
		nanos: t.Nanosecond() / 1e6 * 1e6, places: 3,
		precision: Fraction, zoned: true, offset: seconds / 60,
	}
	return DateTime{m}
}

// date is the date's part.
func (d DateTime) date() Date {
	m := d.moment
	m.precision = min(m.precision, Day)
	m.hour, m.minute, m.second, m.nanos, m.places = 0, 0, 0, 0, 0
	m.zoned, m.offset = false, 0
	return Date{m}
}

// timeOfDay is the time's part.
func (d DateTime) timeOfDay() Time {
	m := d.moment
	m.year, m.month, m.day, m.zoned, m.offset = 1, 1, 1, false, 0
	return Time{m}
}
