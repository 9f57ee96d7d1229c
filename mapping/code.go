package mapping

import (
	"caseway/mapping/casemodel"
	"caseway/mapping/fhirproto"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// place of a code: how to read and write it in a resource. write gets "" to
// remove it.
type codePlace struct {
	read  func(m protoreflect.Message) string
	write func(m protoreflect.Message, code string)
}

// elementAt is an element of type code.
func elementAt(name string) codePlace {
	return codePlace{
		read: func(m protoreflect.Message) string { return fhirproto.Text(m.Get(field(m, name)).Message()) },
		write: func(m protoreflect.Message, code string) {
			f := field(m, name)
			if code == "" {
				m.Clear(f)
				return
			}
			fhirproto.SetText(m.Mutable(f).Message(), code)
		},
	}
}

// codingAt is an element of type Coding.
func codingAt(name, system string) codePlace {
	return placeIn(name, system, func(m protoreflect.Message) casemodel.Concept {
		return casemodel.Concept{Codings: []casemodel.Coding{coding.read(m)}}
	}, func(m protoreflect.Message, c casemodel.Coding) { coding.write(m, c) })
}

// conceptAt is an element of type CodeableConcept.
func conceptAt(name, system string) codePlace {
	return placeIn(name, system, concept.read, writeOnlyCoding)
}

func writeOnlyCoding(m protoreflect.Message, c casemodel.Coding) {
	clearAll(m)
	concept.write(m, casemodel.Concept{Codings: []casemodel.Coding{c}})
}

func placeIn(name, system string, read func(protoreflect.Message) casemodel.Concept, write func(protoreflect.Message, casemodel.Coding)) codePlace {
	return codePlace{
		read: func(m protoreflect.Message) string { return codeOf(read(m.Get(field(m, name)).Message()), system) },
		write: func(m protoreflect.Message, code string) {
			f := field(m, name)
			if code == "" {
				m.Clear(f)
				return
			}
			write(m.Mutable(f).Message(), codingOf(system, code))
		},
	}
}

// firstConcept is the first of a repeating CodeableConcept.
func firstConcept(name, system string) codePlace {
	return codePlace{
		read: func(m protoreflect.Message) string {
			if list := m.Get(field(m, name)).List(); list.Len() > 0 {
				return codeOf(concept.read(list.Get(0).Message()), system)
			}
			return ""
		},
		write: func(m protoreflect.Message, code string) {
			list := m.Mutable(field(m, name)).List()
			switch {
			case code == "" && list.Len() > 0:
				removeAt(list, 0)
			case code == "":
			case list.Len() == 0:
				writeOnlyCoding(list.AppendMutable().Message(), codingOf(system, code))
			default:
				writeOnlyCoding(list.Get(0).Message(), codingOf(system, code))
			}
			if list.Len() == 0 {
				m.Clear(field(m, name))
			}
		},
	}
}

// codeOf is the code that a concept has of a system.
func codeOf(c casemodel.Concept, system string) string {
	for _, k := range c.Codings {
		if k.System == system {
			return k.Code
		}
	}
	return ""
}

// codingOf is a coding with the words for it, where the system is ours.
func codingOf(system, code string) casemodel.Coding {
	c := casemodel.Coding{System: system, Code: code}
	if name, ours := nameOfSystem(system); ours {
		c.Display = displayOf(name, code)
	}
	return c
}

// fine binds a code to its place, and to an extension of ours where FHIR's
// codes are coarser than the case's. An extension that contradicts the place
// counts for nothing: somebody has moved the code.
func fine[C any, S ~string](place codePlace, finer string, at func(*C) *S, t *table) binding[C] {
	url := extensionURL(finer)
	read := func(m protoreflect.Message, old S) S {
		code := place.read(m)
		if e := findExtension(m, url); e != nil {
			if fine := inCode.read(e.ProtoReflect()); t.toFHIR[fine] == code && fine != "" {
				return S(fine)
			}
		} else if old != "" && t.toFHIR[string(old)] == code {
			return old
		}
		return S(t.toCase[code])
	}
	return binding[C]{
		read: func(m protoreflect.Message, part *C) { *at(part) = read(m, *at(part)) },
		write: func(m protoreflect.Message, part *C) {
			want := *at(part)
			if read(m, "") == want {
				return
			}
			code := t.toFHIR[string(want)]
			if place.read(m) != code {
				place.write(m, code)
			}
			removeExtensions(m, url)
			if code != "" && t.toCase[code] != string(want) {
				e := newExtension(url)
				inCode.write(e.ProtoReflect(), string(want))
				addExtension(m, e)
			}
		},
	}
}

// status binds a status to its element: see fine.
func status[C any, S ~string](element, finer string, at func(*C) *S, t *table) binding[C] {
	return fine(elementAt(element), finer, at, t)
}

// codeIn is the codec of a CodeableConcept of which the case holds the code in
// one system.
func codeIn(system string) codec[string] {
	return codec[string]{
		read:  func(m protoreflect.Message) string { return codeOf(concept.read(m), system) },
		write: func(m protoreflect.Message, v string) { writeOnlyCoding(m, codingOf(system, v)) },
	}
}

// codeInTable is codeIn for a system of ours with a table.
func codeInTable[S ~string](name string, t *table) codec[S] {
	c := codeIn(systemOf(name))
	return codec[S]{
		read: func(m protoreflect.Message) S { return S(t.toCase[c.read(m)]) },
		write: func(m protoreflect.Message, v S) {
			if code := t.toFHIR[string(v)]; code != "" {
				c.write(m, code)
			}
		},
	}
}

// legalState is the place of a Contract's state: legalState, beside which
// status, which has the same codes, says the same.
var legalState = codePlace{
	read: func(m protoreflect.Message) string {
		const system = "http://hl7.org/fhir/contract-legalstate"
		if code := conceptAt("legalState", system).read(m); code != "" {
			return code
		}
		return elementAt("status").read(m)
	},
	write: func(m protoreflect.Message, code string) {
		conceptAt("legalState", "http://hl7.org/fhir/contract-legalstate").write(m, code)
		elementAt("status").write(m, code)
	},
}
