package operation_test

import (
	"strings"
	"testing"
)

// applied stores a PlanDefinition with actions, and applies it to the patient.
func (a *api) applied(actions string) object {
	a.Helper()
	a.put("PlanDefinition/made", `{"resourceType":"PlanDefinition","id":"made","url":"http://example.org/made","status":"active","action":[`+actions+`]}`)
	return a.get("PlanDefinition/made/$apply?subject=Patient/p1&practitioner=Practitioner/manager")
}

func notesOf(plan object) string {
	var all []string
	list, _ := plan["note"].([]any)
	for _, n := range list {
		all = append(all, n.(object)["text"].(string))
	}
	return strings.Join(all, "\n")
}

// TestActionsThatChooseBecomeRequestGroups: how to choose among actions, how they
// are grouped and how they relate is kept.
func TestActionsThatChooseBecomeRequestGroups(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		for _, id := range []string{"one", "two"} {
			a.put("ActivityDefinition/"+id, `{"resourceType":"ActivityDefinition","id":"`+id+`","url":"http://example.org/`+id+`","status":"active",
				"kind":"ServiceRequest","code":{"text":"regimen `+id+`"}}`)
		}
		const regimens = `{"id":"first","title":"1","definitionCanonical":"http://example.org/one"},{"id":"second","title":"2","definitionCanonical":"http://example.org/two"}`
		for _, row := range []struct {
			name, actions string
			activities    int
			has           []string
		}{
			{
				"exactly one", `{"title":"one of two","selectionBehavior":"exactly-one","groupingBehavior":"logical-group","action":[` + regimens + `]}`, 1,
				[]string{`"selectionBehavior":"exactly-one"`, `"groupingBehavior":"logical-group"`, `"resource":{"reference":"#servicerequest-1"}`, `"resource":{"reference":"#servicerequest-2"}`},
			},
			{
				"a required leaf", `{"title":"must","requiredBehavior":"must","precheckBehavior":"yes","cardinalityBehavior":"single","definitionCanonical":"http://example.org/one"},` + regimens, 3,
				[]string{`"requiredBehavior":"must"`, `"precheckBehavior":"yes"`, `"cardinalityBehavior":"single"`},
			},
			{
				"deep down", `{"title":"outer","action":[{"title":"inner","selectionBehavior":"at-most-one","action":[` + regimens + `]}]}`, 1,
				[]string{`"selectionBehavior":"at-most-one"`},
			},
			{
				"related to each other", regimens + `,{"title":"3","relatedAction":[{"actionId":"first","relationship":"after-end","offsetDuration":{"value":2,"unit":"d"}}],"definitionCanonical":"http://example.org/one"}`, 1,
				[]string{`"actionId":"first"`, `"relationship":"after-end"`, `"offsetDuration":{"unit":"d","value":2}`, `"id":"second"`},
			},
			{
				"start and stop", `{"title":"while ill","condition":[{"kind":"start","expression":{"language":"text/fhirpath","expression":"true"}},
				{"kind":"stop","expression":{"description":"when well","language":"text/cql","expression":"Well"}}],"definitionCanonical":"http://example.org/one"}`, 1,
				[]string{`"kind":"start"`, `"kind":"stop"`, `"description":"when well"`},
			},
			{"plain", regimens, 2, nil},
			{"plain groups", `{"title":"both","action":[` + regimens + `]}`, 2, nil},
		} {
			t.Run(row.name, func(t *testing.T) {
				a := &api{t, a.url, a.engine}
				plan := a.applied(row.actions)
				if got, _ := plan["activity"].([]any); len(got) != row.activities {
					t.Errorf("got %d activities, want %d: %s", len(got), row.activities, encoded(t, plan))
				}
				groups := a.contained(plan, "RequestGroup")
				if (len(groups) > 0) != (row.has != nil) {
					t.Errorf("got %d RequestGroups: %s", len(groups), encoded(t, plan))
				}
				for _, want := range row.has {
					if got := encoded(t, groups); !strings.Contains(got, want) {
						t.Errorf("got the groups %s, want %s in them", got, want)
					}
				}
			})
		}
		status, stored := a.post("PlanDefinition/made/$apply", subject, `{"name":"store","valueBoolean":true}`)
		a.ok(status, stored)
		a.applied(`{"title":"one of two","selectionBehavior":"exactly-one","action":[` + regimens + `]}`)
		plan := a.ok(a.post("PlanDefinition/made/$apply", subject, `{"name":"store","valueBoolean":true}`))
		group := a.get(plan["activity"].([]any)[0].(object)["reference"].(object)["reference"].(string))
		text := encoded(t, group)
		if group["resourceType"] != "RequestGroup" || strings.Contains(text, `"#`) || strings.Count(text, `"reference":"ServiceRequest/`) != 2 {
			t.Errorf("got the stored group %s, want references to both stored requests", text)
		}
	})
}

// TestTimingsAreCarriedOver, and what can't be is noted.
func TestTimingsAreCarriedOver(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		for _, kind := range []string{"ServiceRequest", "Task", "MedicationRequest", "CommunicationRequest"} {
			a.put("ActivityDefinition/"+kind, `{"resourceType":"ActivityDefinition","id":"`+kind+`","url":"http://example.org/`+kind+`","status":"active","kind":"`+kind+`","code":{"text":"x"}}`)
		}
		const weekly = `"timingTiming":{"repeat":{"frequency":1,"period":1,"periodUnit":"wk"}}`
		for _, row := range []struct{ name, kind, timing, has, notes string }{
			{"schedule", "ServiceRequest", weekly, `"occurrenceTiming":{"repeat":{"frequency":1,"period":1,"periodUnit":"wk"}}`, ""},
			{"dosage by a schedule", "MedicationRequest", weekly, `"dosageInstruction":[{"timing":{"repeat":{"frequency":1`, ""},
			{"times of a task", "Task", `"timingTiming":{"repeat":{"count":5,"period":1,"periodUnit":"d"}}`, `"repetitions":5`, ""},
			{"a task that goes on", "Task", weekly, `"restriction":{"period":{"end":`, "its repetition isn't carried over"},
			{"a message that goes on", "CommunicationRequest", weekly, `"occurrenceDateTime":`, "its repetition isn't carried over"},
			{"age", "ServiceRequest", `"timingAge":{"value":90,"unit":"a","system":"http://unitsofmeasure.org","code":"a"}`, `"occurrenceDateTime":"2040-03-01"`, ""},
			{"range", "ServiceRequest", `"timingRange":{"low":{"value":1,"unit":"weeks"},"high":{"value":2,"unit":"weeks"}}`, `"occurrencePeriod":{"end":`, ""},
			{"half a day", "ServiceRequest", `"timingDuration":{"value":0.5,"unit":"d","system":"http://unitsofmeasure.org","code":"d"}`, "", "its timing isn't carried over"},
			{"period", "Task", `"timingPeriod":{"start":"2030-01-01","end":"2030-02-01"}`, `"period":{"end":"2030-02-01","start":"2030-01-01"}`, ""},
		} {
			t.Run(row.name, func(t *testing.T) {
				a := &api{t, a.url, a.engine}
				plan := a.applied(`{"title":"x","definitionCanonical":"http://example.org/` + row.kind + `",` + row.timing + `}`)
				if got := encoded(t, a.contained(plan, row.kind)); !strings.Contains(got, row.has) {
					t.Errorf("got %s, want %s in it", got, row.has)
				}
				if got := notesOf(plan); !strings.Contains(got, row.notes) || row.notes == "" && got != "" {
					t.Errorf("got the notes %q, want %q", got, row.notes)
				}
			})
		}
	})
}

// TestWhatIsNotCarriedIsNoted: an empty plan says why it is.
func TestWhatIsNotCarriedIsNoted(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		for _, row := range []struct{ name, actions, has string }{
			{
				"nothing applies", `{"title":"For men","condition":[{"kind":"applicability","expression":{"language":"text/fhirpath","expression":"gender = 'male'"}}]}`,
				"No action of the PlanDefinition applies.\nPlanDefinition.action[0] (For men): its condition isn't true: gender = 'male'",
			},
			{
				"members", `{"title":"x","trigger":[{"type":"named-event","name":"e"}],"goalId":["g"],"documentation":[{"type":"citation","label":"1"}]}`,
				"PlanDefinition.action[0]: not carried over: goalId, trigger, documentation.",
			},
		} {
			t.Run(row.name, func(t *testing.T) {
				a := &api{t, a.url, a.engine}
				if got := notesOf(a.applied(row.actions)); got != row.has {
					t.Errorf("got the notes %q, want %q", got, row.has)
				}
			})
		}
		a.put("PlanDefinition/none", `{"resourceType":"PlanDefinition","id":"none","status":"active"}`)
		if got := notesOf(a.get("PlanDefinition/none/$apply?subject=Patient/p1")); got != "The PlanDefinition has no actions." {
			t.Errorf("got the notes %q", got)
		}
	})
}

// TestQuestionnairesBecomeTasks that name them.
func TestQuestionnairesBecomeTasks(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		a.put("Questionnaire/q", `{"resourceType":"Questionnaire","id":"q","url":"http://example.org/q","version":"3","title":"Sleep","status":"active"}`)
		task := a.contained(a.applied(`{"definitionCanonical":"http://example.org/q"}`), "Task")
		if got := encoded(t, task); !strings.Contains(got, `"valueCanonical":"http://example.org/q|3"`) || !strings.Contains(got, "complete-questionnaire") || !strings.Contains(got, "Sleep") {
			t.Errorf("got %s, want a Task to fill in the Questionnaire", got)
		}
		plan := a.applied(`{"title":"Fill in","definitionCanonical":"http://elsewhere.example/Questionnaire/z"}`)
		if got := encoded(t, a.contained(plan, "Task")); !strings.Contains(got, `"valueCanonical":"http://elsewhere.example/Questionnaire/z"`) || !strings.Contains(notesOf(plan), "isn't on this server") {
			t.Errorf("got %s with the notes %q, want a Task and a note", got, notesOf(plan))
		}
	})
}

// TestActivityDefinitionsApply alone give the request that they make.
func TestActivityDefinitionsApply(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		a.put("ActivityDefinition/visit", `{"resourceType":"ActivityDefinition","id":"visit","url":"http://example.org/visit","status":"active","kind":"ServiceRequest",
			"code":{"text":"visit"},"timingTiming":{"repeat":{"frequency":2,"period":1,"periodUnit":"wk"}},"transform":"http://example.org/map",
			"dynamicValue":[{"path":"patientInstruction","expression":{"language":"text/fhirpath","expression":"'Dear ' + gender"}}]}`)
		request := a.get("ActivityDefinition/visit/$apply?subject=Patient/p1")
		got := encoded(t, request)
		for _, want := range []string{
			`"resourceType":"ServiceRequest"`, `"subject":{"reference":"Patient/p1"}`, `"patientInstruction":"Dear female"`, `"frequency":2`,
			"not carried over: transform", `"instantiatesCanonical":["http://example.org/visit"]`,
		} {
			t.Run(want, func(t *testing.T) {
				if !strings.Contains(got, want) || request["id"] != nil {
					t.Errorf("got %s, want %s in it", got, want)
				}
			})
		}
		status, text := a.do("GET", "ActivityDefinition/visit/$apply", "")
		a.refused(400, "parameter subject is missing", status, text)
		status, text = a.do("GET", "ActivityDefinition/none/$apply?subject=Patient/p1", "")
		a.refused(404, "", status, text)
	})
}
