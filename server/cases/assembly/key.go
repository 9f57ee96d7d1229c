package assembly

import (
	"caseway/fhir"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// idField is the element of a resource's id, and its text.
func idField(r protoreflect.Message) (id, value protoreflect.FieldDescriptor) {
	id = r.Descriptor().Fields().ByName("id")
	return id, id.Message().Fields().ByName("value")
}

// KeyOf is the key of a resource.
func KeyOf(m proto.Message) fhir.Key {
	r := m.ProtoReflect()
	id, value := idField(r)
	return fhir.Key{Type: string(r.Descriptor().Name()), ID: r.Get(id).Message().Get(value).String()}
}

// SetID gives a resource that is created the id that it gets.
func SetID(m proto.Message, key fhir.Key) {
	r := m.ProtoReflect()
	id, value := idField(r)
	r.Mutable(id).Message().Set(value, protoreflect.ValueOfString(key.ID))
}
