package mapping

import (
	"encoding/json"
	"fmt"

	"caseway/fhir"
	"caseway/mapping/casemodel"
)

// The code systems by which a PlanDefinition says what a template is about.
const (
	usageSystem    = "http://terminology.hl7.org/CodeSystem/usage-context-type"
	planTypeSystem = "http://terminology.hl7.org/CodeSystem/plan-definition-type"
	partSystem     = "http://terminology.hl7.org/CodeSystem/action-participant-type"
	ucumSystem     = "http://unitsofmeasure.org"
)

// templates are the built-in templates as PlanDefinitions, their models as ids.
func templates() []Definition {
	var all []Definition
	for _, t := range casemodel.Templates() {
		all = append(all, PlanDefinitionFromTemplate(t, string(t.Model)))
	}
	return all
}

// PlanDefinitionFromTemplate writes a template as a PlanDefinition
// (https://hl7.org/fhir/R4/plandefinition.html): an action for each activity and
// each cadence of contacts.
func PlanDefinitionFromTemplate(t casemodel.Template, id string) Definition {
	var actions, requires, contained []any
	for _, a := range t.Activities {
		actions = append(actions, activityAction(a))
	}
	for _, k := range t.Cadences {
		actions, contained = append(actions, cadenceAction(k)), append(contained, contactActivity(k))
	}
	for _, r := range t.Requires {
		requires = append(requires, map[string]any{"url": extensionURL("case-requires"), "valueCode": r})
	}
	resource := map[string]any{
		"title": t.Title, "description": t.Text, "type": codes(planTypeSystem, "workflow-definition", ""),
		"useContext": []any{map[string]any{
			"code":                 map[string]any{"system": usageSystem, "code": "workflow"},
			"valueCodeableConcept": codes(systemOf("case-model"), string(t.Model), displayOf("case-model", string(t.Model))),
		}},
	}
	for name, list := range map[string][]any{"action": actions, "extension": requires, "contained": contained} {
		if len(list) > 0 {
			resource[name] = list
		}
	}
	return definitionOf("PlanDefinition", id, resource)
}

func codes(system, code, display string) map[string]any {
	coding := map[string]any{"system": system, "code": code}
	if display != "" {
		coding["display"] = display
	}
	return map[string]any{"coding": []any{coding}}
}

func daily(days int) map[string]any {
	return map[string]any{"repeat": map[string]any{"frequency": 1, "period": days, "periodUnit": "d"}}
}

// activityAction is a task that a case begins with. One that comes again is due
// first after the time that lies between one and the next.
func activityAction(a casemodel.Starting) map[string]any {
	action := map[string]any{
		"title": a.Title, "code": []any{codes(casemodel.ActivitySystem, a.Code, a.Title)},
		"trigger": []any{map[string]any{"type": "named-event", "name": a.Trigger}},
		"participant": []any{map[string]any{
			"type": "practitioner", "role": codes(systemOf("case-role"), string(a.Owner), displayOf("case-role", string(a.Owner))),
		}},
	}
	if a.Every > 0 {
		action["timingTiming"] = daily(a.Every)
		return action
	}
	action["timingDuration"] = map[string]any{"value": a.Days, "unit": "days", "system": ucumSystem, "code": "d"}
	return action
}

// cadenceAction is the first contact of a cadence.
func cadenceAction(k casemodel.Cadence) map[string]any {
	words := displayOf("contact-kind", string(k.Kind))
	return map[string]any{
		"title": "Contact: " + words, "code": []any{codes(systemOf("contact-kind"), string(k.Kind), words)},
		"timingTiming": daily(k.Days), "definitionCanonical": "#contact-" + string(k.Kind),
	}
}

// contactActivity is what the contacts of a cadence are planned as.
func contactActivity(k casemodel.Cadence) map[string]any {
	kind := "Appointment"
	if k.Kind == casemodel.ContactTelephone || k.Kind == casemodel.ContactMessage {
		kind = "CommunicationRequest"
	}
	words := displayOf("contact-kind", string(k.Kind))
	return map[string]any{
		"resourceType": "ActivityDefinition", "id": "contact-" + string(k.Kind), "status": "active", "kind": kind,
		"title": words, "code": codes(systemOf("contact-kind"), string(k.Kind), words),
	}
}

// planDefinition is what is read of a template.
type planDefinition struct {
	URL, Version, Title, Description string
	Extension                        []struct{ URL, ValueCode string }
	UseContext                       []struct{ ValueCodeableConcept codedAs }
	Action                           []planAction
}

type codedAs struct {
	Coding []struct{ System, Code, Display string }
}

// in is the code that a concept has in a system, "" for none.
func (c codedAs) in(system string) string {
	for _, x := range c.Coding {
		if x.System == system {
			return x.Code
		}
	}
	return ""
}

type planAction struct {
	Title        string
	Code         []codedAs
	Trigger      []struct{ Name string }
	Participant  []struct{ Role codedAs }
	Action       []json.RawMessage
	Condition    []json.RawMessage
	DynamicValue []json.RawMessage
	TimingTiming struct {
		Repeat struct {
			Period     float64
			PeriodUnit string
		}
	}
	TimingDuration struct {
		Value float64
		Code  string
	}
}

// TemplateFromPlanDefinition reads a template that an organization has adapted.
// It fails with kind Unprocessable, naming the element, for what a case can't
// begin with.
func TemplateFromPlanDefinition(text []byte) (casemodel.Template, error) {
	var p planDefinition
	if err := json.Unmarshal(text, &p); err != nil {
		return casemodel.Template{}, fmt.Errorf("a PlanDefinition: %w", err)
	}
	t := casemodel.Template{URL: p.URL, Title: p.Title, Text: p.Description}
	for _, u := range p.UseContext {
		if m := u.ValueCodeableConcept.in(systemOf("case-model")); m != "" {
			t.Model = casemodel.Model(m)
		}
	}
	if _, known := casemodel.TemplateOf(t.Model); !known {
		return t, unfit("PlanDefinition.useContext", "must name the model, by a code of "+systemOf("case-model"))
	}
	for _, e := range p.Extension {
		if e.URL == extensionURL("case-requires") {
			t.Requires = append(t.Requires, casemodel.Requirement(e.ValueCode))
		}
	}
	for i, a := range p.Action {
		if err := a.into(&t, fmt.Sprintf("PlanDefinition.action[%d]", i)); err != nil {
			return t, err
		}
	}
	return t, nil
}

// into adds an action to a template.
func (a planAction) into(t *casemodel.Template, path string) error {
	if len(a.Action)+len(a.Condition)+len(a.DynamicValue) > 0 {
		return unfit(path, "has actions, conditions or dynamic values, which a case can't begin with; $apply can")
	}
	days, again, err := a.days(path)
	if err != nil {
		return err
	}
	for _, c := range a.Code {
		if kind := c.in(systemOf("contact-kind")); kind != "" {
			if again == 0 {
				return unfit(path+".timingTiming", "must say how many days lie between contacts")
			}
			t.Cadences = append(t.Cadences, casemodel.Cadence{Kind: casemodel.ContactKind(kind), Days: again})
			return nil
		}
		if code := c.in(casemodel.ActivitySystem); code != "" {
			t.Activities = append(t.Activities, casemodel.Starting{
				Code: code, Title: a.Title, Trigger: a.trigger(), Days: days, Every: again, Owner: a.owner(),
			})
			return nil
		}
	}
	return unfit(path+".code", "must be a code of "+casemodel.ActivitySystem+" or "+systemOf("contact-kind"))
}

// days is when an action is due, and after how many days it comes again.
func (a planAction) days(path string) (first, again int, err error) {
	r, d := a.TimingTiming.Repeat, a.TimingDuration
	switch {
	case r.Period > 0:
		n, ok := wholeDays(r.Period, r.PeriodUnit)
		if !ok {
			return 0, 0, unfit(path+".timing", "must be in whole days or weeks")
		}
		return n, n, nil
	case d.Value > 0:
		n, ok := wholeDays(d.Value, d.Code)
		if !ok {
			return 0, 0, unfit(path+".timing", "must be in whole days or weeks")
		}
		return n, 0, nil
	}
	return 0, 0, unfit(path+".timing", "must say when it is due")
}

func wholeDays(n float64, unit string) (days int, ok bool) {
	const most = 36_500 // a hundred years
	if unit == "wk" {
		n, unit = n*7, "d"
	}
	return int(n), unit == "d" && n <= most && n == float64(int(n))
}

func (a planAction) trigger() casemodel.Trigger {
	for _, t := range a.Trigger {
		if t.Name == string(casemodel.TriggerLeaving) {
			return casemodel.TriggerLeaving
		}
	}
	return casemodel.TriggerOpening
}

func (a planAction) owner() casemodel.Role {
	for _, p := range a.Participant {
		if r := p.Role.in(systemOf("case-role")); r != "" {
			return casemodel.Role(r)
		}
	}
	return casemodel.RoleCaseManager
}

func unfit(path, text string) error {
	return fhir.NewError(fhir.Unprocessable, fhir.IssueNotSupported, path+" "+text).At(path)
}
