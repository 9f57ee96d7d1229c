package operation

import (
	"strings"

	"caseway/fhir"
	"caseway/fhir/search"
)

// readPairs reads what a call gives for an operation of the engine's, as pairs
// of a URL, and holds their names to the definition.
func (s *Service) readPairs(d *definition, r Request) ([]search.Pair, error) {
	pairs := make([]search.Pair, 0, len(r.Query))
	var wrong []fhir.Issue
	given := map[string]int{}
	take := func(name string) bool {
		given[name]++
		p := d.parameter(name)
		if p == nil && (rows[d.ID].takes == nil || !rows[d.ID].takes(name)) {
			wrong = append(wrong, d.unknown(name))
			return false
		}
		if p != nil && p.Max == "1" && given[name] == 2 {
			wrong = append(wrong, twice(name))
		}
		return true
	}
	for _, p := range r.Query {
		if isFormat(p.Name) || take(p.Name) {
			pairs = append(pairs, p)
		}
	}
	tree, err := s.parameterTree(r.Body)
	if err != nil {
		return nil, err
	}
	for n := range parametersOf(tree) {
		name := n.Child("name").Text()
		if !take(name) {
			continue
		}
		text, ok := pairText(n.Child("value"))
		if !ok {
			wrong = append(wrong, issue(fhir.IssueValue, "parameter "+printable(name)+" needs a value that a URL can have too: a primitive, Reference, Coding, CodeableConcept, Identifier or Quantity"))
			continue
		}
		pairs = append(pairs, search.Pair{Name: name, Value: text})
	}
	if len(wrong) > 0 {
		return nil, &fhir.Error{Kind: fhir.Invalid, Issues: wrong}
	}
	return pairs, nil
}

// pairText is a value as a search has it
// (https://hl7.org/fhir/R4/search.html#ptypes).
func pairText(v fhir.Node) (text string, ok bool) {
	if !v.Valid() {
		return "", false
	}
	switch v.Type().Name {
	case "Reference":
		text = v.Child("reference").Text()
	case "Coding":
		text = token(v, "system", "code")
	case "CodeableConcept":
		var all []string
		for c := range v.All("coding") {
			all = append(all, token(c, "system", "code"))
		}
		text = strings.Join(all, ",")
	case "Identifier":
		text = token(v, "system", "value")
	case "Quantity":
		if text = v.Child("value").Text(); v.Child("code").Valid() {
			text += "|" + token(v, "system", "code")
		}
	default:
		if v.Type().Kind != fhir.PrimitiveType {
			return "", false
		}
		text = v.Text()
	}
	return text, text != ""
}

// token is system|code; a code alone where there is no system.
func token(v fhir.Node, system, code string) string {
	value := search.Escape(v.Child(code).Text())
	if s := v.Child(system).Text(); s != "" {
		return search.Escape(s) + "|" + value
	}
	return value
}
