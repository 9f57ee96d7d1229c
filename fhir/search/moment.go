package search

import (
	"strings"
	"time"

	"caseway/fhir"
)

// dates is a half-open range of time; a zero end is open.
type dates struct{ from, to time.Time }

// parseDates reads a date, dateTime or instant of a resource as the range that
// its precision leaves open.
func parseDates(text string) (dates, bool) {
	if i := len("2006-01-02T15:04:"); len(text) > i+2 && text[i:i+2] == "60" {
		// A leap second belongs to the minute that it ends.
		text = text[:i] + "59" + text[i+2:]
		d, ok := parseDates(text)
		d.to = d.to.Add(time.Second)
		return d, ok
	}
	from, to, ok := fhir.TimeRange(text)
	return dates{from, to}, ok
}

// parseSearchDates reads a date of a request: like a dateTime, but that the
// seconds and the zone may be absent. Without a zone it is UTC.
func parseSearchDates(text string) (dates, bool) {
	if i := strings.IndexByte(text, 'T'); i >= 0 && !strings.ContainsAny(text[i:], "Z+-") {
		text += "Z"
	}
	return parseDates(text)
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
