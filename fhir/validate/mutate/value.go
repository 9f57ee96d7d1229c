package mutate

import (
	"bytes"
	"encoding/json"

	"caseway/fhir"
)

// value is a JSON value with what the definitions say of it.
type value struct {
	members []member // of an object
	items   []*value // of an array
	raw     string   // of anything else
	kind    byte     // '{', '[' or 0

	typ  *fhir.Type    // nil where it isn't known
	elem *fhir.Element // nil for a resource
}

// member is one member of an object.
type member struct {
	name  string
	value *value
}

// parse reads JSON that is known to be right.
func parse(data []byte) *value {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return read(d)
}

func read(d *json.Decoder) *value {
	token, err := d.Token()
	if err != nil {
		panic(err) // callers give resources that were decoded before
	}
	delim, ok := token.(json.Delim)
	if !ok {
		raw, _ := json.Marshal(token)
		if n, ok := token.(json.Number); ok {
			raw = []byte(n)
		}
		return &value{raw: string(raw)}
	}
	v := &value{kind: byte(delim)}
	for d.More() {
		if v.kind == '[' {
			v.items = append(v.items, read(d))
			continue
		}
		name, _ := d.Token()
		v.members = append(v.members, member{name.(string), read(d)})
	}
	_, _ = d.Token()
	return v
}

// annotate notes types, from the resource at the top down.
func (v *value) annotate(schema fhir.Schema, t *fhir.Type) {
	if resource := v.get("resourceType"); resource != nil && (t == nil || t.Kind == fhir.ResourceType) {
		t = schema.Type(resource.text())
	}
	v.typ = t
	if t == nil {
		return
	}
	for _, m := range v.members {
		p, ok := t.Property([]byte(m.name))
		if !ok || p.Twin {
			continue
		}
		for _, item := range m.value.each() {
			item.elem = p.Element
			item.typ = p.Type.Type()
			if item.kind == '{' {
				item.annotate(schema, item.typ)
			}
		}
		m.value.elem = p.Element
	}
}

// each gives the items of an array, or the value itself.
func (v *value) each() []*value {
	if v.kind == '[' {
		return v.items
	}
	return []*value{v}
}

func (v *value) get(name string) *value {
	for _, m := range v.members {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

func (v *value) set(name string, to *value) {
	for i := range v.members {
		if v.members[i].name == name {
			v.members[i].value = to
			return
		}
	}
	v.members = append(v.members, member{name, to})
}

func (v *value) remove(i int) {
	v.members = append(v.members[:i:i], v.members[i+1:]...)
}

// text is the value of a string, "" for anything else.
func (v *value) text() string {
	var s string
	if v == nil || json.Unmarshal([]byte(v.raw), &s) != nil {
		return ""
	}
	return s
}

func quote(text string) *value {
	raw, _ := json.Marshal(text)
	return &value{raw: string(raw)}
}

func (v *value) clone() *value {
	c := *v
	c.members, c.items = nil, nil
	for _, m := range v.members {
		c.members = append(c.members, member{m.name, m.value.clone()})
	}
	for _, item := range v.items {
		c.items = append(c.items, item.clone())
	}
	return &c
}

func (v *value) append(b []byte) []byte {
	switch v.kind {
	case '{':
		b = append(b, '{')
		for i, m := range v.members {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(append(b, quote(m.name).raw...), ':')
			b = m.value.append(b)
		}
		return append(b, '}')
	case '[':
		b = append(b, '[')
		for i, item := range v.items {
			if i > 0 {
				b = append(b, ',')
			}
			b = item.append(b)
		}
		return append(b, ']')
	}
	return append(b, v.raw...)
}

// objects lists all objects, the outermost first.
func (v *value) objects(dst []*value) []*value {
	if v.kind == '{' {
		dst = append(dst, v)
	}
	for _, m := range v.members {
		dst = m.value.objects(dst)
	}
	for _, item := range v.items {
		dst = item.objects(dst)
	}
	return dst
}
