package file

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"caseway/mapping/casemodel"
	"caseway/server/cases/form"
)

// flags are true and false as spreadsheets in several languages write them, in
// lower case.
var flags = map[string]bool{
	"true": true, "yes": true, "1": true, "wahr": true, "vrai": true, "verdadero": true, "vero": true, "waar": true, "sand": true,
	"false": false, "no": false, "0": false, "falsch": false, "faux": false, "falso": false, "onwaar": false, "falsk": false, "": false,
}

// What is said of dates that spreadsheets write and that could be several.
const (
	dayNotKnown   = "must be a day, such as 2026-11-22, or as a spreadsheet writes it where that can be one day only"
	dayOrMonth    = "can be read with the day or with the month first; write it with the year first, such as 2026-11-22"
	yearCut       = "has a year of two digits; write all four, such as 2026-11-22"
	dayNumber     = "is a number: give the column in the spreadsheet the format of a date, such as 2026-11-22"
	timeNeedsZone = "has a time of day and no time zone; write the day alone, or an instant such as 2026-11-22T10:30:00Z"
)

var (
	// timeOfDay is what spreadsheets write behind a day, "T" and all.
	timeOfDay = regexp.MustCompile(`^(.*\d)[ T]+(\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?)(?: ?([AaPp])\.?[Mm]\.?)?$`)
	// threeNumbers is a day of numbers. Between them stands the same sign twice.
	threeNumbers = regexp.MustCompile(`^(\d{1,4})([-/.]) ?(\d{1,2})([-/.]) ?(\d{1,4})\.?$`)
	// namedMonths are the layouts of days whose month is a word.
	namedMonths = []string{
		"2-Jan-2006", "2-January-2006", "2 Jan 2006", "2 January 2006", "2. January 2006", "Jan 2, 2006", "January 2, 2006",
		"Mon, 2 Jan 2006", "Mon, Jan 2, 2006", "Monday, 2 January 2006", "Monday, January 2, 2006",
	}
	shortNamed = regexp.MustCompile(`^\d{1,2}[- ][A-Za-z]{3,9}[- ]\d{2}$`)
	dayNumbers = regexp.MustCompile(`^\d{5}(\.\d+)?$`)
)

// setDate reads a date as FHIR has it, or a day as people's spreadsheets write it
// where it can be that day only: 22.11.2026, 11/22/2026, 22-Nov-2026, 2026/11/22
// and, with midnight behind it, 2026-11-22 00:00. Numbers with points are day,
// month, year everywhere; with other signs the day must be recognizable by being
// over 12, or be the month's number too.
func setDate(at *casemodel.Date, v string) (wrong string) {
	if v == "" || form.Of(form.Date).Valid(v) {
		return setText(at, v)
	}
	day := strings.TrimSpace(v)
	if m := timeOfDay.FindStringSubmatch(day); m != nil {
		if !isMidnight(m[2], m[3]) {
			return timeNeedsZone
		}
		day = strings.TrimSpace(m[1])
		if form.Of(form.Date).Valid(day) {
			return setText(at, day)
		}
	}
	found, wrong := dayOf(day)
	if wrong == "" {
		*at = casemodel.Date(found.Format(time.DateOnly))
	}
	return wrong
}

// isMidnight reports whether a time of day is what spreadsheets add to a day.
func isMidnight(clock, half string) bool {
	digits := strings.Trim(strings.NewReplacer(":", "", ".", "").Replace(clock), "0")
	return digits == "" && !strings.EqualFold(half, "p") || digits == "12" && strings.HasPrefix(clock, "12") && strings.EqualFold(half, "a")
}

func dayOf(v string) (day time.Time, wrong string) {
	m := threeNumbers.FindStringSubmatch(v)
	switch {
	case m != nil && m[2] == m[4]:
		return dayOfNumbers(m[1], m[2], m[3], m[5])
	case dayNumbers.MatchString(v):
		return day, dayNumber
	case shortNamed.MatchString(v):
		return day, yearCut
	}
	for _, layout := range namedMonths {
		if day, err := time.Parse(layout, v); err == nil {
			return day, ""
		}
	}
	return day, dayNotKnown
}

// dayOfNumbers reads three numbers with a sign between them.
func dayOfNumbers(first, sign, second, third string) (day time.Time, wrong string) {
	a, _ := strconv.Atoi(first) // few digits
	b, _ := strconv.Atoi(second)
	c, _ := strconv.Atoi(third)
	switch {
	case len(first) == 4 && len(third) <= 2:
		return dayIn(a, b, c)
	case len(first) <= 2 && len(third) <= 2:
		return day, yearCut
	case len(first) > 2 || len(third) != 4:
		return day, dayNotKnown
	case sign == ".", a > 12, a == b:
		return dayIn(c, b, a)
	case b > 12:
		return dayIn(c, a, b)
	}
	return day, dayOrMonth
}

// dayIn is a day that the calendar has.
func dayIn(year, month, day int) (time.Time, string) {
	found := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if year < 1 || found.Day() != day || int(found.Month()) != month {
		return found, dayNotKnown
	}
	return found, ""
}
