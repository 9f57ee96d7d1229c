package reconcile

import (
	"cmp"
	"slices"
	"strings"

	"caseway/fhir"
)

// level is by what items are found to be the same, the surest first.
type level int

const (
	byReference level = iota
	byIdentifier
	byCode
	byText
	byMeasure
	levels
	byValue = levels // of items that have no keys
)

var levelNames = [...]string{"reference", "identifier", "code", "text", "measure", "value"}

// item is a member of a list of a plan, or the value of one of its elements.
type item struct {
	plan    *Plan
	at      fhir.Node // the member as it stands in the plan
	value   fhir.Node // what it says: itself, or an activity's reference or detail
	subject fhir.Node // what it is about; invalid where a reference leads nowhere
	keys    [levels][]string
	systems []string // of its codes
}

// itemsOf are the members of a list of a plan.
func (p *Plan) itemsOf(elements ...string) []item {
	var all []item
	for _, name := range elements {
		for n := range p.root().All(name) {
			it := item{plan: p, at: n, value: n}
			if name == "activity" {
				it.value = n.Child("reference")
				if d := n.Child("detail"); d.Valid() {
					it.value = d
				}
			}
			it.learn()
			all = append(all, it)
		}
	}
	return all
}

// learn finds out by what an item is told.
func (it *item) learn() {
	v := it.value
	if !v.Valid() {
		return
	}
	it.subject = v
	switch v.Type().Name {
	case "Reference":
		it.key(byReference, it.plan.name(v.Child("reference").Text()))
		it.identifier(v.Child("identifier"))
		it.key(byText, folded(v.Child("display").Text()))
		it.subject = it.plan.follow(v)
		it.resource()
	case "canonical", "uri", "url":
		url, _, _ := strings.Cut(v.Text(), "|")
		it.key(byReference, url)
	case "CodeableConcept":
		it.concept(byCode, v)
	case "Identifier":
		it.identifier(v)
	case "Annotation":
		it.key(byText, folded(v.Child("text").Text()))
	default:
		it.resource()
	}
}

func (it *item) key(l level, text string) {
	if text != "" && !slices.Contains(it.keys[l], text) {
		it.keys[l] = append(it.keys[l], text)
	}
}

func (it *item) identifier(n fhir.Node) {
	if n.Child("value").HasValue() {
		it.key(byIdentifier, identifierOf(n))
	}
}

// concept adds the codes of a concept, and its words.
func (it *item) concept(l level, n fhir.Node) {
	for c := range n.All("coding") {
		if c.Child("code").HasValue() {
			it.key(l, codingOf(c))
			if l == byCode {
				it.systems = append(it.systems, c.Child("system").Text())
			}
		}
	}
	if l != byCode {
		return
	}
	for _, w := range wordsIn(n) {
		it.key(byText, w)
	}
}

// resource adds what the subject says of itself.
func (it *item) resource() {
	s := it.subject
	if s.Valid() && s.Type().Kind == fhir.ResourceType {
		for n := range s.All("identifier") {
			it.identifier(n)
		}
	}
	for _, a := range aspectsOf(s) {
		for _, n := range a.valuesOf(s) {
			switch {
			case a.as == "text":
				it.key(byText, folded(n.Text()))
			case a.as != "code" && a.as != "measure":
			case n.Type().Name == "Reference":
				it.key(byCode, it.plan.name(n.Child("reference").Text()))
				if to := it.plan.follow(n); to.Valid() {
					it.concept(byCode, to.Child("code"))
				}
			case a.as == "measure":
				it.concept(byMeasure, n)
			default:
				it.concept(byCode, n)
			}
		}
	}
}

// matches reports whether two items are about the same, and how that was found.
func (it *item) matches(o *item) (level, bool) {
	for l := range levels {
		if l == byText && it.differInCode(o) {
			continue
		}
		if slices.ContainsFunc(it.keys[l], func(k string) bool { return slices.Contains(o.keys[l], k) }) {
			return l, true
		}
	}
	return 0, false
}

// differInCode: words prove nothing where codes of one system say otherwise.
func (it *item) differInCode(o *item) bool {
	return len(it.keys[byCode]) > 0 && len(o.keys[byCode]) > 0 &&
		slices.ContainsFunc(it.systems, func(s string) bool { return slices.Contains(o.systems, s) })
}

// words name an item to people.
func (it *item) words() string {
	v := it.value
	if !v.Valid() {
		return ""
	}
	if s := it.subject; s.Valid() && s != v {
		if w := wordsOf(s); w != "" {
			return w
		}
	}
	if w := wordsOf(v); w != "" {
		return w
	}
	return v.Child("reference").Text()
}

// wordsOf are what people would call a value.
func wordsOf(n fhir.Node) string {
	if n.Type().Kind == fhir.PrimitiveType {
		return n.Text()
	}
	for _, name := range []string{"text", "display"} {
		if t := n.Child(name); t.HasValue() && t.Type().Kind == fhir.PrimitiveType && t.Type().Name != "xhtml" {
			return t.Text()
		}
	}
	if n.Type().Name == "Identifier" {
		return n.Child("value").Text()
	}
	if n.Type().Name == "CodeableConcept" {
		c := n.Child("coding")
		return cmp.Or(c.Child("display").Text(), c.Child("code").Text())
	}
	for _, a := range aspectsOf(n) {
		if a.as != "code" && a.as != "text" {
			continue
		}
		for _, v := range a.valuesOf(n) {
			if w := wordsOf(v); w != "" {
				return w
			}
		}
	}
	return ""
}
