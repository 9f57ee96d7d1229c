package search

import "strings"

// span is a range of numbers or times in their order-preserving texts. For
// times the upper end is exclusive, and a low without a high is an instant,
// which has no width. For numbers both ends belong to the range unless they
// are marked as open.
type span struct {
	low, high         string
	openLow, openHigh bool
}

// String writes low[+][/high[-]]; the marks order before any digit.
func (s span) String() string {
	return s.lower() + s.upper("/")
}

// reverse writes the span with its upper end first.
func (s span) reverse() string { return s.upper("") + "/" + s.lower() }

func (s span) lower() string {
	if s.openLow {
		return s.low + "+"
	}
	return s.low
}

func (s span) upper(separator string) string {
	switch {
	case s.high == "":
		return ""
	case s.openHigh:
		return separator + s.high + "-"
	}
	return separator + s.high
}

// parseSpan undoes both ways of writing, told apart by the kind before them.
func parseSpan(text string) span {
	kind, text := text[0], text[1:]
	first, second, both := strings.Cut(text, "/")
	if kind == highKind {
		first, second = second, first
	}
	var s span
	s.low, s.openLow = strings.CutSuffix(first, "+")
	if both {
		s.high, s.openHigh = strings.CutSuffix(second, "-")
	}
	return s
}

// point reports whether the span is one number or instant.
func (s span) point() bool { return s.high == "" }

// end is the upper end, which a point shares with the lower one.
func (s span) end() string {
	if s.point() {
		return s.low
	}
	return s.high
}
