package fhirproto

import (
	"errors"
	"fmt"

	"caseway/fhir"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/anypb"
)

// ErrNoProto says that no proto of the resource type is linked in.
var ErrNoProto = errors.New("no proto is linked for this resource type")

// ContainedURL begins the type URL of a contained resource; its type follows.
// The value is its JSON.
const ContainedURL = "https://caseway.dev/fhir/json/"

const protoPackage = "google.fhir.r4.core."

// LostError lists elements that the proto has no field for.
type LostError struct{ Paths []string }

func (e *LostError) Error() string {
	return fmt.Sprintf("%d elements have no field in the proto, the first at %s", len(e.Paths), e.Paths[0])
}

// New gives an empty proto of a resource type, or ErrNoProto.
func New(typ string) (proto.Message, error) {
	found, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(protoPackage + typ))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", typ, ErrNoProto)
	}
	return found.New().Interface(), nil
}

// Decode gives the proto of a resource. A *LostError comes with the proto of
// all else; with other errors there is none.
func Decode(t *fhir.Tree) (proto.Message, error) {
	if t.Type() == nil {
		return nil, fmt.Errorf("an empty tree: %w", ErrNoProto)
	}
	m, err := New(t.Type().Name)
	if err != nil {
		return nil, err
	}
	d := decoder{}
	d.children(m.ProtoReflect(), shapeOf(m.ProtoReflect().Descriptor()), t.Root())
	if d.lost != nil {
		return m, &LostError{d.lost}
	}
	return m, nil
}

// decoder fills one proto.
type decoder struct{ lost []string }

// children sets the fields of a message from the elements under a node.
func (d *decoder) children(m protoreflect.Message, s *shape, n fhir.Node) {
	for c := n.First(); c.Valid(); c = c.Next() {
		d.child(m, s, c)
	}
}

func (d *decoder) child(m protoreflect.Message, s *shape, c fhir.Node) {
	name := c.Name()
	if s.kind == referenceShape && name == "reference" {
		s.ids.readReference(m, c, d)
		return
	}
	slot := s.named[name]
	if slot == nil {
		d.lost = append(d.lost, c.Path())
		return
	}
	inner := slot.shape()
	var target protoreflect.Message
	if slot.list {
		list := m.Mutable(slot.field).List()
		for list.Len() <= c.Index() {
			list.AppendMutable()
		}
		target = list.Get(c.Index()).Message()
	} else {
		target = m.Mutable(slot.field).Message()
	}
	if inner.kind == choiceShape {
		slot = inner.named[lowerFirst(c.Type().Name)]
		if slot == nil {
			d.lost = append(d.lost, c.Path())
			return
		}
		target, inner = target.Mutable(slot.field).Message(), slot.shape()
	}
	d.value(target, inner, c)
}

func (d *decoder) value(m protoreflect.Message, s *shape, n fhir.Node) {
	switch s.kind {
	case primitiveShape:
		d.readPrimitive(m, s, n)
	case anyShape:
		contained := m.Interface().(*anypb.Any)
		contained.TypeUrl = ContainedURL + n.Type().Name
		contained.Value = append([]byte(nil), n.Raw()...)
	default:
		d.children(m, s, n)
	}
}

func lowerFirst(s string) string {
	if s == "" || s[0] < 'A' || s[0] > 'Z' {
		return s
	}
	return string(s[0]+'a'-'A') + s[1:]
}
