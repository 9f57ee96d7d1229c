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
		d.refuseCode(at, e)
	case Member:
		if !known {
			d.codes[code] = code // spares the next text with this code an allocation
		}
	}
}

// checkConcept holds a Coding, Quantity or CodeableConcept to its required
// binding. A concept needs one coding of the set; one that has text only, or
// a system that can't be enumerated, passes.
func (d *decoder) checkConcept(at int32, e *Element) {
	n := Node{&Tree{JSON: d.json, nodes: d.nodes}, at}
	if n.Type().Name != "CodeableConcept" {
		if membership(n, e.Required) == NotMember {
			d.refuseCode(at, e)
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
	if found {
		d.refuseCode(at, e)
	}
}

func membership(coding Node, set CodeSet) Membership {
	code := coding.Child("code").Text()
	if code == "" {
		return Unknown
	}
	return set.Contains(coding.Child("system").Text(), code)
}

// fewCodes is how many codes an issue's text lists.
const fewCodes = 20

func (d *decoder) refuseCode(at int32, e *Element) {
	if !d.room(false) {
		return
	}
	text := "has a code outside the required value set " + e.ValueSet
	if set, ok := e.Required.(CodeLister); ok {
		if codes := set.Codes(); len(codes) > 0 && len(codes) <= fewCodes {
			text += "; allowed are " + strings.Join(codes, ", ")
		}
	}
	d.list(IssueCodeInvalid, d.path(at), text)
}
