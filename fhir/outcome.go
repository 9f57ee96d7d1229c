package fhir

import (
	"slices"
	"strings"
)

// Outcome gives the error as an OperationOutcome. The cause isn't shown.
func (e *Error) Outcome() []byte { return Outcome(e.Issues...) }

// Outcome gives issues as the JSON of an OperationOutcome
// (https://hl7.org/fhir/R4/operationoutcome.html), which needs one at least:
// without any it says that all is well.
func Outcome(issues ...Issue) []byte {
	if len(issues) == 0 {
		issues = []Issue{{Severity: SeverityInformation, Code: IssueInformational, Text: "all is well"}}
	}
	size := 64
	for i := range issues {
		size += 82 + 2*len(issues[i].Expression) + len(issues[i].Text)
	}
	b := append(make([]byte, 0, size), `{"resourceType":"OperationOutcome","issue":[`...)
	for i := range issues {
		if i > 0 {
			b = append(b, ',')
		}
		b = issues[i].append(b)
	}
	return append(b, `]}`...)
}

// WithoutAdvice gives the issues that clients are told that don't ask.
func WithoutAdvice(issues []Issue) []Issue {
	if !slices.ContainsFunc(issues, func(i Issue) bool { return i.Advice }) {
		return issues
	}
	return slices.DeleteFunc(slices.Clone(issues), func(i Issue) bool { return i.Advice })
}

// append appends the issue as a member of OperationOutcome.issue.
func (i *Issue) append(b []byte) []byte {
	severity, code := i.Severity, i.Code
	if severity == "" {
		severity = SeverityError
	}
	if code == "" {
		code = IssueException
	}
	b = append(b, `{"severity":`...)
	b = appendString(b, string(severity))
	b = append(b, `,"code":`...)
	b = appendString(b, code)
	if i.Text != "" {
		b = append(b, `,"diagnostics":`...)
		b = appendString(b, i.Diagnostics())
	}
	if i.Expression != "" {
		b = append(b, `,"expression":[`...)
		b = appendString(b, i.Expression)
		b = append(b, ']')
	}
	return append(b, '}')
}

// Diagnostics is the text with what it is about, so that it is understood alone:
// many clients show nothing else. "is required, but missing" at CarePlan.intent
// becomes "CarePlan.intent is required, but missing".
func (i *Issue) Diagnostics() string {
	switch {
	case i.Expression == "" || names(i.Text, i.Expression):
		return i.Text
	case isPredicate(i.Text):
		return i.Expression + " " + i.Text
	}
	return i.Expression + ": " + i.Text
}

// names reports whether a text has a name in it as a word of its own.
func names(text, name string) bool {
	for from := 0; ; {
		at := strings.Index(text[from:], name)
		if at < 0 {
			return false
		}
		at += from
		end := at + len(name)
		if (at == 0 || !isWordByte(text[at-1])) && (end == len(text) || !isWordByte(text[end])) {
			return true
		}
		from = at + 1
	}
}

// isWordByte is for what names of parameters and elements are made of.
func isWordByte(c byte) bool { return isLetter(c) || isDigit(c) || c == '_' || c == '-' }

// predicates are the words that begin what is said of an element.
var predicates = []string{
	"is", "isn't", "must", "has", "holds", "can't", "needs", "takes", "doesn't",
	"leads", "names", "should", "stands", "states", "begins", "fits", "conforms", "hasn't",
}

func isPredicate(text string) bool {
	word, _, _ := strings.Cut(text, " ")
	return slices.Contains(predicates, word)
}
