package mapping

import (
	"strconv"

	"caseway/mapping/casemodel"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// inside binds what lies in a child element directly to the part.
func inside[C any](name string, bindings ...binding[C]) binding[C] {
	return binding[C]{
		read: func(m protoreflect.Message, part *C) {
			child := m.Get(field(m, name)).Message() // empty and read-only where it isn't there
			for _, b := range bindings {
				b.read(child, part)
			}
		},
		write: func(m protoreflect.Message, part *C) {
			f := field(m, name)
			child := m.Mutable(f).Message()
			for _, b := range bindings {
				b.write(child, part)
			}
			dropEmpty(m, f)
		},
	}
}

// insideFirst binds what lies in the first member of a repeating element to
// the part.
func insideFirst[C any](name string, bindings ...binding[C]) binding[C] {
	return binding[C]{
		read: func(m protoreflect.Message, part *C) {
			list := m.Get(field(m, name)).List()
			child := list.NewElement().Message()
			if list.Len() > 0 {
				child = list.Get(0).Message()
			}
			for _, b := range bindings {
				b.read(child, part)
			}
		},
		write: func(m protoreflect.Message, part *C) {
			f := field(m, name)
			list := m.Mutable(f).List()
			if list.Len() == 0 {
				list.AppendMutable()
			}
			child := list.Get(0).Message()
			for _, b := range bindings {
				b.write(child, part)
			}
			if proto.Size(child.Interface()) == 0 {
				removeAt(list, 0)
			}
			if list.Len() == 0 {
				m.Clear(f)
			}
		},
	}
}

// only is the codec of an element of which the case knows one child.
func only[T any](name string, c codec[T]) codec[T] {
	b := one(name, func(v *T) *T { return v }, c)
	return codec[T]{
		read: func(m protoreflect.Message) (v T) {
			b.read(m, &v)
			return v
		},
		write: func(m protoreflect.Message, v T) { b.write(m, &v) },
	}
}

// writeOnly binds what follows from a part and says nothing of its own.
func writeOnly[C any](write func(m protoreflect.Message, part *C)) binding[C] {
	return binding[C]{read: func(protoreflect.Message, *C) {}, write: write}
}

// moment binds a date to an element of type instant, and to an extension where
// the date isn't one.
func moment[C any](name, otherwise string, at func(*C) *casemodel.Date) binding[C] {
	element := one(name, at, date)
	other := extension(otherwise, at, inDate)
	url := extensionURL(otherwise)
	return binding[C]{
		read: func(m protoreflect.Message, part *C) {
			element.read(m, part)
			if *at(part) == "" {
				other.read(m, part)
			}
		},
		write: func(m protoreflect.Message, part *C) {
			element.write(m, part)
			if f := field(m, name); m.Has(f) || *at(part) == "" {
				removeExtensions(m, url)
				return
			}
			other.write(m, part)
		},
	}
}

// numbered gives the members of a list that FHIR wants numbered a sequence
// each, and the focal mark where they want one.
func numbered[C any](name string, b binding[C]) binding[C] {
	write := b.write
	b.write = func(m protoreflect.Message, part *C) {
		write(m, part)
		list := m.Get(field(m, name)).List()
		next := 1
		for i := range list.Len() {
			child := list.Get(i).Message()
			f := field(child, "sequence")
			if !child.Has(f) {
				words.write(child.Mutable(f).Message(), strconv.Itoa(next))
			}
			next = number.read(child.Get(f).Message()) + 1
			if focal := child.Descriptor().Fields().ByJSONName("focal"); focal != nil && !child.Has(focal) {
				words.write(child.Mutable(focal).Message(), "true")
			}
		}
	}
	return b
}

// replaced is the codec of DocumentReference.relatesTo for what a document
// replaces. Other relations are kept and not shown.
var replaced = codec[casemodel.Ref]{
	read: func(m protoreflect.Message) casemodel.Ref { return ref.read(m.Get(field(m, "target")).Message()) },
	write: func(m protoreflect.Message, v casemodel.Ref) {
		if f := field(m, "code"); !m.Has(f) {
			words.write(m.Mutable(f).Message(), "replaces")
		}
		ref.write(m.Mutable(field(m, "target")).Message(), v)
	},
}
