package fhirpath

import (
	"strconv"
	"strings"
	"time"
)

// Precision is how far a date or time is written.
type Precision uint8

// The precisions. Seconds and fractions of them count as one when values are
// compared.
const (
	Year Precision = iota
	Month
	Day
	Hour
	Minute
	Second
	Fraction
)

// A zone that isn't written may be any from -12:00 to +14:00.
const (
	earliestZone = 14 * time.Hour
	latestZone   = 12 * time.Hour
)

// moment is what Date, DateTime and Time share: components to a precision.
type moment struct {
	year, month, day     int
	hour, minute, second int
	nanos                int
	places               int // digits of the fraction, as written
	precision            Precision
	zoned                bool
	offset               int // of the zone, minutes east of UTC
}

// daysIn is the number of days of a month.
func daysIn(year, month int) int {
	return time.Date(year, time.Month(month+1), 0, 0, 0, 0, 0, time.UTC).Day()
}

// valid checks the components up to the precision and fills in those beyond.
func (m *moment) valid() bool {
	if m.month == 0 {
		m.month = 1
	}
	if m.day == 0 {
		m.day = 1
	}
	return m.year >= 1 && m.year <= 9999 && m.month <= 12 && m.day <= daysIn(m.year, m.month) &&
		m.hour < 24 && m.minute < 60 && m.second <= 60 && m.offset >= -14*60 && m.offset <= 14*60
}

// time is where m begins, in its own zone's clock, read as UTC.
func (m moment) time() time.Time {
	return time.Date(m.year, time.Month(m.month), m.day, m.hour, m.minute, m.second, m.nanos, time.UTC)
}

// span is the stretch of time that m may mean: [from, to], in UTC if zoned.
func (m moment) span() (from, to time.Time) {
	from = m.time()
	if m.zoned {
		from = from.Add(-time.Duration(m.offset) * time.Minute)
	}
	switch m.precision {
	case Year:
		to = from.AddDate(1, 0, 0)
	case Month:
		to = from.AddDate(0, 1, 0)
	case Day:
		to = from.AddDate(0, 0, 1)
	case Hour:
		to = from.Add(time.Hour)
	case Minute:
		to = from.Add(time.Minute)
	case Second, Fraction:
		return from, from
	}
	return from, to.Add(-1)
}

func (m moment) samePrecision(o moment) bool {
	return min(m.precision, Second) == min(o.precision, Second)
}

// compare orders two moments; sure is false where their precision or an absent
// zone leaves it open.
func (m moment) compare(o moment) (order int, sure bool) {
	mFrom, mTo := m.span()
	oFrom, oTo := o.span()
	if m.zoned && !o.zoned {
		oFrom, oTo = oFrom.Add(-earliestZone), oTo.Add(latestZone)
	}
	if o.zoned && !m.zoned {
		mFrom, mTo = mFrom.Add(-earliestZone), mTo.Add(latestZone)
	}
	switch {
	case m.zoned == o.zoned && m.samePrecision(o) && mFrom.Equal(oFrom):
		return 0, true
	case mTo.Before(oFrom):
		return -1, true
	case oTo.Before(mFrom):
		return 1, true
	}
	return 0, false
}

// component appends a number with leading zeros.
func component(b []byte, n, width int) []byte {
	s := strconv.Itoa(n)
	for range width - len(s) {
		b = append(b, '0')
	}
	return append(b, s...)
}

func (m moment) appendDate(b []byte) []byte {
	b = component(b, m.year, 4)
	if m.precision >= Month {
		b = component(append(b, '-'), m.month, 2)
	}
	if m.precision >= Day {
		b = component(append(b, '-'), m.day, 2)
	}
	return b
}

func (m moment) appendTime(b []byte) []byte {
	b = component(b, m.hour, 2)
	if m.precision >= Minute {
		b = component(append(b, ':'), m.minute, 2)
	}
	if m.precision >= Second {
		b = component(append(b, ':'), m.second, 2)
	}
	if m.precision == Fraction {
		nanos := component(nil, m.nanos, 9)
		b = append(append(b, '.'), nanos[:min(m.places, 9)]...)
	}
	return b
}

func (m moment) appendZone(b []byte) []byte {
	switch {
	case !m.zoned:
		return b
	case m.offset == 0:
		return append(b, 'Z')
	case m.offset < 0:
		b = append(b, '-')
	default:
		b = append(b, '+')
	}
	minutes := max(m.offset, -m.offset)
	return component(append(component(b, minutes/60, 2), ':'), minutes%60, 2)
}

// clock reads the components one after the other.
type clock struct {
	rest string
	ok   bool
}

func (c *clock) number(width int) int {
	if len(c.rest) < width || !isDigits(c.rest[:width]) {
		c.ok = false
		return 0
	}
	n, _ := strconv.Atoi(c.rest[:width])
	c.rest = c.rest[width:]
	return n
}

func (c *clock) take(sep string) bool {
	if !c.ok || !strings.HasPrefix(c.rest, sep) {
		return false
	}
	c.rest = c.rest[len(sep):]
	return true
}

func (c *clock) date(m *moment) {
	m.year, m.precision = c.number(4), Year
	if c.take("-") {
		m.month, m.precision = c.number(2), Month
		c.ok = c.ok && m.month > 0
	}
	if m.precision == Month && c.take("-") {
		m.day, m.precision = c.number(2), Day
		c.ok = c.ok && m.day > 0
	}
}

func (c *clock) time(m *moment) {
	m.hour, m.precision = c.number(2), Hour
	if c.take(":") {
		m.minute, m.precision = c.number(2), Minute
	}
	if m.precision == Minute && c.take(":") {
		m.second, m.precision = c.number(2), Second
	}
	if m.precision == Second && c.take(".") {
		c.fraction(m)
	}
}

func (c *clock) fraction(m *moment) {
	n := 0
	for n < len(c.rest) && c.rest[n] >= '0' && c.rest[n] <= '9' {
		n++
	}
	if n == 0 {
		c.ok = false
		return
	}
	nanos := (c.rest[:min(n, 9)] + "000000000")[:9]
	m.nanos, _ = strconv.Atoi(nanos)
	m.places, m.precision = min(n, 9), Fraction
	c.rest = c.rest[n:]
}

func (c *clock) zone(m *moment) {
	if c.take("Z") {
		m.zoned = true
		return
	}
	sign := 1
	switch {
	case c.take("+"):
	case c.take("-"):
		sign = -1
	default:
		return
	}
	hours := c.number(2)
	c.ok = c.take(":")
	m.offset = sign * (hours*60 + c.number(2))
	m.zoned = true
}

func (c *clock) done(m *moment) bool { return c.ok && c.rest == "" && m.valid() }
