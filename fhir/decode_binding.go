package fhir

import "strings"

// checkCode holds a primitive to its required binding.
func (d *decoder) checkCode(at int32, e *Element, text []byte) {
	code, known := d.codes[string(text)]
	if !known {
		code = string(text)
	}
	switch e.Required.Contains("", code) {
	case NotMember:
		d.refuseCode(at, e, "has a code outside")
	case Member:
		if !known {
			d.codes[code] = code // spares the next text with this code an allocation
		}
	}
}

// checkConcept holds a Coding, Quantity or CodeableConcept to its required
// binding (https://hl7.org/fhir/R4/terminologies.html#required). A concept needs
// one coding of the set: text alone is none, nor is a code without its system.
// Sets that can't be enumerated let pass what they don't know. sound tells that
// nothing else is wrong with it, such as a misspelt "coding". A Coding or
// Quantity without a code has nothing to check.
func (d *decoder) checkConcept(at int32, e *Element, sound bool) {
	n := Node{&Tree{JSON: d.json, nodes: d.nodes}, at}
	if n.Type().Name != "CodeableConcept" {
		if n.Child("code").Valid() && membership(n, e.Required) == NotMember {
			d.refuseCode(at, e, "has a code outside")
		}
		return
	}
	found := false
	for coding := range n.All("coding") {
		if membership(coding, e.Required) != NotMember {
			return
		}
		found = true
	}
	_, listed := e.Required.(CodeLister)
	switch {
	case found:
		d.refuseCode(at, e, "has no coding of")
	case listed && sound:
		d.refuseCode(at, e, "needs a coding of")
	}
}

func membership(coding Node, set CodeSet) Membership {
	system, code := coding.Child("system").Text(), coding.Child("code").Text()
	if system == "" || code == "" {
		if _, listed := set.(CodeLister); listed {
			return NotMember
		}
		return Unknown
	}
	return set.Contains(system, code)
}

// fewCodes is how many codes an issue's text lists.
const fewCodes = 20

// refuseCode says in how far a node isn't in the value set of its element.
func (d *decoder) refuseCode(at int32, e *Element, how string) {
	if !d.room(false) {
		return
	}
	text := how + " the required value set " + e.ValueSet
	if set, ok := e.Required.(CodeLister); ok {
		if codes := set.Codes(); len(codes) > 0 && len(codes) <= fewCodes {
			text += "; allowed are " + strings.Join(codes, ", ")
		}
	}
	d.list(IssueCodeInvalid, d.path(at), text)
}
