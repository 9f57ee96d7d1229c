package search

import "time"

// prefixes of ordered values (https://hl7.org/fhir/R4/search.html#prefix).
var prefixes = []string{"eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"}

// cutPrefix takes the prefix off an ordered value; none is eq.
func (c *conditioner) cutPrefix(value string) (prefix, rest string, err error) {
	if value == "" || !isLetter(value[0]) {
		return "eq", value, nil
	}
	for _, p := range prefixes {
		if len(value) > 2 && value[:2] == p {
			return p, value[2:], nil
		}
	}
	return "", "", c.invalid("the value begins with a number or with one of the prefixes eq, ne, gt, lt, ge, le, sa, eb, ap")
}

const dateForm = "the value is a date: YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm[:ss] with Z or an offset, " +
	"in which a plus sign is written %2B in a URL"

// date compares ranges of time (https://hl7.org/fhir/R4/search.html#date).
func (c *conditioner) date(value string) (Expr, error) {
	prefix, want, err := c.dates(value)
	if err != nil {
		return nil, err
	}
	if prefix == "ap" {
		want = c.approximate(want)
	}
	return datesLeaf(c.p.prefix, prefix, want), nil
}

func (c *conditioner) dates(value string) (prefix string, d dates, err error) {
	text, err := c.plain(value)
	if err != nil {
		return "", d, err
	}
	prefix, text, err = c.cutPrefix(text)
	if err != nil {
		return "", d, err
	}
	d, ok := parseDates(text)
	if !ok {
		return "", d, c.invalid(dateForm)
	}
	return prefix, d, nil
}

// approximate widens a range by a tenth of the time between it and now.
func (c *conditioner) approximate(d dates) dates {
	var gap time.Duration
	switch now := c.env.Now; {
	case now.After(d.to):
		gap = now.Sub(d.to)
	case now.Before(d.from):
		gap = d.from.Sub(now)
	}
	return dates{from: d.from.Add(-gap / 10), to: d.to.Add(gap / 10)}
}

// datesLeaf selects ranges of time by their relation to one that is wanted.
// "above" is what comes after the wanted range and "below" what comes before
// it: gt and lt take what reaches there, ge and le also what reaches into the
// range itself, for it is "the value and up" and "the value and down"
// (https://hl7.org/fhir/R4/search.html#prefix). So what was in force on a day
// is ge and le of it.
func datesLeaf(terms, prefix string, want dates) Expr {
	low, high := orderTime(want.from), orderTime(want.to)
	switch prefix {
	case "ne":
		within := containment(want)
		return spans(terms, "", "", func(s span) bool { return !within(s) })
	case "gt":
		beyond := want.beyond()
		return spansFrom(terms, longBefore(want.to), func(s span) bool { return s.reaches(high) && beyond(s) })
	case "ge":
		return spansFrom(terms, longBefore(want.from), func(s span) bool { return s.reaches(low) })
	case "lt":
		return spans(terms, "", low, nil)
	case "le":
		return spans(terms, "", high, nil)
	case "sa":
		return spans(terms, high, "", nil)
	case "eb":
		return spans(terms, "", low, func(s span) bool { return !s.reaches(low) })
	case "ap":
		return spansFrom(terms, longBefore(want.from), func(s span) bool { return s.low < high && s.reaches(low) })
	}
	return spans(terms, low, high, containment(want))
}

// containment tells what lies in the wanted range.
func containment(want dates) func(span) bool {
	low, high := orderTime(want.from), orderTime(want.to)
	beyond := want.beyond()
	return func(s span) bool { return s.low >= low && (!s.reaches(high) || !beyond(s)) }
}

// beyond tells what isn't the wanted instant in fewer digits: 10:00:00 is the
// same as 10:00:00.000, whose zeros say no more.
func (d dates) beyond() func(span) bool {
	if !d.whole {
		return func(span) bool { return true }
	}
	second := span{low: orderTime(d.from), high: orderTime(d.from.Add(time.Second))}
	return func(s span) bool { return s != second }
}

func longBefore(t time.Time) string { return orderTime(t.Add(-longDates)) }

// reaches reports whether some of the time is at or after a moment.
func (s span) reaches(moment string) bool {
	if s.point() {
		return s.low >= moment
	}
	return s.high > moment
}

// spans selects by the lower end, in [from, to); "" leaves a bound out.
func spans(terms, from, to string, test func(span) bool) Leaf {
	l := Leaf{From: Term(terms + "<" + from), To: Term(terms + "=")}
	if to != "" {
		l.To = Term(terms + "<" + to)
	}
	if test != nil {
		l.Test = func(t Term) bool { return test(parseSpan(string(t[len(terms):]))) }
	}
	return l
}

// spansFrom selects what doesn't end before a text: by the lower end where the
// upper one is near, and what stands in the index by its upper end.
func spansFrom(terms, from string, test func(span) bool) Leaf {
	return Leaf{
		From: Term(terms + "<" + from), To: Term(terms + "?"),
		Test: func(t Term) bool { return test(parseSpan(string(t[len(terms):]))) },
	}
}

// lastUpdated is the parameter _lastUpdated, which the version's own time
// answers: an instant in milliseconds.
func (c *conditioner) lastUpdated(value string) (Expr, error) {
	prefix, want, err := c.dates(value)
	if err != nil {
		return nil, err
	}
	if prefix == "ap" {
		want = c.approximate(want)
	}
	switch prefix {
	case "ne":
		return Or{Updated{To: want.from}, Updated{From: want.to}}, nil
	case "gt", "sa":
		return Updated{From: want.to}, nil
	case "ge":
		return Updated{From: want.from}, nil
	case "lt", "eb":
		return Updated{To: want.from}, nil
	case "le":
		return Updated{To: want.to}, nil
	}
	return Updated{From: want.from, To: want.to}, nil
}
