package fhirpath

import "caseway/fhir"

const (
	fhirSpace   = "FHIR"
	systemSpace = "System"
)

// systemTypes are the names in the namespace System.
var systemTypes = map[string]bool{
	"Any": true, "Boolean": true, "Integer": true, "Decimal": true, "String": true,
	"Date": true, "DateTime": true, "Time": true, "Quantity": true,
}

// baseOf is the type that a type specialises, "" at the top. It knows the
// ancestors without a schema where the definition names its parent.
func baseOf(t *fhir.Type, schema fhir.Schema) *fhir.Type {
	if t == nil || t.Base == "" || schema == nil {
		return nil
	}
	return schema.Type(t.Base)
}

// isType reports whether t is the type of a name, or specialises it.
func isType(t *fhir.Type, name string, schema fhir.Schema) bool {
	if t != nil && t.Kind == fhir.ResourceType {
		// Asked for every branch of a search parameter that many types share.
		return t.Name == name || t.Base == name || name == "Resource"
	}
	for ; t != nil; t = baseOf(t, schema) {
		if t.Name == name || t.Base == name {
			return true
		}
	}
	return false
}

// is follows the operator is: the type or one that specialises it. A name
// without namespace is System's for FHIRPath's own values and FHIR's for elements.
func (m *machine) is(v Value, t typeName) bool {
	if v.system != nil {
		if t.space == fhirSpace {
			return false
		}
		name := v.system.TypeName()
		return name == t.name || t.name == "Any"
	}
	return t.space != systemSpace && isType(v.node.Type(), t.name, m.ctx.Schema)
}

// cast follows as and ofType: like is, but that a primitive must be of exactly
// the type: a code is not given out as a string.
func (m *machine) cast(v Value, t typeName) bool {
	if v.system == nil && v.node.Type() != nil && v.node.Type().Kind == fhir.PrimitiveType {
		return t.space != systemSpace && v.node.Type().Name == t.name
	}
	return m.is(v, t)
}

// checkType fails for a name that no type has, where the schema can tell.
func checkType(t typeName, schema fhir.Schema, offset int) error {
	if t.space == "" && systemTypes[t.name] || t.space == systemSpace || schema == nil {
		return nil
	}
	if t.space != "" && t.space != fhirSpace {
		return failed(offset, "unknown namespace %s: System and FHIR are known", t.space)
	}
	if schema.Type(t.name) == nil {
		return failed(offset, "unknown type %s", t)
	}
	return nil
}

// typeExpr is is, as and ofType, as operators and as functions.
type typeExpr struct {
	operator string
	source   expr
	of       typeName
	lenient  bool
	offset   int
}

func (e *typeExpr) eval(m *machine, dst Collection) (Collection, error) {
	if err := checkType(e.of, m.ctx.Schema, e.offset); err != nil {
		return dst, err
	}
	in, own, err := m.take(e.source)
	if err != nil {
		return dst, err
	}
	if len(in) > 1 && (e.operator == "is" || e.operator == "as" && !e.lenient) {
		m.done(in, own)
		return dst, failed(e.offset, "%s takes one item, and has several: use ofType", e.operator)
	}
	for _, v := range in {
		if e.operator == "is" {
			dst = truthOf(m.is(v, e.of) || e.lenient && convertsTo(v, e.of)).append(dst)
		} else if m.cast(v, e.of) {
			dst = append(dst, v)
		}
	}
	m.done(in, own)
	return dst, m.spend(1+len(in), e.offset)
}

// convertsTo reports whether v is an element whose System type has the name.
func convertsTo(v Value, t typeName) bool {
	return t.space == "" && v.system == nil && systemTypes[t.name] && v.isPrimitive() && v.System() != nil &&
		v.System().TypeName() == t.name
}

// typeOf answers type().
func typeOf(v Value) TypeInfo {
	if v.system != nil {
		return TypeInfo{systemSpace, v.system.TypeName(), "System.Any"}
	}
	t := v.node.Type()
	info := TypeInfo{Namespace: fhirSpace, Name: t.Name}
	if t.Base != "" {
		info.BaseType = fhirSpace + "." + t.Base
	}
	return info
}

// member gives a property of a TypeInfo.
func (t TypeInfo) member(name string, dst Collection) Collection {
	switch name {
	case "namespace":
		return append(dst, Of(String(t.Namespace)))
	case "name":
		return append(dst, Of(String(t.Name)))
	case "baseType":
		return append(dst, Of(String(t.BaseType)))
	}
	return dst
}

// typeArgument reads a type specifier that was parsed as an expression, as the
// argument of is(), as() and ofType() is.
func typeArgument(t term) (typeName, bool) {
	m, ok := t.(*memberTerm)
	if !ok {
		return typeName{}, false
	}
	if m.source == nil {
		return typeName{name: m.name}, true
	}
	space, ok := m.source.(*memberTerm)
	if !ok || space.source != nil {
		return typeName{}, false
	}
	return typeName{space.name, m.name}, true
}
