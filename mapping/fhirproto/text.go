package fhirproto

import (
	"strings"

	datatypes "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Text is a primitive's value as FHIR writes it, without quotes: a code, a
// date as it was sent, the digits of a decimal. "" where it has none.
func Text(m protoreflect.Message) string {
	s := shapeOf(m.Descriptor())
	if s.kind != primitiveShape {
		return ""
	}
	if s.beside(m) {
		switch text, url := hidden(m, s); url {
		case hasNoValue:
			return ""
		case lexical:
			return text
		}
	}
	switch s.value {
	case textValue, decimalValue:
		return m.Get(s.field).String()
	case enumValue:
		return s.codes.codes[m.Get(s.field).Enum()]
	case timeValue:
		return string(s.appendTime(nil, m))
	case clockValue:
		return string(s.appendClock(nil, m))
	case bytesValue:
		text := s.appendValue(nil, m)
		return string(text[1 : len(text)-1])
	}
	return string(s.appendValue(nil, m))
}

// SetText gives a primitive a value as FHIR writes it, and keeps its id and
// its own extensions. A date is cut to a day where the type holds no more. It
// reports false, and changes nothing, where the type can't hold the value: a
// code that its enum lacks, a day for an instant, letters for a number.
func SetText(m protoreflect.Message, text string) bool {
	s := shapeOf(m.Descriptor())
	if s.kind != primitiveShape || text == "" {
		return false
	}
	if s.value == timeValue {
		if m.Descriptor().Name() == "Date" {
			text, _, _ = strings.Cut(text, "T")
		}
		if m.Descriptor().Name() == "Instant" && len(text) <= len("2006-01-02") {
			return false
		}
	}
	if s.value == textValue || s.value == decimalValue {
		s.clearValue(m)
		s.set(m, text)
		return true
	}
	trial := m.New()
	exact := s.set(trial, text)
	if !exact && !s.mayHide(trial, text) {
		return false
	}
	s.clearValue(m)
	trial.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		m.Set(f, v)
		return true
	})
	if !exact {
		hide(m, s, lexical, text)
	}
	return true
}

// mayHide reports whether a text that the proto can't say all of is a value
// nevertheless: a time to the nanosecond, a leap second, base64 with blanks.
func (s *shape) mayHide(trial protoreflect.Message, text string) bool {
	switch s.value {
	case timeValue, clockValue:
		return trial.Has(s.time.precision) || strings.Contains(text, ":60")
	case bytesValue:
		return true
	}
	return false
}

// clearValue removes a primitive's value with its hidden extensions.
func (s *shape) clearValue(m protoreflect.Message) {
	m.Clear(s.field)
	if s.time.precision != nil {
		m.Clear(s.time.precision)
	}
	if s.time.zone != nil {
		m.Clear(s.time.zone)
	}
	if !s.beside(m) {
		return
	}
	list := m.Mutable(s.named["extension"].field).List()
	kept := 0
	for i := range list.Len() {
		if e, ok := list.Get(i).Message().Interface().(*datatypes.Extension); ok && isHidden(e) {
			continue
		}
		list.Set(kept, list.Get(i))
		kept++
	}
	list.Truncate(kept)
}

// ReferenceText is the reference of a Reference as FHIR writes it, such as
// Patient/1; "" where it has none.
func ReferenceText(m protoreflect.Message) string {
	ids := shapeOf(m.Descriptor()).ids
	field := m.WhichOneof(ids.oneof)
	if field == nil {
		return ""
	}
	target := m.Get(field).Message()
	if s := shapeOf(field.Message()); s.beside(target) {
		if _, url := hidden(target, s); url == hasNoValue {
			return ""
		}
	}
	return ids.text(field, target)
}

// SetReference gives a Reference its reference; "" removes it.
func SetReference(m protoreflect.Message, text string) {
	ids := shapeOf(m.Descriptor()).ids
	if field := m.WhichOneof(ids.oneof); field != nil {
		m.Clear(field)
	}
	if text != "" {
		ids.set(m, text)
	}
}
