package fhirpath

// moment reads a literal that starts with @: a date, a date and time, which
// has a T, or a time, which has nothing before its T.
func (l *lexer) moment(t *token) error {
	l.at++
	start := l.at
	t.kind = dateToken
	if !l.at1('T') {
		l.pattern("0000", "-00", "-00")
	}
	if l.at1('T') {
		t.kind = dateTimeToken
		if l.at == start {
			t.kind = timeToken
			start++
		}
		l.at++
		l.clock()
		if l.zone() && t.kind == timeToken {
			return l.fail(t.offset, "a time of day has no time zone")
		}
	}
	t.text = l.text[start:l.at]
	if !validMoment(t.kind, t.text) {
		return l.fail(t.offset, "expected a date such as @2024-05-31, a date and time such as "+
			"@2024-05-31T12:30:00Z, or a time such as @T12:30")
	}
	return nil
}

func validMoment(kind tokenKind, text string) bool {
	ok := false
	switch kind {
	case dateToken:
		_, ok = ParseDate(text)
	case dateTimeToken:
		_, ok = ParseDateTime(text)
	case timeToken:
		_, ok = ParseTime(text)
	default:
	}
	return ok
}

func (l *lexer) at1(c byte) bool { return l.at < len(l.text) && l.text[l.at] == c }

// clock reads hh:mm:ss.fff as far as it goes. A point belongs to it only where
// a digit follows: @2024-05-31T12.toString() is a call.
func (l *lexer) clock() {
	if l.pattern("00", ":00", ":00") != 3 || l.at+1 >= len(l.text) ||
		l.text[l.at] != '.' || !isDigits(l.text[l.at+1:l.at+2]) {
		return
	}
	l.at++
	l.digits()
}

func (l *lexer) zone() bool {
	if l.at1('Z') {
		l.at++
		return true
	}
	return l.pattern("+00:00") == 1 || l.pattern("-00:00") == 1
}

// pattern takes the parts one after the other while they fit, 0 standing for
// any digit, and says how many did.
func (l *lexer) pattern(parts ...string) int {
	for n, part := range parts {
		if l.at+len(part) > len(l.text) {
			return n
		}
		for i := range len(part) {
			c := l.text[l.at+i]
			if part[i] != c && (part[i] != '0' || c < '0' || c > '9') {
				return n
			}
		}
		l.at += len(part)
	}
	return len(parts)
}
