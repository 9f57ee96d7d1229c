package mapping

import (
	"caseway/mapping/casemodel"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// kindsOfValue lists, for each field of casemodel.Value, the types of a choice
// that it is read from; it is written as the first that the choice has.
var kindsOfValue = []valueKind{
	kindOfValue(func(v *casemodel.Value) **casemodel.Quantity { return &v.Quantity }, quantity,
		"quantity", "simpleQuantity", "duration", "age", "count", "distance"),
	kindOfValue(func(v *casemodel.Value) **casemodel.Range { return &v.Range }, rangeOf, "range"),
	kindOfValue(func(v *casemodel.Value) **casemodel.Ratio { return &v.Ratio }, ratio, "ratio"),
	kindOfValue(func(v *casemodel.Value) **casemodel.Concept { return &v.Concept }, concept, "codeableConcept"),
	kindOfValue(func(v *casemodel.Value) **casemodel.Coding { return &v.Coding }, coding, "coding"),
	kindOfValue(func(v *casemodel.Value) **string { return &v.Text }, words, "string", "markdown", "code", "id"),
	kindOfValue(func(v *casemodel.Value) **bool { return &v.Boolean }, boolean, "boolean"),
	kindOfValue(func(v *casemodel.Value) **int { return &v.Integer }, number, "integer", "unsignedInt", "positiveInt"),
	kindOfValue(func(v *casemodel.Value) **casemodel.Decimal { return &v.Decimal }, decimal, "decimal"),
	kindOfValue(func(v *casemodel.Value) **casemodel.Date { return &v.Date }, date, "dateTime", "date", "instant"),
	kindOfValue(func(v *casemodel.Value) **string { return &v.Time }, words, "time"),
	kindOfValue(func(v *casemodel.Value) **casemodel.Period { return &v.Period }, period, "period"),
	kindOfValue(func(v *casemodel.Value) **string { return &v.URI }, words, "uri", "url", "canonical", "oid", "uuid"),
	kindOfValue(func(v *casemodel.Value) **casemodel.Ref { return &v.Ref }, ref, "reference"),
}

// valueKind reads and writes one field of casemodel.Value.
type valueKind struct {
	types []string
	read  func(m protoreflect.Message, v *casemodel.Value)
	// write reports whether the field was set, and so written.
	write func(m protoreflect.Message, v *casemodel.Value) bool
}

func kindOfValue[T any](at func(*casemodel.Value) **T, c codec[T], types ...string) valueKind {
	return valueKind{
		types: types,
		read: func(m protoreflect.Message, v *casemodel.Value) {
			read := c.read(m)
			*at(v) = &read
		},
		write: func(m protoreflect.Message, v *casemodel.Value) bool {
			if *at(v) == nil {
				return false
			}
			// An element that is there in one of the types keeps it.
			var to protoreflect.FieldDescriptor
			for _, typ := range types {
				if f := m.Descriptor().Fields().ByJSONName(typ); f != nil && (to == nil || m.Has(f)) {
					to = f
				}
			}
			if to == nil {
				clearAll(m) // the choice has no such type
				return true
			}
			c.write(m.Mutable(to).Message(), **at(v))
			dropEmpty(m, to)
			return true
		},
	}
}

// value is the codec of a choice of types.
var value = codec[casemodel.Value]{
	read: func(m protoreflect.Message) (v casemodel.Value) {
		m.Range(func(f protoreflect.FieldDescriptor, set protoreflect.Value) bool {
			for _, k := range kindsOfValue {
				for _, typ := range k.types {
					if typ == f.JSONName() {
						k.read(set.Message(), &v)
						return false
					}
				}
			}
			return false
		})
		return v
	},
	write: func(m protoreflect.Message, v casemodel.Value) {
		for _, k := range kindsOfValue {
			if k.write(m, &v) {
				return
			}
		}
	},
}

// typed binds a field to one type of a choice. The field stays empty where
// the choice has another.
func typed[C, T any](name, typ string, at func(*C) *T, c codec[T]) binding[C] {
	read := func(m protoreflect.Message) (v T) {
		f := field(m, name)
		if !m.Has(f) {
			return v
		}
		choice := m.Get(f).Message()
		if t := field(choice, typ); choice.Has(t) {
			v = c.read(choice.Get(t).Message())
		}
		return v
	}
	return binding[C]{
		read: func(m protoreflect.Message, part *C) { *at(part) = read(m) },
		write: func(m protoreflect.Message, part *C) {
			want := *at(part)
			if same(read(m), want) {
				return
			}
			f := field(m, name)
			if zero(want) {
				m.Clear(f)
				return
			}
			choice := m.Mutable(f).Message()
			t := field(choice, typ)
			c.write(choice.Mutable(t).Message(), want)
			dropEmpty(choice, t)
			dropEmpty(m, f)
		},
	}
}
