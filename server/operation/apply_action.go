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
	ID                  string            `json:"id"`
	Extension           []json.RawMessage `json:"extension"`
	Prefix              string            `json:"prefix"`
	Title               string            `json:"title"`
	TextEquivalent      string            `json:"textEquivalent"`
	Documentation       []json.RawMessage `json:"documentation"`
	GoalID              []string          `json:"goalId"`
	Trigger             []json.RawMessage `json:"trigger"`
	Input               []json.RawMessage `json:"input"`
	Output              []json.RawMessage `json:"output"`
	Type                json.RawMessage   `json:"type"`
	Grouping            string            `json:"groupingBehavior"`
	Selection           string            `json:"selectionBehavior"`
	Required            string            `json:"requiredBehavior"`
	Precheck            string            `json:"precheckBehavior"`
	Cardinality         string            `json:"cardinalityBehavior"`
	Transform           string            `json:"transform"`
	Description         string            `json:"description"`
	Priority            string            `json:"priority"`
	Code                []json.RawMessage `json:"code"`
	Reason              []json.RawMessage `json:"reason"`
	Condition           []condition       `json:"condition"`
	RelatedAction       []relatedAction   `json:"relatedAction"`
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

type relatedAction struct {
	ActionID       string          `json:"actionId"`
	Relationship   string          `json:"relationship"`
	OffsetDuration json.RawMessage `json:"offsetDuration"`
	OffsetRange    json.RawMessage `json:"offsetRange"`
}

// condition has its own JSON, as a RequestGroup takes it over.
type condition struct {
	Kind       string     `json:"kind"`
	Expression expression `json:"expression"`
}

type participant struct {
	Type string `json:"type"`
}

type expression struct {
	Description string `json:"description,omitempty"`
	Name        string `json:"name,omitempty"`
	Language    string `json:"language"`
	Expression  string `json:"expression,omitempty"`
	Reference   string `json:"reference,omitempty"`
}

type dynamicValue struct {
	Path       string     `json:"path"`
	Expression expression `json:"expression"`
}

// unfit refuses what a definition asks for and this server can't do.
func unfit(path, text string) error {
	return fhir.NewError(fhir.Unprocessable, fhir.IssueNotSupported, path+" "+text).At(path)
}

// definition makes the goals of a PlanDefinition, and what its actions ask for.
func (a *applying) definition(d *planDefinition, path string) ([]*made, error) {
	if slices.Contains(a.nested, d.URL) && d.URL != "" || len(a.nested) > 8 {
		return nil, unfit(path, "leads back to itself")
	}
	a.nested = append(a.nested, d.URL)
	for _, g := range d.Goal {
		a.goal(g)
	}
	all, err := a.actions(d, d.Action, path)
	a.nested = a.nested[:len(a.nested)-1]
	return all, err
}

// actions makes what those of a list ask for that apply.
func (a *applying) actions(d *planDefinition, list []planAction, path string) (all []*made, err error) {
	for i := range list {
		m, err := a.action(d, &list[i], fmt.Sprintf("%s.action[%d]", path, i))
		if err != nil {
			return nil, err
		}
		if m != nil {
			all = append(all, m)
		}
	}
	return all, nil
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
		a.note("A goal addresses conditions by code, which a Goal names by reference.")
	}
	a.goals = append(a.goals, a.contain(r))
}

// action makes what an action asks for, where its conditions hold: the requests
// of the actions in it, of the definition that it names, or a Task; nil where
// nothing applies.
func (a *applying) action(d *planDefinition, act *planAction, path string) (*made, error) {
	if ok, err := a.applies(act, path); err != nil || !ok {
		return nil, err
	}
	below, err := a.actions(d, act.Action, path)
	if err != nil {
		return nil, err
	}
	m := &made{act: act, path: path, below: below}
	if len(act.Action) > 0 && act.DefinitionCanonical == "" {
		if len(below) == 0 {
			return nil, nil
		}
		return m, nil
	}
	text, err := a.defining(d, act, path)
	if err != nil {
		return nil, err
	}
	switch typ := typeIn(text); typ {
	case "PlanDefinition":
		var inner planDefinition
		if err := json.Unmarshal(text, &inner); err != nil {
			return nil, err
		}
		made, err := a.definition(&inner, path)
		if m.below = append(m.below, made...); err != nil || len(m.below) == 0 {
			return nil, err
		}
	case "Questionnaire":
		m.request, err = a.questionnaire(act, text, path)
	default:
		m.request, err = a.request(act, text, path)
	}
	return m, err
}

// typeIn is the type of a resource, "" for none.
func typeIn(text []byte) string {
	var head struct {
		ResourceType string `json:"resourceType"`
	}
	_ = json.Unmarshal(text, &head) // stored or decoded JSON, or nothing
	return head.ResourceType
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
	if url == "" {
		return nil, nil
	}
	for _, typ := range []string{"ActivityDefinition", "PlanDefinition", "Questionnaire"} {
		text, err := a.s.resolve(a.ctx, typ, url)
		if err != nil || text != nil {
			return text, err
		}
	}
	if strings.Contains(url, "Questionnaire/") { // whoever fills it in may know it
		a.note(path + ": the Questionnaire that it names isn't on this server.")
		return encoded(object{"resourceType": "Questionnaire", "url": url}), nil
	}
	return nil, unfit(path+".definition", "names no ActivityDefinition, PlanDefinition or Questionnaire of this server")
}
