package fhirpath

import (
	"strconv"

	"caseway/fhir"
)

// System is a value of one of FHIRPath's own types: Boolean, Integer, Decimal,
// String, Date, DateTime, Time, Quantity or TypeInfo.
type System interface {
	// TypeName is the type's name without its namespace.
	TypeName() string
	// String is the value as toString gives it.
	String() string
}

// Boolean is System.Boolean.
type Boolean bool

// Integer is System.Integer: 32 bits, as in FHIRPath.
type Integer int32

// String is System.String.
type String string

// TypeInfo is what type() gives.
type TypeInfo struct {
	Namespace string // "System" or "FHIR"
	Name      string
	BaseType  string // with namespace; "" at the top
}

// TypeName is "Boolean".
func (Boolean) TypeName() string { return "Boolean" }

// TypeName is "Integer".
func (Integer) TypeName() string { return "Integer" }

// TypeName is "Decimal".
func (Decimal) TypeName() string { return "Decimal" }

// TypeName is "String".
func (String) TypeName() string { return "String" }

// TypeName is "Date".
func (Date) TypeName() string { return "Date" }

// TypeName is "DateTime".
func (DateTime) TypeName() string { return "DateTime" }

// TypeName is "Time".
func (Time) TypeName() string { return "Time" }

// TypeName is "Quantity".
func (Quantity) TypeName() string { return "Quantity" }

// TypeName is "ClassInfo", FHIRPath's name for it.
func (TypeInfo) TypeName() string { return "ClassInfo" }

// String is "true" or "false".
func (b Boolean) String() string { return strconv.FormatBool(bool(b)) }

// String writes the number.
func (i Integer) String() string { return strconv.Itoa(int(i)) }

// String is the text.
func (s String) String() string { return string(s) }

// String is the name with its namespace.
func (t TypeInfo) String() string { return t.Namespace + "." + t.Name }

// Value is one item of a collection: an element or a System value. The zero
// Value is none.
type Value struct {
	node   fhir.Node
	system System
}

// Collection is an ordered list of values.
type Collection []Value

// Of makes a value of a System one.
func Of(s System) Value { return Value{system: s} }

// OfNode makes a value of an element.
func OfNode(n fhir.Node) Value { return Value{node: n} }

// Node gives the element, if the value is one.
func (v Value) Node() (fhir.Node, bool) { return v.node, v.node.Valid() }

// System gives the value as one of FHIRPath's types. FHIR's primitives and
// quantities convert; nil for other elements, for primitives without a value
// and for quantities that a comparator makes uncertain.
func (v Value) System() System {
	if v.system != nil {
		return v.system
	}
	return systemOf(v.node)
}

// String is the value as toString gives it, or "" for what has no such form.
func (v Value) String() string {
	if s := v.System(); s != nil {
		return s.String()
	}
	return ""
}

// primitiveKind is the System type that a FHIR type converts to.
type primitiveKind uint8

const (
	notPrimitive primitiveKind = iota
	booleanKind
	integerKind
	decimalKind
	stringKind
	dateKind
	dateTimeKind
	timeKind
	quantityKind
)

// kindOf follows https://hl7.org/fhir/R4/fhirpath.html#types.
func kindOf(n fhir.Node) primitiveKind {
	t := n.Type()
	if t == nil {
		return notPrimitive
	}
	if t.Kind != fhir.PrimitiveType {
		if t.Name == "Quantity" || t.Base == "Quantity" {
			return quantityKind
		}
		return notPrimitive
	}
	return primitiveKindOf(t.Name)
}

func primitiveKindOf(name string) primitiveKind {
	switch name {
	case "boolean":
		return booleanKind
	case "integer", "positiveInt", "unsignedInt":
		return integerKind
	case "decimal":
		return decimalKind
	case "date":
		return dateKind
	case "dateTime", "instant":
		return dateTimeKind
	case "time":
		return timeKind
	}
	return stringKind
}

func systemOf(n fhir.Node) System {
	kind := kindOf(n)
	if kind == notPrimitive {
		return nil
	}
	if kind == quantityKind {
		return quantityOf(n)
	}
	if !n.HasValue() {
		return nil
	}
	return parseSystem(kind, n.Text())
}

// parseSystem reads a primitive's text; nil where it doesn't fit.
func parseSystem(kind primitiveKind, text string) System {
	switch kind {
	case booleanKind:
		return Boolean(text == "true")
	case integerKind:
		if i, err := strconv.ParseInt(text, 10, 32); err == nil {
			return Integer(i)
		}
	case decimalKind:
		if d, ok := ParseDecimal(text); ok {
			return d
		}
	case dateKind:
		if d, ok := ParseDate(text); ok {
			return d
		}
	case dateTimeKind:
		if d, ok := ParseDateTime(text); ok {
			return d
		}
	case timeKind:
		if t, ok := ParseTime(text); ok {
			return t
		}
	default:
		return String(text)
	}
	return nil
}

const ucumSystem = "http://unitsofmeasure.org"

// quantityOf converts FHIR's Quantity: with a UCUM code, or with no code at
// all. Money and other systems' units don't convert.
func quantityOf(n fhir.Node) System {
	value, ok := ParseDecimal(n.Child("value").Text())
	if !ok || n.Child("comparator").Valid() {
		return nil
	}
	system, code := n.Child("system").Text(), n.Child("code").Text()
	switch {
	case code == "" && system == "":
		if unit := n.Child("unit").Text(); unit != "" {
			return Quantity{value, unit}
		}
		return Quantity{value, "1"}
	case system != ucumSystem || code == "":
		return nil
	}
	if word := calendarOfUCUM[code]; word != "" {
		return Quantity{value, word}
	}
	return Quantity{value, code}
}
