package mapping

import (
	"strings"

	"caseway/fhir"
	"caseway/mapping/fhirproto"

	datatypes "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// unsaid lists what a resource says and another, made from the case alone,
// doesn't. What the server sets itself isn't asked for.
func unsaid(path string, m, alone protoreflect.Message, root bool) Losses {
	var lost Losses
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		at := path + "." + f.JSONName()
		switch {
		case root && f.JSONName() == "meta":
			lost = append(lost, unsaidMeta(at, v.Message())...)
		case f.Message() == nil:
			// a primitive's own value, which is compared as text
		case f.IsList():
			var other protoreflect.List
			if alone.Has(f) {
				other = alone.Get(f).List()
			}
			lost = append(lost, unsaidList(at, v.List(), other)...)
		case fhirproto.IsChoice(f.Message()):
			lost = append(lost, unsaidChoice(at, v.Message(), alone.Get(f).Message())...)
		case !alone.Has(f):
			lost = append(lost, lossOf(at, f.Message()))
		default:
			lost = append(lost, unsaidValue(at, v.Message(), alone.Get(f).Message())...)
		}
		return true
	})
	return lost
}

// unsaidMeta skips what the server sets: version, time and the tag of the case.
func unsaidMeta(path string, m protoreflect.Message) Losses {
	meta := proto.Clone(m.Interface()).(*datatypes.Meta)
	meta.VersionId, meta.LastUpdated = nil, nil
	kept := meta.Tag[:0]
	for _, tag := range meta.Tag {
		if tag.GetSystem().GetValue() != fhir.CanonicalBase+"/CodeSystem/case" {
			kept = append(kept, tag)
		}
	}
	meta.Tag = kept
	return unsaid(path, meta.ProtoReflect(), (&datatypes.Meta{}).ProtoReflect(), false)
}

func unsaidList(path string, list, other protoreflect.List) Losses {
	var lost Losses
	if other != nil && list.Len() == other.Len() {
		for i := range list.Len() {
			lost = append(lost, unsaidValue(indexed(path, i), list.Get(i).Message(), other.Get(i).Message())...)
		}
		return lost
	}
	from := 0 // what stays keeps its order
	for i := range list.Len() {
		m, found := list.Get(i).Message(), false
		for j := from; other != nil && j < other.Len(); j++ {
			if len(unsaidValue(path, m, other.Get(j).Message())) == 0 {
				found, from = true, j+1
				break
			}
		}
		if !found {
			lost = append(lost, lossOf(indexed(path, i), m.Descriptor()))
		}
	}
	return lost
}

func unsaidValue(path string, m, alone protoreflect.Message) Losses {
	if proto.Equal(m.Interface(), alone.Interface()) {
		return nil
	}
	d := m.Descriptor()
	switch {
	case fhirproto.IsPrimitive(d):
		if fhirproto.Text(m) != fhirproto.Text(alone) {
			return Losses{lossOf(path, d)}
		}
		return unsaid(path, m, alone, false)
	case fhirproto.IsReference(d):
		if fhirproto.ReferenceText(m) != fhirproto.ReferenceText(alone) {
			return Losses{lossOf(path, d)}
		}
	case fhirproto.IsChoice(d):
		return unsaidChoice(path, m, alone)
	case d.FullName() == "google.protobuf.Any":
		return Losses{lossOf(path, d)}
	}
	return unsaid(path, m, alone, false)
}

// unsaidChoice compares values of a choice, whose path has no type.
func unsaidChoice(path string, m, alone protoreflect.Message) Losses {
	var lost Losses
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if !alone.Has(f) {
			lost = append(lost, lossOf(path, f.Message()))
			return true
		}
		lost = append(lost, unsaidValue(path, v.Message(), alone.Get(f).Message())...)
		return true
	})
	return lost
}

func lossOf(path string, d protoreflect.MessageDescriptor) Loss {
	return Loss{Path: path, Kind: fhirproto.TypeName(d), Reason: whyNotInCase(path)}
}

// bare is a path without its indexes.
func bare(path string) string {
	var b strings.Builder
	depth := 0
	for _, c := range path {
		switch {
		case c == '[':
			depth++
		case c == ']':
			depth--
		case depth == 0:
			b.WriteRune(c)
		}
	}
	return b.String()
}
