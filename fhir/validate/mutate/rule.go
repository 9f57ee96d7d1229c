package mutate

import "strings"

// breakRule breaks a rule of R4 that no single field shows.
func breakRule(m *Mutator, top, o *value) (string, bool) {
	rule := rules[m.random.IntN(len(rules))]
	if !rule.do(m, top, o) {
		return "", false
	}
	return rule.name, true
}

var rules = []struct {
	name string
	do   func(m *Mutator, top, o *value) bool
}{
	{"period order", swapPeriod},
	{"extension with value and extensions", fillExtension},
	{"contained unused", addContained(`{"resourceType":"Patient","id":"unused"}`)},
	{"contained without id", addContained(`{"resourceType":"Patient","active":true}`)},
	{"contained in contained", addContained(`{"resourceType":"Patient","id":"outer","contained":[{"resourceType":"Patient","id":"inner"}]}`)},
	{"contained with version", addContained(`{"resourceType":"Patient","id":"v","meta":{"versionId":"1"},"link":[{"other":{"reference":"#"},"type":"seealso"}]}`)},
	{"contained with label", addContained(`{"resourceType":"Patient","id":"v","meta":{"security":[{"code":"R"}]},"managingOrganization":{"reference":"#"}}`)},
	{"contained id twice", containTwice},
	{"narrative", func(m *Mutator, top, _ *value) bool {
		return narrate(top, one(m, "<p onclick='x'>a</p>", "", "<script>x</script>", "<p>a", "<blink>a</blink>", "&nbsp;a", "<img src='x'/>", "<p style='a'>b</p>", " "))
	}},
	{"extension url", func(m *Mutator, _, o *value) bool {
		return addTo(o, "extension", `{"url":"`+one(m, "relative", "http://example.org/x", "urn:oid:1.2", "http://hl7.org/fhir/StructureDefinition/nothing")+`","valueString":"x"}`)
	}},
	{"modifier extension", func(_ *Mutator, _, o *value) bool {
		return addTo(o, "modifierExtension", `{"url":"http://example.org/m","valueBoolean":true}`)
	}},
	{"extension without url", func(_ *Mutator, _, o *value) bool { return addTo(o, "extension", `{"valueString":"x"}`) }},
	{"extension without value", func(_ *Mutator, _, o *value) bool { return addTo(o, "extension", `{"url":"http://example.org/x"}`) }},
	{"nothing but an id", func(_ *Mutator, _, o *value) bool {
		if o.get("resourceType") != nil {
			return false
		}
		o.members = []member{{"id", quote("only")}}
		return true
	}},
	{"element id", func(m *Mutator, _, o *value) bool {
		if o.get("resourceType") != nil {
			return false
		}
		o.set("id", quote(one(m, "same", "with space", "a_b", strings.Repeat("x", 70))))
		return true
	}},
	{"id", func(m *Mutator, top, _ *value) bool {
		top.set("id", quote(one(m, "with space", "a_b", strings.Repeat("x", 65), "ok")))
		return true
	}},
	{"code without system", func(_ *Mutator, _, o *value) bool { return o.get("code") != nil && dropMember(o, "system") }},
	{"system without code", func(_ *Mutator, _, o *value) bool { return o.get("system") != nil && dropMember(o, "code") }},
	{"value without system", func(_ *Mutator, _, o *value) bool { return o.get("value") != nil && dropMember(o, "system") }},
	{"attachment", func(m *Mutator, _, o *value) bool {
		if o.typ.Name != "Attachment" {
			return false
		}
		o.set("data", quote(one(m, "aGVsbG8=", "aGVsbG8", "####")))
		o.set("size", &value{raw: one(m, "5", "6")})
		return true
	}},
	{"bundle", breakBundle},
	{"negative", func(m *Mutator, _, o *value) bool {
		v := o.get(one(m, "value", "duration", "period"))
		if v == nil || v.kind != 0 || v.raw[0] < '1' || v.raw[0] > '9' {
			return false
		}
		v.raw = "-" + v.raw
		return true
	}},
	{"both of a choice", func(_ *Mutator, _, o *value) bool {
		for _, mem := range o.members {
			if e := mem.value.elem; e != nil && e.Choice && len(e.Types) > 1 {
				for _, t := range e.Types {
					if name := e.Name + strings.ToUpper(t.Name[:1]) + t.Name[1:]; name != mem.name && t.Name == "string" {
						o.set(name, quote("x"))
						return true
					}
				}
			}
		}
		return false
	}},
}

func swapPeriod(_ *Mutator, _, o *value) bool {
	start, end := o.get("start"), o.get("end")
	if start == nil || o.typ.Name != "Period" {
		return false
	}
	if end == nil {
		o.set("end", quote("1900"))
		return true
	}
	start.raw, end.raw = end.raw, start.raw
	return true
}

func fillExtension(m *Mutator, _, o *value) bool {
	if o.typ.Name != "Extension" {
		return false
	}
	if one(m, true, false) {
		o.set("valueString", quote("x"))
	}
	o.set("extension", parse([]byte(`[{"url":"x","valueString":"y"}]`)))
	return true
}

// addTo appends an item to a repeating element that an object's type has.
func addTo(o *value, name, item string) bool {
	if o.typ.Element(name) == nil {
		return false
	}
	list := o.get(name)
	if list == nil || list.kind != '[' {
		list = &value{kind: '['}
		o.set(name, list)
	}
	list.items = append(list.items, parse([]byte(item)))
	return true
}

func addContained(item string) func(*Mutator, *value, *value) bool {
	return func(_ *Mutator, top, _ *value) bool { return addTo(top, "contained", item) }
}

func containTwice(_ *Mutator, top, _ *value) bool {
	list := top.get("contained")
	if list == nil || list.kind != '[' || len(list.items) == 0 {
		return false
	}
	list.items = append(list.items, list.items[0].clone())
	return true
}

func narrate(top *value, inner string) bool {
	if top.typ.Element("text") == nil {
		return false
	}
	top.set("text", &value{kind: '{', members: []member{
		{"status", quote("generated")}, {"div", quote(`<div xmlns="http://www.w3.org/1999/xhtml">` + inner + `</div>`)},
	}})
	return true
}

func dropMember(o *value, name string) bool {
	for i := range o.members {
		if o.members[i].name == name {
			o.remove(i)
			return true
		}
	}
	return false
}

func breakBundle(m *Mutator, top, _ *value) bool {
	if top.typ.Name != "Bundle" || top.get("entry") == nil {
		return false
	}
	entries := top.get("entry").each()
	if len(entries) == 0 || entries[0].kind != '{' {
		return false
	}
	e := entries[m.random.IntN(len(entries))]
	switch m.random.IntN(6) {
	case 0:
		top.set("type", quote(one(m, "document", "message", "transaction", "batch", "searchset", "history", "collection", "batch-response")))
	case 1:
		e.set("fullUrl", quote(one(m, "Patient/1", "urn:uuid:1", "http://example.org/fhir/Patient/zzz", "http://example.org/a/_history/1")))
	case 2:
		return dropMember(e, one(m, "fullUrl", "request", "response", "resource", "search"))
	case 3:
		e.set("request", parse([]byte(`{"method":"PUT","url":"Patient/1"}`)))
	case 4:
		e.set("search", parse([]byte(`{"mode":"match"}`)))
	case 5:
		top.set("total", &value{raw: "3"})
	}
	return true
}
