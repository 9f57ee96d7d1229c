package fhirpath

import (
	"math/big"
	"time"
)

// calendarUnit is a unit of time as the calendar counts it.
type calendarUnit struct {
	kind  Precision // that it counts in: Year, Month, Day, or Fraction for nanoseconds
	times int64     // how many of them: 7 days for a week, 10^6 nanoseconds for a millisecond
	whole bool      // a fraction of it is cut off
}

const (
	nanosOfSecond = int64(time.Second)
	nanosOfMinute = int64(time.Minute)
	nanosOfHour   = int64(time.Hour)
	nanosOfDay    = 24 * nanosOfHour
)

// calendarUnits has FHIRPath's words for calendar durations, and the UCUM
// codes that mean the same. 'mo' and 'a' are missing on purpose: they are 30.4375
// and 365.25 days, not what a calendar counts.
var calendarUnits = map[string]calendarUnit{
	"year": {Year, 1, true}, "month": {Month, 1, true}, "week": {Day, 7, true}, "day": {Day, 1, true},
	"hour": {Fraction, nanosOfHour, true}, "minute": {Fraction, nanosOfMinute, true},
	"second": {Fraction, nanosOfSecond, false}, "millisecond": {Fraction, 1e6, false},
	"wk": {Day, 7, true}, "d": {Day, 1, true}, "h": {Fraction, nanosOfHour, true},
	"min": {Fraction, nanosOfMinute, true}, "s": {Fraction, nanosOfSecond, false}, "ms": {Fraction, 1e6, false},
}

// count gives a quantity of a unit as a whole number of what it counts in.
func (u calendarUnit) count(value Decimal) (int64, bool) {
	if u.whole {
		value = value.roundTo(0, toZero)
	}
	n := value.mul(Decimal{coef: big.NewInt(u.times)}).roundTo(0, toZero).int()
	return n.Int64(), n.IsInt64()
}

// plus adds a duration, also a negative one, and keeps the precision. ok is
// false where the result is out of range.
func (m moment) plus(value Decimal, unit calendarUnit) (sum moment, ok bool) {
	n, ok := unit.count(value)
	if !ok {
		return m, false
	}
	n, kind := m.coarsen(n, unit.kind)
	const most = 400 * 10000 // years, months and days beyond it leave the calendar
	if kind != Fraction && (n > most || n < -most) {
		return m, false
	}
	t := m.time()
	switch kind {
	case Year:
		t = addMonths(t, int(n)*12)
	case Month:
		t = addMonths(t, int(n))
	case Day:
		t = t.AddDate(0, 0, int(n))
	default:
		t = t.Add(time.Duration(n))
	}
	if t.Year() < 1 || t.Year() > 9999 {
		return m, false
	}
	return m.withClock(t), true
}

// coarsen turns a duration into whole units of the value's own precision: a
// partial date has no days to add hours to.
func (m moment) coarsen(n int64, kind Precision) (int64, Precision) {
	if kind == Fraction && m.precision <= Day {
		n, kind = n/nanosOfDay, Day
	}
	switch {
	case kind == Fraction && m.precision == Hour:
		return n - n%nanosOfHour, kind
	case kind == Fraction && m.precision == Minute:
		return n - n%nanosOfMinute, kind
	case kind == Fraction && m.precision == Second:
		return n - n%nanosOfSecond, kind
	case kind == Day && m.precision == Month:
		return n / 30, Month
	case kind == Day && m.precision == Year:
		return n / 365, Year
	case kind == Month && m.precision == Year:
		return n / 12, Year
	}
	return n, kind
}

// addMonths keeps the day, or takes the month's last where it has fewer.
func addMonths(t time.Time, n int) time.Time {
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1,
		t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	return first.AddDate(0, 0, min(t.Day(), daysIn(first.Year(), int(first.Month())))-1)
}

// withClock takes over a clock's components and keeps precision and zone.
func (m moment) withClock(t time.Time) moment {
	m.year, m.month, m.day = t.Year(), int(t.Month()), t.Day()
	m.hour, m.minute, m.second, m.nanos = t.Hour(), t.Minute(), t.Second(), t.Nanosecond()
	return m
}

// plus adds a duration of less than days; the clock goes round.
func (t Time) plus(value Decimal, unit calendarUnit) (Time, bool) {
	m := t.moment
	m.year, m.month, m.day = 5000, 1, 1
	n, ok := unit.count(value)
	if !ok {
		return t, false
	}
	m, ok = m.plus(Decimal{coef: big.NewInt(n % nanosOfDay)}, calendarUnit{kind: Fraction, times: 1})
	m.year, m.month, m.day = 1, 1, 1
	return Time{m}, ok
}
