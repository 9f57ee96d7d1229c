package mapping

import (
	"strings"
	"testing"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/validate"
	"caseway/mapping/casemodel"

	"google.golang.org/protobuf/proto"
)

// TestAppointmentsAreWhatFHIRTakes: whatever is said of the times and of who comes,
// the resource breaks no invariant, and reading it gives what was said.
func TestAppointmentsAreWhatFHIRTakes(t *testing.T) {
	rules := validate.New(definition.R4(), validate.Options{})
	const booked, proposed = casemodel.AppointmentBooked, casemodel.AppointmentProposed
	client := casemodel.Attendee{Party: casemodel.Party{Ref: "Patient/p"}, Status: "accepted"}
	agency := casemodel.Attendee{Party: casemodel.Party{Ref: "Organization/agency", Name: "Agency"}, Status: "accepted"}
	nurses := casemodel.Attendee{Party: casemodel.Party{Ref: "Organization/agency"}, Status: "accepted", Roles: []casemodel.Concept{casemodel.Words("nursing")}}
	for _, row := range []struct {
		name string
		a    casemodel.Appointment
		want string // in the JSON
	}{
		{"start and end", casemodel.Appointment{Status: booked, Start: "2031-01-01T10:00:00Z", End: "2031-01-01T11:00:00Z"}, `"end":"2031-01-01T11:00:00Z"`},
		{"a start", casemodel.Appointment{Status: booked, Start: "2031-01-01T10:00:00Z"}, `"end":"2031-01-01T10:00:00Z"`},
		{"a start and minutes", casemodel.Appointment{Status: booked, Start: "2031-01-01T10:00:00Z", Minutes: 45}, `"end":"2031-01-01T10:45:00Z"`},
		{"a day", casemodel.Appointment{Status: booked, Start: "2031-01-01"}, `"end":"2031-01-01T23:59:59Z"`},
		{"days", casemodel.Appointment{Status: booked, Start: "2031-01-01", End: "2031-01-03"}, `"end":"2031-01-03T23:59:59Z"`},
		{"a day that is proposed", casemodel.Appointment{Status: proposed, Start: "2031-01-01"}, `"valueDateTime":"2031-01-01"`},
		{"an end that is proposed", casemodel.Appointment{Status: proposed, End: "2031-01-01T10:00:00Z"}, `"valueDateTime":"2031-01-01T10:00:00Z"`},
		{"no time", casemodel.Appointment{Status: proposed}, `"status":"proposed"`},
		{"an organization", casemodel.Appointment{Status: proposed, Attendees: []casemodel.Attendee{agency}}, `"text":"participant"`},
		{"an organization with a role", casemodel.Appointment{Status: proposed, Attendees: []casemodel.Attendee{nurses}}, `"text":"nursing"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := row.a
			a.ID = "Appointment/a"
			a.Attendees = append([]casemodel.Attendee{client}, a.Attendees...)
			text := written(t, &a, nil)
			tree, err := fhir.Decode(definition.R4(), text, fhir.Limits{})
			if err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			for _, issue := range rules.Resource(t.Context(), tree, validate.Request{}) {
				t.Errorf("got %s %s in %s", issue.Expression, issue.Text, text)
			}
			if !strings.Contains(string(text), row.want) {
				t.Errorf("got %s, want %s in it", text, row.want)
			}
			back := readBack(t, text)
			if len(back.Appointments) != 1 || !same(back.Appointments[0], a) {
				t.Errorf("got %+v, want %+v", back.Appointments, a)
			}
			if again := written(t, &back.Appointments[0], resourceOf(t, text)); string(again) != string(text) {
				t.Errorf("written again: got %s, want %s", again, text)
			}
		})
	}
}

// TestWhatAnotherSystemSaysOfTheTimesCounts: where it moves an appointment, what was
// said before is no longer so.
func TestWhatAnotherSystemSaysOfTheTimesCounts(t *testing.T) {
	a := casemodel.Appointment{
		ID: "Appointment/a", Status: casemodel.AppointmentBooked, Start: "2031-01-01T10:00:00Z", Minutes: 45,
		Attendees: []casemodel.Attendee{{Party: casemodel.Party{Ref: "Patient/p"}, Status: "accepted"}},
	}
	text := strings.ReplaceAll(string(written(t, &a, nil)), `"end":"2031-01-01T10:45:00Z"`, `"end":"2031-01-01T12:00:00Z"`)
	got := readBack(t, []byte(text)).Appointments[0]
	if got.Start != "2031-01-01T10:00:00Z" || got.End != "2031-01-01T12:00:00Z" {
		t.Errorf("got %s to %s, want the end of the other system", got.Start, got.End)
	}
}

func written(t *testing.T, a *casemodel.Appointment, stored []proto.Message) []byte {
	t.Helper()
	c := casemodel.Case{ID: "e", Client: casemodel.Client{ID: "Patient/p"}, Appointments: []casemodel.Appointment{*a}}
	all, _ := Resources(&c, stored)
	for _, w := range all {
		if w.Key.Type == "Appointment" {
			return w.JSON()
		}
	}
	if len(stored) > 0 {
		return Write{Resource: stored[0]}.JSON() // it says so already
	}
	t.Fatalf("no Appointment among %d resources", len(all))
	return nil
}

func resourceOf(t *testing.T, text []byte) []proto.Message {
	t.Helper()
	tree, err := fhir.Decode(definition.R4(), text, fhir.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := Decode(tree)
	if err != nil {
		t.Fatal(err)
	}
	return []proto.Message{m}
}

func readBack(t *testing.T, text []byte) casemodel.Case {
	t.Helper()
	return AssembleOnly(resourceOf(t, text))
}
