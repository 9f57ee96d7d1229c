package fhirproto

import (
	"unicode/utf8"

	datatypes "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/anypb"
)

// Encode gives the compact JSON of a resource's proto, elements in FHIR's
// order.
func Encode(m proto.Message) []byte {
	r := m.ProtoReflect()
	dst := append(make([]byte, 0, 1024), `{"resourceType":"`...)
	dst = append(dst, r.Descriptor().Name()...)
	dst = append(dst, '"')
	dst, _ = appendMembers(dst, r, shapeOf(r.Descriptor()), true)
	return append(dst, '}')
}

// appendMembers writes the fields of a message as members of an object. comma
// says whether one must go before the next; so does what it returns.
func appendMembers(dst []byte, m protoreflect.Message, s *shape, comma bool) ([]byte, bool) {
	if s.kind == referenceShape {
		dst, comma = appendReference(dst, m, s, comma)
	}
	for _, slot := range s.slots {
		if !m.Has(slot.field) {
			continue
		}
		dst, comma = appendSlot(dst, m.Get(slot.field), slot, slot.name, comma)
	}
	return dst, comma
}

func appendSlot(dst []byte, v protoreflect.Value, slot *slot, name string, comma bool) ([]byte, bool) {
	s := slot.shape()
	switch {
	case s.kind == choiceShape:
		return appendChoice(dst, v.Message(), s, name, comma)
	case s.kind == primitiveShape && slot.list:
		return appendPrimitives(dst, v.List(), s, name, comma)
	case s.kind == primitiveShape:
		return appendPrimitive(dst, v.Message(), s, name, comma)
	case slot.list:
		dst = append(appendName(dst, name, comma), '[')
		for i := range v.List().Len() {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendObject(dst, v.List().Get(i).Message(), s)
		}
		return append(dst, ']'), true
	}
	return appendObject(appendName(dst, name, comma), v.Message(), s), true
}

func appendObject(dst []byte, m protoreflect.Message, s *shape) []byte {
	if s.kind == anyShape {
		return append(dst, m.Interface().(*anypb.Any).GetValue()...)
	}
	dst, _ = appendMembers(append(dst, '{'), m, s, false)
	return append(dst, '}')
}

func appendChoice(dst []byte, m protoreflect.Message, s *shape, name string, comma bool) ([]byte, bool) {
	for _, slot := range s.slots {
		if m.Has(slot.field) {
			return appendSlot(dst, m.Get(slot.field), slot, name+upperFirst(slot.name), comma)
		}
	}
	return dst, comma
}

func appendReference(dst []byte, m protoreflect.Message, s *shape, comma bool) ([]byte, bool) {
	field := m.WhichOneof(s.ids.oneof)
	if field == nil {
		return dst, comma
	}
	target := m.Get(field).Message()
	inner := shapeOf(field.Message())
	empty := false
	if inner.beside(target) {
		_, url := hidden(target, inner)
		empty = url == hasNoValue
	}
	if !empty {
		dst, comma = appendString(appendName(dst, "reference", comma), s.ids.text(field, target)), true
	}
	return appendTwin(dst, target, inner, "reference", comma)
}

func appendPrimitive(dst []byte, m protoreflect.Message, s *shape, name string, comma bool) ([]byte, bool) {
	before := len(dst)
	dst = appendName(dst, name, comma)
	named := len(dst)
	if dst = s.appendValue(dst, m); len(dst) == named {
		dst = dst[:before]
	} else {
		comma = true
	}
	return appendTwin(dst, m, s, name, comma)
}

// appendTwin writes the "_" member with a primitive's id and extensions, where
// it has any.
func appendTwin(dst []byte, m protoreflect.Message, s *shape, name string, comma bool) ([]byte, bool) {
	before := len(dst)
	dst = append(appendName(dst, "_"+name, comma), '{')
	dst, some := appendBeside(dst, m, s)
	if !some {
		return dst[:before], comma
	}
	return append(dst, '}'), true
}

func appendBeside(dst []byte, m protoreflect.Message, s *shape) (_ []byte, some bool) {
	if id := s.named["id"]; id != nil && m.Has(id.field) {
		dst, some = appendPrimitive(dst, m.Get(id.field).Message(), id.shape(), "id", false)
	}
	if !s.beside(m) {
		return dst, some
	}
	extension := s.named["extension"]
	list, written := m.Get(extension.field).List(), 0
	for i := range list.Len() {
		e := list.Get(i).Message()
		if d, ok := e.Interface().(*datatypes.Extension); ok && isHidden(d) {
			continue
		}
		if written == 0 {
			dst = append(appendName(dst, "extension", some), '[')
		} else {
			dst = append(dst, ',')
		}
		dst = appendObject(dst, e, extension.shape())
		written++
	}
	if written > 0 {
		return append(dst, ']'), true
	}
	return dst, some
}

// appendPrimitives writes a repeating primitive: values and their twins, null
// where one of the two has nothing.
func appendPrimitives(dst []byte, list protoreflect.List, s *shape, name string, comma bool) ([]byte, bool) {
	before := len(dst)
	dst = append(appendName(dst, name, comma), '[')
	some := false
	for i := range list.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		at := len(dst)
		if dst = s.appendValue(dst, list.Get(i).Message()); len(dst) > at {
			some = true
		} else {
			dst = append(dst, "null"...)
		}
	}
	if !some {
		dst = dst[:before]
	} else {
		dst, comma = append(dst, ']'), true
	}
	return appendTwins(dst, list, s, name, comma)
}

func appendTwins(dst []byte, list protoreflect.List, s *shape, name string, comma bool) ([]byte, bool) {
	before := len(dst)
	dst = append(appendName(dst, "_"+name, comma), '[')
	some := false
	for i := range list.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		at := len(dst)
		var has bool
		if dst, has = appendBeside(append(dst, '{'), list.Get(i).Message(), s); has {
			dst, some = append(dst, '}'), true
		} else {
			dst = append(dst[:at], "null"...)
		}
	}
	if !some {
		return dst[:before], comma
	}
	return append(dst, ']'), true
}

func appendName(dst []byte, name string, comma bool) []byte {
	if comma {
		dst = append(dst, ',')
	}
	dst = append(append(dst, '"'), name...)
	return append(dst, '"', ':')
}

const hexDigits = "0123456789abcdef"

// appendString writes a JSON string; what isn't UTF-8 becomes U+FFFD.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	if !utf8.ValidString(s) {
		s = string([]rune(s))
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

func upperFirst(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}
