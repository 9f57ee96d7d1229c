package fhir

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
		size += 80 + len(issues[i].Expression) + len(issues[i].Text)
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
		b = appendString(b, i.Text)
	}
	if i.Expression != "" {
		b = append(b, `,"expression":[`...)
		b = appendString(b, i.Expression)
		b = append(b, ']')
	}
	return append(b, '}')
}
