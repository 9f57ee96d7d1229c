package fhir

import "time"

// rangeLayouts are the precisions of dateTime with how far each reaches.
var rangeLayouts = []struct {
	layout string
	end    func(time.Time) time.Time
}{
	{"2006", func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }},
	{"2006-01", func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }},
	{"2006-01-02", func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }},
	{"2006-01-02T15:04Z07:00", func(t time.Time) time.Time { return t.Add(time.Minute) }},
}

// TimeRange reads a date, dateTime or instant as the half-open range of UTC
// that its precision leaves open: "2024-05" is [2024-05-01, 2024-06-01).
// Without a time zone it is UTC.
func TimeRange(s string) (from, to time.Time, ok bool) {
	for _, l := range rangeLayouts {
		if t, err := time.Parse(l.layout, s); err == nil {
			return t.UTC(), l.end(t).UTC(), true
		}
	}
	if !isInstant([]byte(s)) {
		return from, to, false
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil { // a leap second
		return from, to, false
	}
	return t.UTC(), t.Add(precision(s)).UTC(), true
}

// precision is how long an instant with that many decimals of a second lasts.
func precision(s string) time.Duration {
	const clock = len("2006-01-02T15:04:05.")
	if len(s) < clock || s[clock-1] != '.' {
		return time.Second
	}
	d := time.Second
	for range digitRun([]byte(s[clock:])) {
		d /= 10
	}
	return max(d, 1)
}
