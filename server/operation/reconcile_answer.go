package operation

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/mapping/reconcile"
)

// parameters is the Parameters resource of an answer.
func (s *Service) parameters(all []object) ([]byte, error) {
	text := encoded(object{"resourceType": "Parameters", "parameter": all})
	if _, err := fhir.Decode(s.schema, text, fhir.Limits{Bytes: len(text)}); err != nil {
		return nil, fmt.Errorf("an answer of our own doesn't decode: %w", err)
	}
	return text, nil
}

// said is a parameter with a string or code, nothing for an empty one.
func said(list []object, name, typ, text string) []object {
	if text == "" {
		return list
	}
	return append(list, object{"name": name, "value" + typ: text})
}

// finding is a finding as a parameter.
func (s *Service) finding(f reconcile.Finding) object {
	parts := said(nil, "element", "String", f.Element)
	parts = said(parts, "words", "String", strings.TrimSpace(f.Words))
	parts = said(parts, "by", "Code", f.By)
	parts = s.values(parts, "here", f.Here)
	parts = said(parts, "here-at", "String", f.HereAt)
	parts = s.values(parts, "there", f.There)
	parts = said(parts, "there-at", "String", f.ThereAt)
	for _, d := range f.Differences {
		within := said(nil, "element", "String", d.Element)
		within = s.values(within, "here", d.Here)
		within = s.values(within, "there", d.There)
		parts = append(parts, object{"name": "difference", "part": within})
	}
	return object{"name": string(f.Kind), "part": parts}
}

// values adds values in the types that they have.
func (s *Service) values(list []object, name string, nodes []fhir.Node) []object {
	for _, n := range nodes {
		if n.Valid() {
			list = append(list, s.value(name, n))
		}
	}
	return list
}

// value is a value as a parameter: as its code or as JSON where no parameter can
// carry it, as a display where it refers to what is contained in its plan.
func (s *Service) value(name string, n fhir.Node) object {
	typ := upper(n.Type().Name)
	if strings.HasPrefix(n.Child("reference").Text(), "#") {
		return object{"name": name, "valueReference": object{"display": "contained as " + n.Child("reference").Text()}}
	}
	if _, carried := s.schema.Type("Parameters.parameter").Property([]byte("value" + typ)); carried && n.HasValue() {
		return object{"name": name, "value" + typ: json.RawMessage(slices.Clone(n.Raw()))}
	}
	if code := n.Child("code"); code.Type() == s.schema.Type("CodeableConcept") { // of an activity's detail
		return s.value(name, code)
	}
	text := string(n.Raw())
	if text == "" {
		text = "without a value"
	}
	return object{"name": name, "valueString": text}
}

// sources say where the plans come from.
func (r *reconciling) sources() ([]object, error) {
	var all []object
	for _, from := range []side{r.here, r.there} {
		parts, err := r.source(from)
		if err != nil {
			return nil, err
		}
		all = append(all, object{"name": "source", "part": parts})
	}
	return all, nil
}

func (r *reconciling) source(from side) ([]object, error) {
	root, s := from.plan.Tree.Root(), r.s
	parts := said(nil, "side", "Code", from.name)
	if ref := from.reference(); ref != nil {
		parts = append(parts, object{"name": "plan", "valueReference": ref})
	}
	for _, name := range []string{"identifier", "author", "contributor", "created"} {
		parts = s.values(parts, name, slices.Collect(root.All(name)))
	}
	meta := root.Child("meta")
	parts = said(parts, "system", "Uri", meta.Child("source").Text())
	if !from.stored.Exists() {
		return parts, nil
	}
	parts = said(parts, "last-updated", "Instant", meta.Child("lastUpdated").Text())
	witnesses, err := r.witnesses(from.stored.Key)
	return append(parts, witnesses...), err
}

// mostWitnesses bounds how many Provenances of a plan are shown.
const mostWitnesses = "20"

// witnesses are the Provenances of a plan, the latest first: those that the
// caller may see, none where they may not search for them.
func (r *reconciling) witnesses(key fhir.Key) ([]object, error) {
	page, err := r.s.engine.Find(r.ctx, interaction.SearchRequest{Type: "Provenance", Parameters: []search.Pair{
		{Name: "target", Value: key.String()}, {Name: "_sort", Value: "-recorded"}, {Name: "_count", Value: mostWitnesses},
	}})
	if err != nil {
		if unseen(err) {
			return nil, nil
		}
		return nil, err
	}
	var all []object
	for _, h := range page.Matches {
		tree, err := r.s.decode(h.JSON)
		if err != nil {
			return nil, err
		}
		all = append(all, r.s.witness(tree)...)
	}
	return all, nil
}

// custodian is the agent who keeps what a Provenance is about
// (https://hl7.org/fhir/R4/valueset-provenance-agent-type.html).
const custodian = "custodian"

// witness is a Provenance as parameters: itself, and the custodians that it names.
func (s *Service) witness(tree *fhir.Tree) []object {
	root := tree.Root()
	parts := []object{{"name": "reference", "valueReference": object{"reference": referenceTo(root)}}}
	for _, name := range []string{"recorded", "activity"} {
		parts = s.values(parts, name, slices.Collect(root.All(name)))
	}
	var keepers []object
	for agent := range root.All("agent") {
		who := slices.Collect(agent.All("who"))
		parts = s.values(parts, "agent", who)
		for c := range agent.Child("type").All("coding") {
			if c.Child("code").Text() == custodian {
				keepers = s.values(keepers, "custodian", who)
			}
		}
	}
	return append(keepers, object{"name": "provenance", "part": parts})
}
