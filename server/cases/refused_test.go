package cases_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestWhatFHIRRefusesNamesTheArgument: where FHIR doesn't take the resource that an
// action makes, the problem says which part and element that is, and that it comes
// from the argument.
func TestWhatFHIRRefusesNamesTheArgument(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := newStage(a).scene("taken")
		for _, row := range []struct{ action, argument, part, detail string }{
			{"schedule", `{"services":["` + string(k.c.Services[0].ID) + `"],"start":"2031-01-01T10:00:00Z","attendees":[{"party":{"ref":"Patient/p1"},"status":"perhaps"}]}`, "Appointment/", "Appointment.participant[0].status: "},
			{"work", `{"text":"a\u0001b"}`, "Task/", "Task.description: "},
		} {
			t.Run(row.action, func(t *testing.T) {
				got := a.do("POST", k.path+"/actions/"+row.action, `{"role":"case-manager","by":{"ref":"Practitioner/manager"},"argument":`+row.argument+`}`)
				p := a.problem(got, http.StatusUnprocessableEntity)
				if p.Pointer != "/argument" || len(p.Errors) == 0 || !strings.HasPrefix(string(p.Errors[0].Part), row.part) || !strings.HasPrefix(p.Detail, row.detail) {
					t.Errorf("got %s, want a %s at /argument with %q", got.body, row.part, row.detail)
				}
			})
		}
	})
}
