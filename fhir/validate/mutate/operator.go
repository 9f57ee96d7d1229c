package mutate

import (
	"strings"

	"caseway/fhir"
)

// operators are all kinds of change; those that stand several times are tried
// more often.
var operators = []operator{
	{"drop", drop},
	{"drop", drop},
	{"drop", drop},
	{"double", double},
	{"rename", rename},
	{"retype", retype},
	{"retype choice", retypeChoice},
	{"add", add},
	{"add", add},
	{"add", add},
	{"recode", recode},
	{"recode", recode},
	{"resystem", resystem},
	{"retarget", retarget},
	{"retarget", retarget},
	{"damage", damage},
	{"damage", damage},
	{"empty", empty},
	{"break", breakRule},
	{"break", breakRule},
	{"break", breakRule},
}

func drop(m *Mutator, _, o *value) (string, bool) {
	i := m.pick(o, anyMember)
	if i < 0 {
		return "", false
	}
	o.remove(i)
	return "", true
}

func double(m *Mutator, _, o *value) (string, bool) {
	i := m.pick(o, anyMember)
	if i < 0 {
		return "", false
	}
	v := o.members[i].value
	if v.kind == '[' && len(v.items) > 0 {
		v.items = append(v.items, v.items[m.random.IntN(len(v.items))].clone())
		return "item", true
	}
	o.members[i].value = &value{kind: '[', items: []*value{v, v.clone()}}
	return "single", true
}

func rename(m *Mutator, _, o *value) (string, bool) {
	i := m.pick(o, anyMember)
	if i < 0 {
		return "", false
	}
	name := &o.members[i].name
	*name = one(m, *name+"s", strings.ToUpper((*name)[:1])+(*name)[1:], (*name)[:len(*name)-1]+"q", "_"+*name)
	return "", true
}

func retype(m *Mutator, _, o *value) (string, bool) {
	i := m.pick(o, anyMember)
	if i < 0 {
		return "", false
	}
	o.members[i].value = one(m,
		quote("text"), &value{raw: "17"}, &value{raw: "true"}, &value{raw: "null"}, &value{kind: '{'},
		&value{kind: '['}, &value{kind: '{', members: []member{{"text", quote("x")}}}, &value{kind: '[', items: []*value{o.members[i].value}})
	return "", true
}

// retypeChoice writes a choice's value as another of its types.
func retypeChoice(m *Mutator, _, o *value) (string, bool) {
	i := m.pick(o, func(_ string, v *value) bool { return v.elem != nil && v.elem.Choice })
	if i < 0 {
		return "", false
	}
	e := o.members[i].value.elem
	to := e.Types[m.random.IntN(len(e.Types))].Name
	o.members[i].name = e.Name + strings.ToUpper(to[:1]) + to[1:]
	return "", true
}

// add puts in an element that other resources have.
func add(m *Mutator, _, o *value) (string, bool) {
	if len(o.typ.Elements) == 0 {
		return "", false
	}
	e := o.typ.Elements[m.random.IntN(len(o.typ.Elements))]
	name := e.Name
	if e.Choice {
		to := e.Types[m.random.IntN(len(e.Types))].Name
		name += strings.ToUpper(to[:1]) + to[1:]
	}
	from := m.pool[o.typ.Name+"."+name]
	if len(from) == 0 {
		return "", false
	}
	o.set(name, from[m.random.IntN(len(from))].clone())
	return "", true
}

// recode changes a code.
func recode(m *Mutator, _, o *value) (string, bool) {
	i := m.pick(o, func(_ string, v *value) bool {
		return len(v.each()) > 0 && v.each()[0].typ != nil && v.each()[0].typ.Name == "code"
	})
	if i < 0 {
		return "", false
	}
	v := o.members[i].value.each()[0]
	v.raw = quote(one(m, v.text()+"x", "unknown", "active", "final", "completed", strings.ToUpper(v.text()), "entered-in-error")).raw
	if v.elem != nil && v.elem.Required != nil {
		return "required", true
	}
	return "other", true
}

// resystem changes the system of a coding, quantity or identifier.
func resystem(m *Mutator, _, o *value) (string, bool) {
	v := o.get("system")
	if v == nil || v.kind != 0 {
		return "", false
	}
	v.raw = quote(one(m, "http://example.org/none", "relative", "http://snomed.info/sct", "http://unitsofmeasure.org", "urn:oid:1.2.x")).raw
	return o.typ.Name, true
}

// retarget leads a reference elsewhere.
func retarget(m *Mutator, _, o *value) (string, bool) {
	v := o.get("reference")
	if v == nil || o.typ.Name != "Reference" {
		return "", false
	}
	to := one(m, "Patient/p1", "Medication/m1", "Practitioner/x", "#nowhere", "#", "Nothing/1", "Patient/a b", "Patient", "", "urn:uuid:1", "http://example.org/fhir/Binary/1",
		"Observation/1/_history/2", "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "Patient?identifier=x|y")
	v.raw = quote(to).raw
	if strings.HasPrefix(to, "#") {
		return "contained", true
	}
	return "literal", true
}

// damage makes a primitive's text wrong, or nearly so.
func damage(m *Mutator, _, o *value) (string, bool) {
	i := m.pick(o, func(_ string, v *value) bool { return v.kind == 0 && v.typ != nil && v.typ.Kind == fhir.PrimitiveType })
	if i < 0 {
		return "", false
	}
	v := o.members[i].value
	switch v.raw[0] {
	case '"':
		v.raw = quote(one(m, v.text()+" ", " "+v.text(), "", strings.ReplaceAll(v.text(), "-", "/"), v.text()+"\u00e9", "2024-02-30", "1", "a  b", v.text()+"\n", "urn:oid:2.16.x", strings.ToUpper(v.text()))).raw
	case 't', 'f':
		v.raw = one(m, `"true"`, "1", "true")
	default:
		v.raw = one(m, "-"+strings.TrimPrefix(v.raw, "-"), v.raw+"000000000000", v.raw+"e3", `"`+v.raw+`"`, "0", "1.5")
	}
	return v.typ.Name, true
}

// empty leaves an element without content.
func empty(m *Mutator, _, o *value) (string, bool) {
	i := m.pick(o, anyMember)
	if i < 0 {
		return "", false
	}
	switch v := o.members[i].value; v.kind {
	case '{':
		v.members = nil
	case '[':
		v.items = nil
	default:
		o.members[i].value = quote("")
	}
	return "", true
}
