package mapping

import (
	"caseway/mapping/casemodel"
	"caseway/mapping/fhirproto"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// demanded keeps an element that FHIR demands as it is while the part says
// nothing of it.
func demanded[C any](b binding[C], silent func(*C) bool) binding[C] {
	write := b.write
	b.write = func(m protoreflect.Message, part *C) {
		if !silent(part) {
			write(m, part)
		}
	}
	return b
}

// set gives a primitive element of a new resource its value.
func set(m proto.Message, element, text string) {
	r := m.ProtoReflect()
	fhirproto.SetText(r.Mutable(field(r, element)).Message(), text)
}

// setCode gives a new resource its code.
func setCode(m proto.Message, c casemodel.Coding) {
	r := m.ProtoReflect()
	concept.write(r.Mutable(field(r, "code")).Message(), casemodel.Concept{Codings: []casemodel.Coding{c}})
}

// inverted is the codec of a boolean that the case holds the other way round,
// so that what isn't said counts as true.
var inverted = codec[bool]{
	read: func(m protoreflect.Message) bool { return fhirproto.Text(m) == "false" },
	write: func(m protoreflect.Message, v bool) {
		fhirproto.SetText(m, map[bool]string{true: "false", false: "true"}[v])
	},
}

// wordsOf is the codec of a CodeableConcept that the case holds in words.
var wordsOf = codec[string]{
	read: func(m protoreflect.Message) string { return concept.read(m).String() },
	write: func(m protoreflect.Message, v string) {
		clearAll(m)
		concept.write(m, casemodel.Words(v))
	},
}

// humanName is the codec of HumanName that the case holds in words.
var humanName = codec[string]{
	read: func(m protoreflect.Message) string {
		if text := words.read(m.Get(field(m, "text")).Message()); text != "" {
			return text
		}
		name := ""
		add := func(part string) {
			if name != "" && part != "" {
				name += " "
			}
			name += part
		}
		for _, element := range []string{"prefix", "given"} {
			list := m.Get(field(m, element)).List()
			for i := range list.Len() {
				add(words.read(list.Get(i).Message()))
			}
		}
		add(words.read(m.Get(field(m, "family")).Message()))
		list := m.Get(field(m, "suffix")).List()
		for i := range list.Len() {
			add(words.read(list.Get(i).Message()))
		}
		return name
	},
	write: func(m protoreflect.Message, v string) {
		clearAll(m)
		words.write(m.Mutable(field(m, "text")).Message(), v)
	},
}
