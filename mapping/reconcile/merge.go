package reconcile

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"caseway/fhir"
)

type object = map[string]any

// Names are how the merged plan refers to what it was made of: References as
// JSON, nil for a plan that nothing names.
type Names struct{ Here, There json.RawMessage }

// Merge makes a draft of a plan of what both plans have: of lists the members
// that agree once and the others of both, of elements that don't repeat what is
// here, else what is there. Where the plans conflict it has what is here, and a
// note that says so. It has no id, no meta but the security labels of both, and
// none of Caseway's own extensions.
//
// It fails with kind Unprocessable where a modifier extension stands at the top
// of a plan, for what that means for a merged one isn't known.
func (r *Result) Merge(names Names, now time.Time) (map[string]any, error) {
	for _, p := range []*Plan{r.here, r.there} {
		if p.root().Child("modifierExtension").Valid() || p.root().Child("implicitRules").Valid() {
			return nil, fhir.NewError(fhir.Unprocessable, fhir.IssueNotSupported,
				"a plan with modifier extensions or implicit rules can't be merged").At("CarePlan.modifierExtension")
		}
	}
	m := &merging{Result: r, plan: object{
		"resourceType": "CarePlan", "status": "draft", "created": now.Format(time.RFC3339),
		"subject": json.RawMessage(r.here.root().Child("subject").Raw()),
	}}
	m.ids, m.references = r.renamings()
	m.singles()
	m.lists()
	m.origin(r.here, names.Here)
	m.origin(r.there, names.There)
	m.notes()
	m.labels()
	m.extensions()
	m.contain()
	return m.plan, nil
}

type merging struct {
	*Result
	plan       object
	ids        map[string]string // of what is contained there
	references map[string]string
}

// renamings are references there, as they read in the merged plan: to what is
// contained under an id that is taken here, and to goals and conditions of which
// the merged plan has here's.
func (r *Result) renamings() (ids, references map[string]string) {
	ids, references = map[string]string{}, map[string]string{}
	taken := map[string]bool{}
	for c := range r.here.root().All("contained") {
		taken[c.Child("id").Text()] = true
	}
	for c := range r.there.root().All("contained") {
		id := c.Child("id").Text()
		fresh := id
		for n := 1; taken[fresh]; n++ {
			fresh = "other-" + strconv.Itoa(n)
		}
		taken[fresh] = true
		if fresh != id {
			ids[id], references["#"+id] = fresh, "#"+fresh
		}
	}
	for _, p := range r.same {
		from, to := p.there.value.Child("reference").Text(), p.here.value.Child("reference").Text()
		if from != "" && to != "" {
			references[from] = to
		}
	}
	return ids, references
}

// raw is a value's JSON, with references as the merged plan has them.
func (m *merging) raw(p *Plan, n fhir.Node) json.RawMessage {
	text := slices.Clone(n.Raw())
	if p != m.there || len(m.references) == 0 {
		return text
	}
	return refers.ReplaceAllFunc(text, func(found []byte) []byte {
		from := found[len(`"reference":"`) : len(found)-1]
		if to, is := m.references[string(from)]; is {
			quoted, _ := json.Marshal(to) // a string always marshals
			return append([]byte(`"reference":`), quoted...)
		}
		return found
	})
}

// refers is a reference that needs no escapes, as it stands in compact JSON.
var refers = regexp.MustCompile(`"reference":"[^"\\]+"`)

func (m *merging) add(name string, value any) {
	list, _ := m.plan[name].([]any)
	m.plan[name] = append(list, value)
}

// either gives the value at a path here, else there.
func (m *merging) either(path ...string) json.RawMessage {
	for _, p := range []*Plan{m.here, m.there} {
		if found := at(p.root(), path); len(found) > 0 && found[0].HasValue() {
			return m.raw(p, found[0])
		}
	}
	return nil
}

func (m *merging) singles() {
	for _, name := range []string{"intent", "title", "description", "encounter"} {
		if v := m.either(name); v != nil {
			m.plan[name] = v
		}
	}
	period := object{}
	for _, name := range []string{"start", "end"} {
		if v := m.either("period", name); v != nil {
			period[name] = v
		}
	}
	if len(period) > 0 {
		m.plan["period"] = period
	}
}

// lists takes the members of here, and those that there only has. Who wrote a
// plan contributed to the merged one.
func (m *merging) lists() {
	for _, names := range lists {
		to := names[len(names)-1]
		if to == "identifier" || to == "replaces" {
			continue // each plan's own
		}
		for _, it := range m.here.itemsOf(names...) {
			if it.at.HasValue() {
				m.add(to, m.raw(m.here, it.at))
			}
		}
		for _, it := range m.left[names[0]] {
			if it.at.HasValue() {
				m.add(to, m.raw(m.there, it.at))
			}
		}
	}
}

// origin names a plan: a proposal is fulfilled by the merged plan, any other
// one is replaced (https://hl7.org/fhir/R4/careplan-definitions.html#CarePlan.replaces).
func (m *merging) origin(p *Plan, name json.RawMessage) {
	if name == nil {
		return
	}
	if intent := p.root().Child("intent").Text(); intent == "proposal" || intent == "option" {
		m.add("basedOn", name)
		return
	}
	m.add("replaces", name)
}

// notes say where the plans conflict.
func (m *merging) notes() {
	for _, f := range m.found {
		if f.Kind != Conflict || f.Element == "CarePlan.status" {
			continue
		}
		text := "The plans that this one was merged from conflict in " + f.Element
		if f.By != "" && f.Words != "" {
			text += " (" + f.Words + ")"
		}
		var in []string
		for _, d := range f.Differences {
			if d.Element != f.Element {
				in = append(in, d.Element)
			}
		}
		if len(in) > 0 {
			text += ": " + strings.Join(in, ", ")
		}
		m.add("note", object{"text": text + "."})
	}
}

// labels keeps the merged plan as confidential as both.
func (m *merging) labels() {
	var all []any
	seen := map[string]bool{}
	for _, p := range []*Plan{m.here, m.there} {
		for n := range p.root().Child("meta").All("security") {
			if !seen[codingOf(n)] {
				seen[codingOf(n)] = true
				all = append(all, json.RawMessage(slices.Clone(n.Raw())))
			}
		}
	}
	if len(all) > 0 {
		m.plan["meta"] = object{"security": all}
	}
}

// EpisodeExtension names the episode that a resource is part of.
const EpisodeExtension = "http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare"

func (m *merging) extensions() {
	var seen [][]byte
	for _, p := range []*Plan{m.here, m.there} {
		for n := range p.root().All("extension") {
			url, text := n.Child("url").Text(), m.raw(p, n)
			ours := url == EpisodeExtension || strings.HasPrefix(url, fhir.CanonicalBase+"/")
			if ours || slices.ContainsFunc(seen, func(s []byte) bool { return bytes.Equal(s, text) }) {
				continue
			}
			seen = append(seen, text)
			m.add("extension", text)
		}
	}
}

// contain brings along what the merged plan's parts refer to within it.
func (m *merging) contain() {
	contained := map[string]json.RawMessage{}
	var ids []string
	for _, p := range []*Plan{m.here, m.there} {
		for n := range p.root().All("contained") {
			id := n.Child("id").Text()
			text := m.raw(p, n)
			if fresh := m.ids[id]; fresh != "" && p == m.there {
				var r map[string]json.RawMessage
				_ = json.Unmarshal(text, &r) // decoded before
				r["id"] = json.RawMessage(`"` + fresh + `"`)
				text, _ = json.Marshal(r)
				id = fresh
			}
			contained[id] = text
			ids = append(ids, id)
		}
	}
	whole, _ := json.Marshal(m.plan) // of JSON and strings, which always marshal
	wanted := map[string]bool{}
	for open := [][]byte{whole}; len(open) > 0; {
		text := open[0]
		open = open[1:]
		for _, ref := range refers.FindAll(text, -1) {
			id, _ := strings.CutPrefix(string(ref[len(`"reference":"`):len(ref)-1]), "#")
			if r := contained[id]; r != nil && !wanted[id] {
				wanted[id] = true
				open = append(open, r)
			}
		}
	}
	for _, id := range ids {
		if wanted[id] {
			m.add("contained", contained[id])
		}
	}
}
