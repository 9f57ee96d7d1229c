package operation

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"caseway/fhir"
)

// planDefinition is what is read of a PlanDefinition
// (https://hl7.org/fhir/R4/plandefinition.html).
type planDefinition struct {
	URL         string            `json:"url"`
	Version     string            `json:"version"`
	Title       string            `json:"title"`
	Description string            `json:"description"`
	Contained   []json.RawMessage `json:"contained"`
	Goal        []planGoal        `json:"goal"`
	Action      []planAction      `json:"action"`
}

func (d *planDefinition) canonical() string {
	if d.Version != "" {
		return d.URL + "|" + d.Version
	}
	return d.URL
}

type planGoal struct {
	Category    json.RawMessage   `json:"category"`
	Description json.RawMessage   `json:"description"`
	Priority    json.RawMessage   `json:"priority"`
	Start       json.RawMessage   `json:"start"`
	Addresses   []json.RawMessage `json:"addresses"`
	// Target has due, a Duration, which a Goal calls dueDuration.
	Target []map[string]json.RawMessage `json:"target"`
}

type planAction struct {
	Title               string            `json:"title"`
	Description         string            `json:"description"`
	Priority            string            `json:"priority"`
	Code                []json.RawMessage `json:"code"`
	Reason              []json.RawMessage `json:"reason"`
	Condition           []condition       `json:"condition"`
	RelatedAction       []json.RawMessage `json:"relatedAction"`
	Participant         []participant     `json:"participant"`
	TimingDateTime      string            `json:"timingDateTime"`
	TimingPeriod        json.RawMessage   `json:"timingPeriod"`
	TimingDuration      *duration         `json:"timingDuration"`
	TimingTiming        json.RawMessage   `json:"timingTiming"`
	TimingAge           json.RawMessage   `json:"timingAge"`
	TimingRange         json.RawMessage   `json:"timingRange"`
	DefinitionCanonical string            `json:"definitionCanonical"`
	DefinitionURI       string            `json:"definitionUri"`
	DynamicValue        []dynamicValue    `json:"dynamicValue"`
	Action              []planAction      `json:"action"`
}

type condition struct {
	Kind       string     `json:"kind"`
	Expression expression `json:"expression"`
}

type participant struct {
	Type string `json:"type"`
}

type expression struct {
	Language   string `json:"language"`
	Expression string `json:"expression"`
}

type dynamicValue struct {
	Path       string     `json:"path"`
	Expression expression `json:"expression"`
}

// unfit refuses what a definition asks for and this server can't do.
func unfit(path, text string) error {
	return fhir.NewError(fhir.Unprocessable, fhir.IssueNotSupported, path+" "+text).At(path)
}

// definition makes the goals and requests of a PlanDefinition.
func (a *applying) definition(d planDefinition, path string) error {
	if slices.Contains(a.nested, d.URL) && d.URL != "" || len(a.nested) > 8 {
		return unfit(path, "leads back to itself")
	}
	a.nested = append(a.nested, d.URL)
	for _, g := range d.Goal {
		a.goal(g)
	}
	for i := range d.Action {
		if err := a.action(&d, &d.Action[i], fmt.Sprintf("%s.action[%d]", path, i)); err != nil {
			return err
		}
	}
	a.nested = a.nested[:len(a.nested)-1]
	return nil
}

// contain adds a resource to the plan and gives a reference to it.
func (a *applying) contain(r object) object {
	id := strings.ToLower(r["resourceType"].(string)) + "-" + strconv.Itoa(len(a.contained)+1)
	r["id"] = id
	a.contained = append(a.contained, r)
	return object{"reference": "#" + id}
}

func (a *applying) goal(g planGoal) {
	r := object{"resourceType": "Goal", "lifecycleStatus": "proposed", "description": g.Description, "subject": a.reference("subject")}
	if len(g.Category) > 0 {
		r["category"] = []json.RawMessage{g.Category}
	}
	setRaw(r, "priority", g.Priority)
	setRaw(r, "startCodeableConcept", g.Start)
	for _, t := range g.Target {
		if due := t["due"]; due != nil {
			delete(t, "due")
			t["dueDuration"] = due
		}
	}
	if len(g.Target) > 0 {
		r["target"] = g.Target
	}
	if len(g.Addresses) > 0 {
		a.notes = append(a.notes, "A goal addresses conditions by code, which a Goal names by reference.")
	}
	a.goals = append(a.goals, a.contain(r))
}

// action makes what an action asks for, where its conditions hold: the requests
// of the actions in it, of the definition that it names, or a Task.
func (a *applying) action(d *planDefinition, act *planAction, path string) error {
	if ok, err := a.applies(act.Condition, path); err != nil || !ok {
		return err
	}
	if len(act.RelatedAction) > 0 {
		a.notes = append(a.notes, path+": its relation to other actions isn't carried over.")
	}
	for i := range act.Action {
		if err := a.action(d, &act.Action[i], fmt.Sprintf("%s.action[%d]", path, i)); err != nil {
			return err
		}
	}
	if len(act.Action) > 0 && act.DefinitionCanonical == "" {
		return nil
	}
	text, err := a.defining(d, act, path)
	if err != nil {
		return err
	}
	var head struct {
		ResourceType string `json:"resourceType"`
	}
	_ = json.Unmarshal(text, &head) // nil for none; else stored or decoded JSON
	if head.ResourceType == "PlanDefinition" {
		var inner planDefinition
		if err := json.Unmarshal(text, &inner); err != nil {
			return err
		}
		return a.definition(inner, path)
	}
	return a.request(act, text, path)
}

// defining finds the definition that an action names, nil for none.
func (a *applying) defining(d *planDefinition, act *planAction, path string) ([]byte, error) {
	url := act.DefinitionCanonical
	if local, contained := strings.CutPrefix(url, "#"); contained {
		for _, c := range d.Contained {
			var head struct {
				ID string `json:"id"`
			}
			if json.Unmarshal(c, &head) == nil && head.ID == local {
				return c, nil
			}
		}
		return nil, unfit(path+".definition", "names nothing that the PlanDefinition contains")
	}
	if url == "" || strings.Contains(url, "/Questionnaire/") {
		return nil, nil
	}
	for _, typ := range []string{"ActivityDefinition", "PlanDefinition"} {
		text, err := a.s.resolve(a.ctx, typ, url)
		if err != nil || text != nil {
			return text, err
		}
	}
	return nil, unfit(path+".definition", "names no ActivityDefinition or PlanDefinition of this server")
}
