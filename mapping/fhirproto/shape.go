package fhirproto

import (
	"strings"
	"sync"
	"sync/atomic"

	annotations "github.com/google/fhir/go/proto/google/fhir/proto/annotations_go_proto"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// shapeKind tells how a message is written in JSON.
type shapeKind uint8

const (
	complexShape   shapeKind = iota // an object
	primitiveShape                  // a string, number or boolean with a "_" twin
	referenceShape                  // an object whose "reference" is a oneof of typed ids
	choiceShape                     // no JSON of its own: value[x]
	anyShape                        // a contained resource
)

// shape is what the codec knows of one message.
type shape struct {
	kind  shapeKind
	slots []*slot          // in the order of the proto, which is FHIR's
	named map[string]*slot // by JSON name; those of a choice by the type's, such as "dateTime"

	value primitiveKind // of a primitiveShape
	field protoreflect.FieldDescriptor
	time  timeFields
	codes *codeTable // of an enum
	ids   *idTable   // of a referenceShape
}

// slot is one field of a message.
type slot struct {
	name  string // JSON name
	field protoreflect.FieldDescriptor
	list  bool
	found atomic.Pointer[shape]
}

// shape is that of the field's message.
func (s *slot) shape() *shape {
	if known := s.found.Load(); known != nil {
		return known
	}
	made := shapeOf(s.field.Message())
	s.found.Store(made)
	return made
}

var shapes sync.Map // protoreflect.FullName to *shape

func shapeOf(d protoreflect.MessageDescriptor) *shape {
	if known, ok := shapes.Load(d.FullName()); ok {
		return known.(*shape)
	}
	known, _ := shapes.LoadOrStore(d.FullName(), newShape(d))
	return known.(*shape)
}

func newShape(d protoreflect.MessageDescriptor) *shape {
	s := &shape{kind: kindOf(d), named: map[string]*slot{}}
	if s.kind == anyShape {
		return s
	}
	for i := range d.Fields().Len() {
		f := d.Fields().Get(i)
		if f.Message() == nil { // a primitive's value
			continue
		}
		if s.kind == referenceShape && f.ContainingOneof() != nil {
			continue
		}
		slot := &slot{name: f.JSONName(), field: f, list: f.IsList()}
		s.slots = append(s.slots, slot)
		s.named[slot.name] = slot
	}
	switch s.kind {
	case primitiveShape:
		s.takePrimitive(d)
	case referenceShape:
		s.ids = newIDTable(d)
	}
	return s
}

func kindOf(d protoreflect.MessageDescriptor) shapeKind {
	switch {
	case d.FullName() == "google.protobuf.Any":
		return anyShape
	case d.FullName() == "google.fhir.r4.core.Reference":
		return referenceShape
	case proto.HasExtension(d.Options(), annotations.E_IsChoiceType):
		return choiceShape
	case proto.GetExtension(d.Options(), annotations.E_StructureDefinitionKind) == annotations.StructureDefinitionKindValue_KIND_PRIMITIVE_TYPE:
		return primitiveShape
	}
	return complexShape
}

// codeTable holds the codes of an enum.
type codeTable struct {
	numbers map[string]protoreflect.EnumNumber
	codes   map[protoreflect.EnumNumber]string
}

func newCodeTable(d protoreflect.EnumDescriptor) *codeTable {
	t := &codeTable{map[string]protoreflect.EnumNumber{}, map[protoreflect.EnumNumber]string{}}
	for i := range d.Values().Len() {
		v := d.Values().Get(i)
		if v.Number() == 0 { // INVALID_UNINITIALIZED
			continue
		}
		code := strings.ReplaceAll(strings.ToLower(string(v.Name())), "_", "-")
		if original, _ := proto.GetExtension(v.Options(), annotations.E_FhirOriginalCode).(string); original != "" {
			code = original
		}
		t.numbers[code], t.codes[v.Number()] = v.Number(), code
	}
	return t
}

// IsPrimitive reports whether a message is a primitive, which Text reads.
func IsPrimitive(d protoreflect.MessageDescriptor) bool { return shapeOf(d).kind == primitiveShape }

// IsChoice reports whether a message is a choice of types, such as value[x].
func IsChoice(d protoreflect.MessageDescriptor) bool { return shapeOf(d).kind == choiceShape }

// IsReference reports whether a message is a Reference.
func IsReference(d protoreflect.MessageDescriptor) bool { return shapeOf(d).kind == referenceShape }

// TypeName is FHIR's name for a message's type: dateTime, code, Period; an
// element with children of its own has its proto's name.
func TypeName(d protoreflect.MessageDescriptor) string {
	s := shapeOf(d)
	switch {
	case s.kind == anyShape:
		return "Resource"
	case s.kind != primitiveShape:
		return string(d.Name())
	case s.value == enumValue || strings.HasSuffix(string(d.Name()), "Code"):
		return "code"
	}
	return lowerFirst(string(d.Name()))
}

// ZeroSays reports whether a primitive says something with the zero value of
// its proto: false, 0. Of other messages an empty one says nothing.
func ZeroSays(d protoreflect.MessageDescriptor) bool {
	s := shapeOf(d)
	return s.kind == primitiveShape && (s.value == boolValue || s.value == intValue || s.value == uintValue)
}
