package operation

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// made is what an action made: a request, or the actions below it.
type made struct {
	act     *planAction
	path    string
	request object // a reference; nil for actions alone
	below   []*made
}

// activities lets a plan have what its actions made. An action that says how to
// choose or to group, or how it relates to others, is a RequestGroup; others are
// activities of their own
// (https://hl7.org/fhir/R4/plandefinition-operation-apply.html).
func (a *applying) activities(all []*made) {
	if slices.ContainsFunc(all, func(m *made) bool { return m.leadsOut(all) }) {
		a.addActivity(a.group(nil, all))
		return
	}
	for _, m := range all {
		switch {
		case m.behaves():
			a.addActivity(a.group(m, []*made{m}))
		case m.request != nil:
			a.addActivity(m.request)
			a.noteLost(m)
		default:
			a.noteLost(m)
			a.activities(m.below)
		}
	}
}

func (a *applying) addActivity(reference object) {
	a.activity = append(a.activity, object{"reference": reference})
}

// behaves reports whether an action, or one below it, says what only a
// RequestGroup can.
func (m *made) behaves() bool {
	act := m.act
	if act.Grouping != "" || act.Selection != "" || act.Required != "" || act.Precheck != "" || act.Cardinality != "" ||
		len(act.RelatedAction) > 0 || slices.ContainsFunc(act.Condition, func(c condition) bool { return c.Kind != "applicability" }) {
		return true
	}
	return slices.ContainsFunc(m.below, (*made).behaves)
}

// leadsOut reports whether an action, or one below it, is related to one that
// isn't below the same of all.
func (m *made) leadsOut(all []*made) bool {
	for id := range m.related() {
		if !m.has(id) && slices.ContainsFunc(all, func(o *made) bool { return o.has(id) }) {
			return true
		}
	}
	return false
}

// related yields the ids of the actions that an action, or one below it, names.
func (m *made) related() func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, r := range m.act.RelatedAction {
			if !yield(r.ActionID) {
				return
			}
		}
		for _, b := range m.below {
			for id := range b.related() {
				if !yield(id) {
					return
				}
			}
		}
	}
}

func (m *made) has(id string) bool {
	return m.act.ID == id || slices.ContainsFunc(m.below, func(b *made) bool { return b.has(id) })
}

// group makes the RequestGroup of actions; of is the one that it is made for, nil
// for the whole plan.
func (a *applying) group(of *made, all []*made) object {
	r := object{
		"resourceType": "RequestGroup", "status": "draft", "intent": "proposal", "subject": a.reference("subject"),
		"authoredOn": a.now.Format(time.RFC3339),
	}
	if a.names["encounter"].Valid() {
		r["encounter"] = a.reference("encounter")
	}
	if by := a.requester(); by != nil {
		r["author"] = by
	}
	if of != nil && len(of.act.Code) > 0 {
		r["code"] = of.act.Code[0]
	}
	actions := make([]object, 0, len(all))
	for _, m := range all {
		actions = append(actions, a.groupAction(m, all))
	}
	r["action"] = actions
	return a.contain(r)
}

// groupAction is an action of a RequestGroup. all are those of the group.
func (a *applying) groupAction(m *made, all []*made) object {
	act := m.act
	g := object{}
	for name, value := range map[string]string{
		"id": act.ID, "prefix": act.Prefix, "title": act.Title, "description": act.Description, "textEquivalent": act.TextEquivalent,
		"priority": act.Priority, "groupingBehavior": act.Grouping, "selectionBehavior": act.Selection, "requiredBehavior": act.Required,
		"precheckBehavior": act.Precheck, "cardinalityBehavior": act.Cardinality, "timingDateTime": act.TimingDateTime,
	} {
		set(g, name, value)
	}
	for name, value := range map[string]json.RawMessage{
		"type": act.Type, "timingPeriod": act.TimingPeriod, "timingTiming": act.TimingTiming, "timingAge": act.TimingAge, "timingRange": act.TimingRange,
	} {
		setRaw(g, name, value)
	}
	if act.TimingDuration != nil {
		g["timingDuration"] = act.TimingDuration.text
	}
	for name, list := range map[string][]json.RawMessage{"code": act.Code, "documentation": act.Documentation} {
		if len(list) > 0 {
			g[name] = list
		}
	}
	if len(act.Condition) > 0 {
		g["condition"] = act.Condition
	}
	a.relate(g, m, all)
	setList(g, "participant", a.participants(act))
	a.noteLostInGroup(m)
	below := make([]object, 0, len(m.below)+1)
	if m.request != nil && len(m.below) == 0 {
		g["resource"] = m.request
		return g
	}
	if m.request != nil { // an action has a resource or actions, rqg-1
		below = append(below, object{"title": "What the action itself asks for", "resource": m.request})
	}
	for _, b := range m.below {
		below = append(below, a.groupAction(b, all))
	}
	g["action"] = below
	return g
}

// relate sets how an action of a group relates to others of it.
func (a *applying) relate(g object, m *made, all []*made) {
	var related []object
	for _, r := range m.act.RelatedAction {
		if !slices.ContainsFunc(all, func(o *made) bool { return o.has(r.ActionID) }) {
			a.note(m.path + ": its relation to an action that doesn't apply, or isn't there, isn't carried over.")
			continue
		}
		o := object{"actionId": r.ActionID, "relationship": r.Relationship}
		setRaw(o, "offsetDuration", r.OffsetDuration)
		setRaw(o, "offsetRange", r.OffsetRange)
		related = append(related, o)
	}
	setList(g, "relatedAction", related)
}

// participants are those of an action whom the call names.
func (a *applying) participants(act *planAction) (all []object) {
	for _, p := range act.Participant {
		if n := a.names[participantNames[p.Type]]; n.Valid() && n.Type().Name != "Group" {
			all = append(all, object{"reference": referenceTo(n)})
		}
	}
	return all
}

// participantNames are the parameters that say who a type of participant is.
var participantNames = map[string]string{"patient": "subject", "practitioner": "practitioner"}

// mostNotes bounds what a plan notes.
const mostNotes = 50

func (a *applying) note(text string) {
	if len(a.notes) < mostNotes && !slices.Contains(a.notes, text) {
		a.notes = append(a.notes, text)
	}
}

// noteLost notes what of an action an activity has no place for.
func (a *applying) noteLost(m *made) {
	act := m.act
	a.noteMissing(m.path, lostAlways(act), []member{
		{"documentation", len(act.Documentation) > 0}, {"textEquivalent", act.TextEquivalent != ""},
	})
}

// noteLostInGroup notes what of an action a RequestGroup has no place for.
func (a *applying) noteLostInGroup(m *made) {
	a.noteMissing(m.path, lostAlways(m.act), []member{
		{"participant", len(a.participants(m.act)) < len(m.act.Participant)},
	})
}

// member is a member of an action, and whether it isn't carried over.
type member struct {
	name string
	lost bool
}

func lostAlways(act *planAction) []member {
	return []member{
		{"extension", len(act.Extension) > 0},
		{"goalId", len(act.GoalID) > 0},
		{"input", len(act.Input) > 0},
		{"output", len(act.Output) > 0},
		{"transform", act.Transform != ""},
		{"trigger", len(act.Trigger) > 0},
	}
}

func (a *applying) noteMissing(path string, lists ...[]member) {
	var names []string
	for _, m := range slices.Concat(lists...) {
		if m.lost {
			names = append(names, m.name)
		}
	}
	if len(names) > 0 {
		a.note(path + ": not carried over: " + strings.Join(names, ", ") + ".")
	}
}

// noteEmpty says why a plan has no activities.
func (a *applying) noteEmpty(d *planDefinition) {
	switch {
	case len(a.activity) > 0:
	case len(d.Action) == 0:
		a.note("The PlanDefinition has no actions.")
	default:
		a.note("No action of the PlanDefinition applies.")
		for _, text := range a.skipped {
			a.note(text)
		}
	}
}
