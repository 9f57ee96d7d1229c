package fhir

import "sync/atomic"

// Schema gives the definitions that decoding is strict about. Safe for
// concurrent use; implementations may load a type when it is first asked for.
type Schema interface {
	// Type returns the definition of a resource type or data type by its
	// name, such as "CarePlan", "HumanName" or "date"; nil where there is none.
	Type(name string) *Type
}

// TypeKind tells how a type is written in JSON.
type TypeKind uint8

// The kinds of types.
const (
	PrimitiveType TypeKind = iota // a JSON string, number or boolean, with a "_" twin for id and extension
	ComplexType                   // a data type: an object
	ElementType                   // an element with children of its own, such as CarePlan.activity: an object
	ResourceType                  // an object with resourceType
)

// Type is the definition of a resource type, a data type or an element with
// children of its own. It is immutable once Seal has been called.
type Type struct {
	Name     string   // "CarePlan", "HumanName", "date"; an ElementType has its path, "CarePlan.activity.detail"
	Base     string   // the type that it specialises, such as "Quantity" for "Age"; "" at the top
	Kind     TypeKind // how it is written
	Abstract bool     // Resource, DomainResource, Element, BackboneElement
	Elements []*Element
	// Value has the lexical rule of a PrimitiveType, nil for others.
	Value *Primitive

	properties map[string]*Property
	needed     []*Element // Min is above 0
	slots      int        // how many marks decoding an object of this type needs
}

// Many is the Max of an element that has no upper bound.
const Many = -1

// Element is the definition of one element of a type.
type Element struct {
	Name string // without "[x]": "value"
	Path string // of the definition, such as "Observation.value[x]"
	Min  int    // least number of occurrences
	Max  int    // greatest number, or Many
	List bool   // written as a JSON array: Max in the base definition is above 1
	// Attribute is set for Resource.id, Element.id and Extension.url, whose
	// type is FHIRPath's System.String: they have no "_" twin.
	Attribute bool
	Choice    bool      // a choice of types, written with the type's name: valueQuantity
	Summary   bool      // part of _summary=true
	Types     []TypeRef // one, or several for a choice; "Resource" for contained and Bundle.entry.resource
	// Required is the required binding's value set; nil where there is none.
	Required CodeSet
	// ValueSet is the canonical URL of Required, without a version.
	ValueSet string

	slot int // its mark in decoding: whether it has been seen at all
}

// TypeRef names a type and finds its definition when it is first needed, so
// that a type can contain itself and unused types cost nothing.
type TypeRef struct {
	Name   string
	schema Schema
	found  *atomic.Pointer[Type]
}

// NewTypeRef makes a reference that schema resolves.
func NewTypeRef(name string, schema Schema) TypeRef {
	return TypeRef{Name: name, schema: schema, found: new(atomic.Pointer[Type])}
}

// Type returns the definition that the reference names, or nil.
func (r TypeRef) Type() *Type {
	if t := r.found.Load(); t != nil {
		return t
	}
	t := r.schema.Type(r.Name)
	if t != nil {
		r.found.Store(t)
	}
	return t
}

// Property is what one JSON property name means in a type.
type Property struct {
	Element *Element
	Type    TypeRef
	Twin    bool // "_birthDate": id and extension of a primitive

	slot int // its mark in decoding: even for a name, one more for its twin
}

// Seal builds the table of JSON property names. Call it once, before the type
// is shared.
func (t *Type) Seal() {
	t.properties = make(map[string]*Property, len(t.Elements)*2)
	t.needed, t.slots = nil, 0
	for _, e := range t.Elements {
		for _, r := range e.Types {
			name := e.Name
			if e.Choice {
				name += upperFirst(r.Name)
			}
			t.properties[name] = &Property{Element: e, Type: r, slot: t.slots}
			if isPrimitiveName(r.Name) && !e.Attribute {
				t.properties["_"+name] = &Property{Element: e, Type: r, Twin: true, slot: t.slots + 1}
			}
			t.slots += 2
		}
	}
	for _, e := range t.Elements {
		e.slot = t.slots
		t.slots++
		if e.Min > 0 {
			t.needed = append(t.needed, e)
		}
	}
	t.slots++ // the last one is for resourceType
}

// Property finds what a JSON property name means; ok is false where the type
// has no such element.
func (t *Type) Property(name []byte) (p Property, ok bool) {
	if found := t.properties[string(name)]; found != nil {
		return *found, true
	}
	return Property{}, false
}

// Element finds an element by its name without "[x]"; nil where there is none.
func (t *Type) Element(name string) *Element {
	for _, e := range t.Elements {
		if e.Name == name {
			return e
		}
	}
	return nil
}

// isPrimitiveName: R4's primitive types, and only they, have names in lower case.
func isPrimitiveName(s string) bool { return s[0] >= 'a' && s[0] <= 'z' }

func upperFirst(s string) string {
	if s[0] >= 'a' && s[0] <= 'z' {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}

// Membership is the answer of a CodeSet.
type Membership uint8

// The answers. Unknown is for sets that can't be enumerated and have no rule,
// such as SNOMED CT: it refuses nothing.
const (
	NotMember Membership = iota
	Member
	Unknown
)

// CodeSet is an expanded value set, or a rule for one that can't be
// enumerated (UCUM, currencies, MIME types, languages). Safe for concurrent use.
type CodeSet interface {
	// Contains tells whether a code is in the set. system is "" for an
	// element of type code, where only the code is written.
	Contains(system, code string) Membership
}

// CodeLister is a CodeSet that can also say what it holds.
type CodeLister interface {
	// Codes gives the codes in the order of their definition, without systems.
	Codes() []string
}
