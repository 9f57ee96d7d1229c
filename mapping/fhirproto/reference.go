package fhirproto

import (
	"strings"

	"caseway/fhir"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// idTable finds the field of Reference for a resource type and back.
type idTable struct {
	oneof         protoreflect.OneofDescriptor
	uri, fragment protoreflect.FieldDescriptor
	byType        map[string]protoreflect.FieldDescriptor
	types         map[protoreflect.FieldNumber]string
}

func newIDTable(d protoreflect.MessageDescriptor) *idTable {
	t := &idTable{
		oneof: d.Oneofs().ByName("reference"), uri: d.Fields().ByName("uri"), fragment: d.Fields().ByName("fragment"),
		byType: map[string]protoreflect.FieldDescriptor{}, types: map[protoreflect.FieldNumber]string{},
	}
	for i := range t.oneof.Fields().Len() {
		f := t.oneof.Fields().Get(i)
		if typ, is := strings.CutSuffix(f.JSONName(), "Id"); is {
			typ = strings.ToUpper(typ[:1]) + typ[1:]
			t.byType[typ], t.types[f.Number()] = f, typ
		}
	}
	return t
}

// readReference sets the oneof from an element with what stands beside its
// value.
func (t *idTable) readReference(m protoreflect.Message, n fhir.Node, d *decoder) {
	target := t.set(m, n.Text())
	s := shapeOf(target.Descriptor())
	d.children(target, s, n) // before hiding: extensions are set by their index
	if !n.HasValue() {
		hide(target, s, hasNoValue, "")
	}
}

// set sets the oneof for a reference's text: a typed id for Patient/1 and
// Patient/1/_history/2, a fragment for #a, a uri otherwise.
func (t *idTable) set(m protoreflect.Message, text string) protoreflect.Message {
	field, value, history := t.uri, text, ""
	if fragment, is := strings.CutPrefix(text, "#"); is {
		field, value = t.fragment, fragment
	} else if typ, id, is := strings.Cut(text, "/"); is && t.byType[typ] != nil {
		id, version, versioned := strings.Cut(id, "/_history/")
		if id != "" && !strings.Contains(id, "/") && (!versioned || version != "" && !strings.Contains(version, "/")) {
			field, value, history = t.byType[typ], id, version
		}
	}
	target := m.Mutable(field).Message()
	s := shapeOf(field.Message())
	if value != "" {
		target.Set(s.field, protoreflect.ValueOfString(value))
	}
	if history != "" {
		inner := target.Mutable(s.named["history"].field).Message()
		inner.Set(inner.Descriptor().Fields().ByName("value"), protoreflect.ValueOfString(history))
	}
	return target
}

// text is the reference as FHIR writes it.
func (t *idTable) text(field protoreflect.FieldDescriptor, target protoreflect.Message) string {
	s := shapeOf(field.Message())
	value := target.Get(s.field).String()
	switch field.Number() {
	case t.uri.Number():
		return value
	case t.fragment.Number():
		return "#" + value
	}
	text := t.types[field.Number()] + "/" + value
	if history := s.named["history"]; history != nil && target.Has(history.field) {
		inner := target.Get(history.field).Message()
		text += "/_history/" + inner.Get(inner.Descriptor().Fields().ByName("value")).String()
	}
	return text
}
