package search

import (
	"strings"
	"time"
)

// dates is a half-open range of time; a zero end is open.
type dates struct {
	from, to time.Time
	// whole: written with a fraction of nothing but zeros, as many clients write
	// every instant.
	whole bool
}

// parseDates reads a date, dateTime or instant as the range that its precision
// leaves open, in UTC where it names no zone. The seconds and the zone may be
// absent, as in search values.
func parseDates(text string) (d dates, ok bool) {
	date, clock, hasClock := strings.Cut(text, "T")
	day, precision, ok := parseDay(date)
	switch {
	case !ok:
		return dates{}, false
	case hasClock:
		return parseClock(day, precision, clock)
	}
	switch precision {
	case 1:
		return dates{from: day, to: day.AddDate(1, 0, 0)}, true
	case 2:
		return dates{from: day, to: day.AddDate(0, 1, 0)}, true
	}
	return dates{from: day, to: day.AddDate(0, 0, 1)}, true
}

// parseDay reads YYYY, YYYY-MM or YYYY-MM-DD; precision is how many of the
// three there are.
func parseDay(s string) (day time.Time, precision int, ok bool) {
	field := [3]int{0, 1, 1}
	for i, length := range [3]int{4, 2, 2} {
		if i > 0 && s != "" {
			if s[0] != '-' {
				return day, 0, false
			}
			s = s[1:]
		} else if i > 0 {
			break
		}
		if len(s) < length || !isDigits(s[:length]) {
			return day, 0, false
		}
		field[i], s, precision = number(s[:length]), s[length:], i+1
	}
	day = time.Date(field[0], time.Month(field[1]), field[2], 0, 0, 0, 0, time.UTC)
	valid := field[0] > 0 && int(day.Month()) == field[1] && day.Day() == field[2]
	return day, precision, valid && s == ""
}

// parseClock reads hh:mm[:ss[.fraction]][zone] of a day. Second 60 is a leap
// second and belongs to the minute that it ends.
func parseClock(day time.Time, precision int, s string) (d dates, ok bool) {
	if precision < 3 || len(s) < 5 || s[2] != ':' || !isDigits(s[:2]) || !isDigits(s[3:5]) {
		return d, false
	}
	hour, minute, lasts := number(s[:2]), number(s[3:5]), time.Minute
	at := day.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
	s = s[5:]
	if len(s) >= 3 && s[0] == ':' {
		if !isDigits(s[1:3]) || number(s[1:3]) > 60 {
			return d, false
		}
		at, lasts = at.Add(time.Duration(number(s[1:3]))*time.Second), time.Second
		if s = s[3:]; s != "" && s[0] == '.' {
			var fraction time.Duration
			if fraction, lasts, s = cutFraction(s[1:]); lasts == 0 {
				return d, false
			}
			d.whole = fraction == 0
			at = at.Add(fraction)
		}
	}
	offset, ok := parseZone(s)
	if !ok || hour > 23 || minute > 59 {
		return d, false
	}
	at = at.Add(-offset)
	return dates{from: at, to: at.Add(lasts), whole: d.whole}, true
}

// cutFraction reads the decimals of a second; those beyond nanoseconds don't
// count. lasts is zero where there are none.
func cutFraction(s string) (fraction, lasts time.Duration, rest string) {
	unit := time.Second
	for s != "" && s[0] >= '0' && s[0] <= '9' {
		if unit > 1 {
			unit /= 10
			fraction += time.Duration(s[0]-'0') * unit
		}
		lasts, s = unit, s[1:]
	}
	return fraction, lasts, s
}

func parseZone(s string) (offset time.Duration, ok bool) {
	if s == "" || s == "Z" {
		return 0, true
	}
	if len(s) != len("+00:00") || (s[0] != '+' && s[0] != '-') || s[3] != ':' || !isDigits(s[1:3]) || !isDigits(s[4:]) {
		return 0, false
	}
	hours, minutes := number(s[1:3]), number(s[4:])
	offset = time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if s[0] == '-' {
		offset = -offset
	}
	return offset, minutes < 60 && hours*60+minutes <= 14*60
}

// number reads a few digits.
func number(s string) (n int) {
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// Order-preserving texts for the ends of ranges that are open.
const (
	openLow  = "!"
	openHigh = "~"
)

// orderTime writes a time in UTC so that texts order as times do: the date,
// then as much of the time of day as isn't zero.
func orderTime(t time.Time) string {
	t = t.UTC()
	switch y := t.Year(); {
	case y > 9999:
		return ":" // behind all digits
	case y < 1:
		return "0"
	}
	s := t.AppendFormat(make([]byte, 0, 24), "20060102150405.000000000")
	const date, point = len("20060102"), len("20060102150405")
	s = append(s[:point], s[point+1:]...)
	n := len(s)
	for n > date && s[n-1] == '0' {
		n--
	}
	return string(s[:n])
}

func (d dates) span() span {
	s := span{low: openLow, high: openHigh}
	if !d.from.IsZero() {
		s.low = orderTime(d.from)
	}
	if !d.to.IsZero() {
		s.high = orderTime(d.to)
	}
	return s
}

// longDates: a range that is longer has a second term, by its upper end, so
// that what ends after a time is found from that time on, less this.
const longDates = 366 * 24 * time.Hour

func (d dates) long() bool {
	return d.from.IsZero() || d.to.IsZero() || d.to.Sub(d.from) > longDates
}
