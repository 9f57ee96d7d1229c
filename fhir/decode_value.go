package fhir

// value reads one value of a type that is written as an object.
func (d *decoder) value(parent int32, e *Element, t *Type, index int) {
	if d.json[d.at] != '{' {
		d.fail(d.memberPath(parent, e, index), "must be an object, not "+describe(d.json[d.at]))
		d.skip()
		return
	}
	at := d.add(parent, e, t, index)
	if t.Kind == ResourceType && t.Abstract {
		d.nested(at)
		return
	}
	before := d.problems()
	d.object(at, t)
	if e.Required != nil {
		d.checkConcept(at, e, d.problems() == before)
	}
}

// nested reads a resource inside a resource.
func (d *decoder) nested(at int32) {
	t, problem := d.resourceType()
	if t == nil {
		d.failAt(at, problem)
		d.skip()
		return
	}
	d.nodes[at].typ = t
	d.object(at, t)
}

// half reads one of the two members that make a primitive: its value, or the
// twin with its id and extensions.
func (d *decoder) half(at int32, twin bool) {
	switch {
	case !twin:
		d.primitive(at)
	case d.json[d.at] != '{':
		d.failAt(at, `the member with "_" must hold objects, not `+describe(d.json[d.at]))
		d.skip()
	default:
		before := d.problems()
		d.object(at, d.element)
		if d.problems() == before {
			d.holes++ // until there is a value or an extension
		}
	}
}

// primitive reads the value of a primitive into its node.
func (d *decoder) primitive(at int32) {
	t, start := d.nodes[at].typ, d.at
	first := d.json[start]
	if kindOf(first) != t.Value.JSON {
		d.failAt(at, "must be "+written(t)+", not "+describe(first))
		d.skip()
		return
	}
	var text []byte
	if first == '"' {
		text = d.str()
	} else {
		d.at = scalarEnd(d.json, start)
		text = d.json[start:d.at]
	}
	n := &d.nodes[at]
	n.start, n.end = int32(start), int32(d.at)
	switch {
	case len(text) == 0:
		d.refuseAt(at, IssueValue, "must not be empty: leave the element out")
	case !t.Value.Check(text):
		d.refuseAt(at, IssueValue, "is not a valid "+t.Name+": expected is "+t.Value.Form)
	case n.elem.Required != nil:
		d.checkCode(at, n.elem, text)
	}
}

// kindOf gives the kind of JSON value that starts with c in the way of
// Primitive.JSON.
func kindOf(c byte) byte {
	switch {
	case c == '-' || isDigit(c):
		return '0'
	case c == 'f':
		return 't'
	}
	return c
}

// written says how the values of a type are written.
func written(t *Type) string {
	if t.Kind != PrimitiveType {
		return "an object"
	}
	return describe(t.Value.JSON)
}
