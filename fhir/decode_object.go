package fhir

import "fmt"

// object reads the object at d.at as members of the node at; t says which
// members there may be, the node's own type or Element for a "_" twin.
func (d *decoder) object(at int32, t *Type) {
	start := d.at
	if !d.enter(at) {
		return
	}
	base := len(d.seen)
	for range (t.slots + 63) / 64 {
		d.seen = append(d.seen, 0)
	}
	holes := d.holes
	d.at++
	empty := d.json[d.at] == '}'
	if empty {
		d.failAt(at, "an object must not be empty: leave the element out, or give it content")
	}
	for d.json[d.at] != '}' {
		d.member(at, t, base)
		if d.json[d.at] == ',' {
			d.at++
		}
	}
	d.at++
	d.depth--
	if t == d.nodes[at].typ {
		d.nodes[at].start, d.nodes[at].end = int32(start), int32(d.at)
	}
	if !empty { // what it lacks is everything
		d.close(at, t, base)
	}
	d.checkHoles(at, holes)
	d.seen = d.seen[:base]
}

// enter goes one level down, or reports that there are too many and skips the
// value.
func (d *decoder) enter(at int32) bool {
	if d.depth >= d.limits.Depth {
		d.failAt(at, tooDeep(d.limits.Depth))
		d.skip()
		return false
	}
	d.depth++
	return true
}

// member reads one member of the object of node at.
func (d *decoder) member(at int32, t *Type, base int) {
	name := d.str()
	d.at++ // the colon
	p := t.properties[string(name)]
	switch {
	case p != nil:
		if d.mark(at, t, p, base) {
			d.property(at, p, d.saw(base, p.slot^1))
			return
		}
	case t.Kind == ResourceType && string(name) == "resourceType":
		if d.see(base, t.slots-1) && d.room(true) {
			d.list(IssueStructure, d.path(at)+".resourceType", "this name stands more than once in the object")
		}
	default:
		d.unknown(at, t, name)
	}
	d.skip()
}

// mark notes that a property was there; it reports one that comes twice and a
// choice that has two types.
func (d *decoder) mark(at int32, t *Type, p *Property, base int) bool {
	if d.see(base, p.slot) {
		if d.room(true) {
			d.list(IssueStructure, d.memberPath(at, p.Element, -1), twice(p))
		}
		return false
	}
	again := d.see(base, p.Element.slot)
	if again && p.Element.Choice && !d.saw(base, p.slot^1) {
		if d.room(true) {
			d.list(IssueStructure, d.memberPath(at, p.Element, -1),
				"has values of more than one type: only one of "+p.Element.Name+"[x] is allowed")
		}
		return false
	}
	return true
}

func twice(p *Property) string {
	if p.Twin {
		return `this name, written with "_", stands more than once in the object`
	}
	return "this name stands more than once in the object"
}

// see sets a mark of the open object and reports whether it was set before.
func (d *decoder) see(base, slot int) bool {
	before := d.saw(base, slot)
	d.seen[base+slot/64] |= 1 << (slot % 64)
	return before
}

func (d *decoder) saw(base, slot int) bool {
	return d.seen[base+slot/64]&(1<<(slot%64)) != 0
}

// property reads the value of a member. paired tells that its twin, or the
// primitive that it is the twin of, came before.
func (d *decoder) property(at int32, p *Property, paired bool) {
	t := p.Type.Type()
	switch {
	case t == nil:
		d.fail(d.memberPath(at, p.Element, -1), "this server has no definition of the type "+p.Type.Name)
		d.skip()
	case p.Element.List:
		d.array(at, p, t, paired)
	case d.json[d.at] == '[':
		d.fail(d.memberPath(at, p.Element, -1), "must be "+written(t)+", not an array: it doesn't repeat")
		d.skip()
	case t.Kind != PrimitiveType:
		d.value(at, p.Element, t, -1)
	default:
		n := d.made(at, p, paired)
		if n < 0 {
			n = d.add(at, p.Element, t, -1)
		}
		d.half(n, p.Twin)
	}
}

// array reads the values of a repeating element, or its twins.
func (d *decoder) array(at int32, p *Property, t *Type, paired bool) {
	if d.json[d.at] != '[' {
		d.fail(d.memberPath(at, p.Element, -1), "must be an array, not "+describe(d.json[d.at])+": it may repeat")
		d.skip()
		return
	}
	if !d.enter(at) {
		return
	}
	d.at++
	if d.json[d.at] == ']' {
		d.fail(d.memberPath(at, p.Element, -1), "an array must not be empty: leave the element out, or give it members")
	}
	count := d.members(at, p, t, paired)
	d.at++
	d.depth--
	e := p.Element
	if few := count > 0 && count < e.Min; !p.Twin && (few || count > e.Max && e.Max != Many) && d.room(false) {
		d.list(IssueValue, d.memberPath(at, e, -1), fmt.Sprintf("has %d members, but %s", count, bounds(e)))
	}
}

func (d *decoder) members(at int32, p *Property, t *Type, paired bool) (count int) {
	made := d.made(at, p, paired)
	for ; d.json[d.at] != ']'; count++ {
		switch {
		case t.Kind != PrimitiveType:
			d.value(at, p.Element, t, count)
		case made < 0:
			d.item(d.add(at, p.Element, t, count), p.Twin)
		default:
			n := made
			made = d.sibling(d.nodes[n].next, p.Element)
			d.item(n, p.Twin)
		}
		if d.json[d.at] == ',' {
			d.at++
		}
	}
	return count
}

// item reads one member of an array of primitives, or of their twins, into
// its node.
func (d *decoder) item(n int32, twin bool) {
	if d.json[d.at] == 'n' {
		d.holes++
		d.skip()
		return
	}
	d.half(n, twin)
}

// bounds says how often an element may occur.
func bounds(e *Element) string {
	if e.Max == Many {
		return fmt.Sprintf("at least %d are needed", e.Min)
	}
	return fmt.Sprintf("%d to %d are allowed", e.Min, e.Max)
}

// sibling finds the first node of an element from a node on.
func (d *decoder) sibling(from int32, e *Element) int32 {
	for from >= 0 && d.nodes[from].elem != e {
		from = d.nodes[from].next
	}
	return from
}

// made finds the first node that the other of a pair of twins has made.
func (d *decoder) made(at int32, p *Property, paired bool) int32 {
	if !paired {
		return -1
	}
	return d.sibling(d.nodes[at].first, p.Element)
}

// close checks what an object as a whole must have.
func (d *decoder) close(at int32, t *Type, base int) {
	for _, e := range t.needed {
		if !d.saw(base, e.slot) && d.room(false) {
			d.list(IssueRequired, d.memberPath(at, e, -1), "is required, but missing")
		}
	}
	n := &d.nodes[at]
	if t == n.typ && t.Kind != ResourceType && n.first >= 0 && n.first == n.last && d.nodes[n.first].elem.Attribute &&
		d.nodes[n.first].elem.Name == "id" {
		d.refuseAt(at, IssueInvariant, "has nothing but an id: an element must have a value or content")
	}
}

// checkHoles looks again at the primitives of an object that were made
// without a value: each must have got a value or an extension since.
func (d *decoder) checkHoles(at int32, before int) {
	if d.holes == before {
		return
	}
	d.holes = before
	for i := d.nodes[at].first; i >= 0; i = d.nodes[i].next {
		n := &d.nodes[i]
		if n.typ.Kind != PrimitiveType || n.end > n.start || d.hasExtension(i) {
			continue
		}
		if n.first < 0 && n.index >= 0 {
			d.failAt(i, `is null, which is allowed only where the array beside it, with or without "_", has something at this place`)
			continue
		}
		d.refuseAt(i, IssueInvariant, "has neither a value nor an extension")
	}
}

func (d *decoder) hasExtension(at int32) bool {
	for i := d.nodes[at].first; i >= 0; i = d.nodes[i].next {
		if d.nodes[i].elem.Name == "extension" {
			return true
		}
	}
	return false
}
