package fhir_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"caseway/fhir"
)

func TestOutcome(t *testing.T) {
	cases := []struct {
		name   string
		issues []fhir.Issue
		want   string
	}{
		{"none", nil, `{"resourceType":"OperationOutcome","issue":[{"severity":"information","code":"informational","diagnostics":"all is well"}]}`},
		{
			"two",
			[]fhir.Issue{
				{Code: fhir.IssueValue, Expression: "Patient.birthDate", Text: "isn't a \"date\"\n"},
				{Severity: fhir.SeverityWarning, Code: fhir.IssueInformational, Text: "é \xff"},
			},
			`{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"value","diagnostics":"Patient.birthDate isn't a \"date\"\n","expression":["Patient.birthDate"]},` +
				`{"severity":"warning","code":"informational","diagnostics":"é ` + "\ufffd" + `"}]}`,
		},
		{"empty issue", []fhir.Issue{{}}, `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"exception"}]}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := string(fhir.Outcome(c.issues...))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s: got what differs (-want +got):\n%s", c.name, diff)
			}
			mustDecode(t, got)
		})
	}
}

func TestErrorOutcome(t *testing.T) {
	err := fhir.NewError(fhir.Internal, fhir.IssueException, "went wrong").At("Patient.name").Because(errors.New("disk on fire"))
	got := string(err.Outcome())
	if strings.Contains(got, "fire") || !strings.Contains(got, "went wrong") || !strings.Contains(got, "Patient.name") {
		t.Errorf("outcome is %s", got)
	}
	if text := err.Error(); text != "Patient.name: went wrong (disk on fire)" {
		t.Errorf("error is %q", text)
	}
	if errors.Unwrap(err) == nil {
		t.Error("the cause can't be unwrapped")
	}
}

// TestIssueCodes: every code that the server uses is one of R4's.
func TestIssueCodes(t *testing.T) {
	codes := []string{
		fhir.IssueStructure, fhir.IssueRequired, fhir.IssueValue, fhir.IssueInvariant, fhir.IssueInvalid, fhir.IssueLogin, fhir.IssueForbidden, fhir.IssueNotSupported,
		fhir.IssueDuplicate, fhir.IssueMultipleMatches, fhir.IssueNotFound, fhir.IssueDeleted, fhir.IssueTooLong, fhir.IssueCodeInvalid, fhir.IssueTooCostly,
		fhir.IssueBusinessRule, fhir.IssueConflict, fhir.IssueTransient, fhir.IssueThrottled, fhir.IssueException, fhir.IssueInformational,
	}
	for _, code := range codes {
		mustDecode(t, string(fhir.Outcome(fhir.Issue{Code: code, Text: "a"})))
	}
	if len(fhir.Kinds()) < 18 || fhir.Kinds()[1] != fhir.Structure {
		t.Errorf("the kinds are %v", fhir.Kinds())
	}
}
