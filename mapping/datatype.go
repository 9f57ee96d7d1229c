package mapping

import (
	"strconv"

	"caseway/mapping/casemodel"
	"caseway/mapping/fhirproto"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// text is the codec of a primitive as FHIR writes it: a string, a code that
// needs no table, a date, a decimal.
func text[S ~string]() codec[S] {
	return codec[S]{
		read:  func(m protoreflect.Message) S { return S(fhirproto.Text(m)) },
		write: func(m protoreflect.Message, v S) { fhirproto.SetText(m, string(v)) },
	}
}

var (
	words   = text[string]()
	date    = text[casemodel.Date]()
	decimal = text[casemodel.Decimal]()
)

var boolean = codec[bool]{
	read:  func(m protoreflect.Message) bool { return fhirproto.Text(m) == "true" },
	write: func(m protoreflect.Message, v bool) { fhirproto.SetText(m, strconv.FormatBool(v)) },
}

// integer is the codec of integer, positiveInt and unsignedInt.
func integer[I ~int | ~int64]() codec[I] {
	return codec[I]{
		read: func(m protoreflect.Message) I {
			i, _ := strconv.ParseInt(fhirproto.Text(m), 10, 64)
			return I(i)
		},
		write: func(m protoreflect.Message, v I) { fhirproto.SetText(m, strconv.FormatInt(int64(v), 10)) },
	}
}

var number = integer[int]()

// ref is the codec of a Reference of which the case knows the target only.
// Another target is another Reference: identifier and display go.
var ref = codec[casemodel.Ref]{
	read: func(m protoreflect.Message) casemodel.Ref { return casemodel.Ref(fhirproto.ReferenceText(m)) },
	write: func(m protoreflect.Message, v casemodel.Ref) {
		clearAll(m)
		fhirproto.SetReference(m, string(v))
	},
}

func clearAll(m protoreflect.Message) {
	m.Range(func(f protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		m.Clear(f)
		return true
	})
}

var identifier = object(
	one("system", func(i *casemodel.Identifier) *string { return &i.System }, words),
	one("value", func(i *casemodel.Identifier) *string { return &i.Value }, words),
)

var partyDetail = object(
	one("identifier", func(p *casemodel.Party) *casemodel.Identifier { return &p.Identifier }, identifier),
	one("display", func(p *casemodel.Party) *string { return &p.Name }, words),
	one("type", func(p *casemodel.Party) *string { return &p.Type }, words),
)

// party is the codec of a Reference to a person or an organization.
var party = codec[casemodel.Party]{
	read: func(m protoreflect.Message) casemodel.Party {
		p := partyDetail.read(m)
		p.Ref = casemodel.Ref(fhirproto.ReferenceText(m))
		return p
	},
	write: func(m protoreflect.Message, v casemodel.Party) {
		if fhirproto.ReferenceText(m) != string(v.Ref) {
			clearAll(m)
			fhirproto.SetReference(m, string(v.Ref))
		}
		partyDetail.write(m, v)
	},
	same: casemodel.Party.Same,
}

var coding = object(
	one("system", func(c *casemodel.Coding) *string { return &c.System }, words),
	one("version", func(c *casemodel.Coding) *string { return &c.Version }, words),
	one("code", func(c *casemodel.Coding) *string { return &c.Code }, words),
	one("display", func(c *casemodel.Coding) *string { return &c.Display }, words),
	one("userSelected", func(c *casemodel.Coding) **bool { return &c.UserSelected }, pointer(boolean)),
).about(func(a, b casemodel.Coding) bool { return a.System == b.System && a.Code == b.Code })

var concept = object(
	many("coding", func(c *casemodel.Concept) *[]casemodel.Coding { return &c.Codings }, coding),
	one("text", func(c *casemodel.Concept) *string { return &c.Text }, words),
)

var period = object(
	one("start", func(p *casemodel.Period) *casemodel.Date { return &p.Start }, date),
	one("end", func(p *casemodel.Period) *casemodel.Date { return &p.End }, date),
)

// quantity is the codec of Quantity and its kin. SimpleQuantity and Duration
// have the same elements.
var quantity = object(
	one("value", func(q *casemodel.Quantity) *casemodel.Decimal { return &q.Value }, decimal),
	ifThere("comparator", func(q *casemodel.Quantity) *string { return &q.Comparator }, words),
	one("unit", func(q *casemodel.Quantity) *string { return &q.Unit }, words),
	one("system", func(q *casemodel.Quantity) *string { return &q.System }, words),
	one("code", func(q *casemodel.Quantity) *string { return &q.Code }, words),
)

// ifThere binds an element that only some of the messages have.
func ifThere[C, T any](name string, at func(*C) *T, c codec[T]) binding[C] {
	b := one(name, at, c)
	has := func(m protoreflect.Message) bool { return m.Descriptor().Fields().ByJSONName(name) != nil }
	return binding[C]{
		read: func(m protoreflect.Message, part *C) {
			if has(m) {
				b.read(m, part)
			}
		},
		write: func(m protoreflect.Message, part *C) {
			if has(m) {
				b.write(m, part)
			}
		},
	}
}

var rangeOf = object(
	one("low", func(r *casemodel.Range) **casemodel.Quantity { return &r.Low }, pointer(quantity)),
	one("high", func(r *casemodel.Range) **casemodel.Quantity { return &r.High }, pointer(quantity)),
)

var ratio = object(
	one("numerator", func(r *casemodel.Ratio) **casemodel.Quantity { return &r.Numerator }, pointer(quantity)),
	one("denominator", func(r *casemodel.Ratio) **casemodel.Quantity { return &r.Denominator }, pointer(quantity)),
)

// telecom is the codec of ContactPoint.
var telecom = object(
	one("system", func(t *casemodel.Telecom) *string { return &t.System }, words),
	one("value", func(t *casemodel.Telecom) *string { return &t.Value }, words),
	one("use", func(t *casemodel.Telecom) *string { return &t.Use }, words),
)

// remark is the codec of Annotation. An author who is only a name is written
// as one.
var remark = object(
	one("text", func(r *casemodel.Remark) *string { return &r.Text }, words),
	one("author", func(r *casemodel.Remark) *casemodel.Party { return &r.By }, author),
	one("time", func(r *casemodel.Remark) *casemodel.Date { return &r.At }, date),
).about(func(a, b casemodel.Remark) bool { return a.At == b.At && a.By.Same(b.By) })

// author is the codec of Annotation.author[x].
var author = codec[casemodel.Party]{
	read: func(m protoreflect.Message) casemodel.Party {
		if f := field(m, "reference"); m.Has(f) {
			return party.read(m.Get(f).Message())
		}
		return casemodel.Party{Name: words.read(m.Get(field(m, "string")).Message())}
	},
	write: func(m protoreflect.Message, v casemodel.Party) {
		if v == (casemodel.Party{Name: v.Name}) {
			words.write(m.Mutable(field(m, "string")).Message(), v.Name)
			return
		}
		party.write(m.Mutable(field(m, "reference")).Message(), v)
	},
}

// amountOf is the codec of Money. An amount that isn't whole minor units of a
// currency isn't read.
var amountOf = codec[casemodel.Money]{
	read: func(m protoreflect.Message) casemodel.Money {
		value := decimal.read(m.Get(field(m, "value")).Message())
		currency := words.read(m.Get(field(m, "currency")).Message())
		money, err := casemodel.ParseMoney(value, currency)
		if err != nil {
			return casemodel.Money{}
		}
		return money
	},
	write: func(m protoreflect.Message, v casemodel.Money) {
		decimal.write(m.Mutable(field(m, "value")).Message(), v.Decimal())
		words.write(m.Mutable(field(m, "currency")).Message(), v.Currency)
	},
}
