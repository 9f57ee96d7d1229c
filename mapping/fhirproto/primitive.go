package fhirproto

import (
	"encoding/base64"
	"strconv"

	"caseway/fhir"

	datatypes "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// primitiveKind tells how a primitive's proto holds its value.
type primitiveKind uint8

const (
	textValue    primitiveKind = iota // string
	decimalValue                      // string of digits, a JSON number
	boolValue
	intValue
	uintValue
	bytesValue
	enumValue
	timeValue // microseconds, time zone and precision
	clockValue
)

// The hidden extensions. The first is jsonformat's.
const (
	hasNoValue = "https://g.co/fhir/StructureDefinition/primitiveHasNoValue"
	lexical    = "https://caseway.dev/fhir/StructureDefinition/internal-lexical"
)

func (s *shape) takePrimitive(d protoreflect.MessageDescriptor) {
	fields := d.Fields()
	s.field = fields.ByName("value")
	if s.field == nil {
		s.field = fields.ByName("value_us")
		s.time = timeFields{fields.ByName("timezone"), fields.ByName("precision"), map[string]protoreflect.EnumNumber{}}
		s.time.take()
		s.value = timeValue
		if s.time.zone == nil {
			s.value = clockValue
		}
		return
	}
	switch s.field.Kind() {
	case protoreflect.BoolKind:
		s.value = boolValue
	case protoreflect.Int32Kind, protoreflect.Sint32Kind:
		s.value = intValue
	case protoreflect.Uint32Kind:
		s.value = uintValue
	case protoreflect.BytesKind:
		s.value = bytesValue
	case protoreflect.EnumKind:
		s.value, s.codes = enumValue, newCodeTable(s.field.Enum())
	default:
		if d.Name() == "Decimal" {
			s.value = decimalValue
		}
	}
}

// readPrimitive sets a primitive's value and what stands beside it.
func (d *decoder) readPrimitive(m protoreflect.Message, s *shape, n fhir.Node) {
	d.children(m, s, n) // before hiding: extensions are set by their index
	if !n.HasValue() {
		hide(m, s, hasNoValue, "")
	} else if text := n.Text(); !s.set(m, text) {
		hide(m, s, lexical, text)
	}
}

// set gives a primitive its value, and reports whether the proto says all of
// the text.
func (s *shape) set(m protoreflect.Message, text string) bool {
	switch s.value {
	case textValue, decimalValue:
		m.Set(s.field, protoreflect.ValueOfString(text))
		return true
	case boolValue:
		m.Set(s.field, protoreflect.ValueOfBool(text == "true"))
		return true
	case intValue:
		i, err := strconv.ParseInt(text, 10, 32)
		m.Set(s.field, protoreflect.ValueOfInt32(int32(i)))
		return err == nil && strconv.FormatInt(i, 10) == text
	case uintValue:
		i, err := strconv.ParseUint(text, 10, 32)
		m.Set(s.field, protoreflect.ValueOfUint32(uint32(i)))
		return err == nil && strconv.FormatUint(i, 10) == text
	case bytesValue:
		data, err := base64.StdEncoding.DecodeString(text)
		m.Set(s.field, protoreflect.ValueOfBytes(data))
		return err == nil && base64.StdEncoding.EncodeToString(data) == text
	case enumValue:
		number, known := s.codes.numbers[text]
		m.Set(s.field, protoreflect.ValueOfEnum(number))
		return known
	case clockValue:
		return s.setClock(m, text)
	}
	return s.setTime(m, text)
}

// appendValue writes a primitive's value; nothing is written where it has none.
func (s *shape) appendValue(dst []byte, m protoreflect.Message) []byte {
	if s.beside(m) {
		switch text, url := hidden(m, s); url {
		case hasNoValue:
			return dst
		case lexical:
			if s.value == intValue || s.value == uintValue {
				return append(dst, text...)
			}
			return appendString(dst, text)
		}
	}
	v := m.Get(s.field)
	switch s.value {
	case decimalValue:
		return append(dst, v.String()...)
	case boolValue:
		return strconv.AppendBool(dst, v.Bool())
	case intValue:
		return strconv.AppendInt(dst, v.Int(), 10)
	case uintValue:
		return strconv.AppendUint(dst, v.Uint(), 10)
	case bytesValue:
		dst = base64.StdEncoding.AppendEncode(append(dst, '"'), v.Bytes())
		return append(dst, '"')
	case enumValue:
		return appendString(dst, s.codes.codes[v.Enum()])
	case clockValue:
		return append(s.appendClock(append(dst, '"'), m), '"')
	case timeValue:
		return append(s.appendTime(append(dst, '"'), m), '"')
	}
	return appendString(dst, v.String())
}

// beside reports whether a primitive has extensions, hidden ones included.
func (s *shape) beside(m protoreflect.Message) bool {
	slot := s.named["extension"]
	return slot != nil && m.Has(slot.field)
}

// hide adds a hidden extension.
func hide(m protoreflect.Message, s *shape, url, text string) {
	e := &datatypes.Extension{Url: &datatypes.Uri{Value: url}, Value: &datatypes.Extension_ValueX{}}
	if url == hasNoValue {
		e.Value.Choice = &datatypes.Extension_ValueX_Boolean{Boolean: &datatypes.Boolean{Value: true}}
	} else {
		e.Value.Choice = &datatypes.Extension_ValueX_StringValue{StringValue: &datatypes.String{Value: text}}
	}
	m.Mutable(s.named["extension"].field).List().Append(protoreflect.ValueOfMessage(e.ProtoReflect()))
}

// hidden finds a hidden extension's URL and text; both are "" where there is
// none.
func hidden(m protoreflect.Message, s *shape) (text, url string) {
	list := m.Get(s.named["extension"].field).List()
	for i := range list.Len() {
		if e, ok := list.Get(i).Message().Interface().(*datatypes.Extension); ok && isHidden(e) {
			return e.GetValue().GetStringValue().GetValue(), e.GetUrl().GetValue()
		}
	}
	return "", ""
}

func isHidden(e *datatypes.Extension) bool {
	url := e.GetUrl().GetValue()
	return url == hasNoValue || url == lexical
}
