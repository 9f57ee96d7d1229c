package fhir

// isDate takes YYYY, YYYY-MM and YYYY-MM-DD.
func isDate(b []byte) bool {
	switch len(b) {
	case len("2006"):
		return isYear(b)
	case len("2006-01"):
		return isYear(b) && isMonth(b)
	case len("2006-01-02"):
		return isYear(b) && isMonth(b) && isDay(b)
	}
	return false
}

func isDateTime(b []byte) bool {
	if len(b) <= len("2006-01-02") {
		return isDate(b)
	}
	return isInstant(b)
}

// isInstant wants a day, a time to the second at least and a time zone.
func isInstant(b []byte) bool {
	const day = len("2006-01-02")
	if len(b) <= day || !isDate(b[:day]) || b[day] != 'T' {
		return false
	}
	rest, ok := cutClock(b[day+1:])
	return ok && isZone(rest)
}

func isTime(b []byte) bool {
	rest, ok := cutClock(b)
	return ok && len(rest) == 0
}

// isYear refuses year 0, as the regex does.
func isYear(b []byte) bool {
	return digitRun(b[:4]) == 4 && string(b[:4]) != "0000"
}

func isMonth(b []byte) bool {
	return b[4] == '-' && inRange(b[5:7], 1, 12)
}

func isDay(b []byte) bool {
	return b[7] == '-' && inRange(b[8:10], 1, daysIn(two(b), two(b[2:]), two(b[5:])))
}

// daysIn gives the days of a month in the Gregorian calendar; the year comes
// as its two halves.
func daysIn(century, year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 != 0 || (year == 0 && century%4 != 0) {
			return 28
		}
		return 29
	}
	return 31
}

// cutClock cuts hh:mm:ss and a fraction off the front. Second 60 is allowed:
// leap seconds exist.
func cutClock(b []byte) (rest []byte, ok bool) {
	const clock = len("15:04:05")
	if len(b) < clock || b[2] != ':' || b[5] != ':' ||
		!inRange(b[:2], 0, 23) || !inRange(b[3:5], 0, 59) || !inRange(b[6:8], 0, 60) {
		return nil, false
	}
	b = b[clock:]
	if len(b) == 0 || b[0] != '.' {
		return b, true
	}
	n := digitRun(b[1:])
	return b[1+n:], n > 0
}

// isZone takes Z and offsets up to 14:00.
func isZone(b []byte) bool {
	if string(b) == "Z" {
		return true
	}
	if len(b) != len("+00:00") || (b[0] != '+' && b[0] != '-') || b[3] != ':' {
		return false
	}
	if string(b[1:]) == "14:00" {
		return true
	}
	return inRange(b[1:3], 0, 13) && inRange(b[4:6], 0, 59)
}

// inRange reports whether the two bytes of b are digits that give a number
// from low to high.
func inRange(b []byte, low, high int) bool {
	return isDigit(b[0]) && isDigit(b[1]) && two(b) >= low && two(b) <= high
}

func two(b []byte) int { return int(b[0]-'0')*10 + int(b[1]-'0') }
