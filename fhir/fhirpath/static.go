package fhirpath

import (
	"strings"

	"caseway/fhir"
)

// static is what is known of a collection before it exists.
type static struct {
	// types are those that an item may have; any stands for all.
	types     []staticType
	any       bool
	none      bool // there is never anything: the path begins with another type
	unordered bool // such as what children() gives
}

// staticType is a FHIR type, or a System type by its name.
type staticType struct {
	fhir   *fhir.Type
	system string
}

var anything = static{any: true}

func ofSystem(name string) static { return static{types: []staticType{{system: name}}} }

func ofFHIR(t *fhir.Type) static {
	if t == nil {
		return anything
	}
	return static{types: []staticType{{fhir: t}}}
}

// or is what either may be.
func (s static) or(o static) static {
	switch {
	case s.none:
		return o
	case o.none:
		return s
	}
	return static{
		types:     append(append([]staticType(nil), s.types...), o.types...),
		any:       s.any || o.any,
		unordered: s.unordered || o.unordered,
	}
}

// maybe reports whether an item may be of a type that fits.
func (s static) maybe(fits func(staticType) bool) bool {
	if s.any || len(s.types) == 0 {
		return true
	}
	for _, t := range s.types {
		if fits(t) {
			return true
		}
	}
	return false
}

func isBooleanType(t staticType) bool {
	return t.system == "Boolean" || t.fhir != nil && t.fhir.Name == "boolean"
}

func isStringType(t staticType) bool {
	if t.fhir != nil {
		return t.fhir.Kind == fhir.PrimitiveType && primitiveKindOf(t.fhir.Name) == stringKind
	}
	return t.system == "String"
}

// openType reports whether a type stands for others that have more elements.
func openType(t *fhir.Type) bool { return t.Abstract && t.Kind == fhir.ResourceType }

func (t staticType) String() string {
	if t.fhir != nil {
		return t.fhir.Name
	}
	return systemSpace + "." + t.system
}

// results are the types of functions whose result doesn't depend on the input.
var results = map[string]string{
	"count": "Integer", "indexOf": "Integer", "lastIndexOf": "Integer", "length": "Integer", "precision": "Integer",
	"ceiling": "Integer", "floor": "Integer", "truncate": "Integer",
	"substring": "String", "upper": "String", "lower": "String", "trim": "String", "replace": "String",
	"replaceMatches": "String", "toChars": "String", "split": "String", "join": "String",
	"encode": "String", "decode": "String", "escape": "String", "unescape": "String",
	"sqrt": "Decimal", "exp": "Decimal", "ln": "Decimal", "log": "Decimal",
	"now": "DateTime", "today": "Date", "timeOfDay": "Time",
	"empty": "Boolean", "exists": "Boolean", "all": "Boolean", "allTrue": "Boolean", "allFalse": "Boolean",
	"anyTrue": "Boolean", "anyFalse": "Boolean", "isDistinct": "Boolean", "not": "Boolean",
	"subsetOf": "Boolean", "supersetOf": "Boolean", "startsWith": "Boolean", "endsWith": "Boolean",
	"contains": "Boolean", "matches": "Boolean", "matchesFull": "Boolean", "comparable": "Boolean",
	"hasExtension": "Boolean", "hasValue": "Boolean", "memberOf": "Boolean", "conformsTo": "Boolean",
	"htmlChecks": "Boolean",
}

// Functions by what their result has to do with their input.
var (
	keepInput  = words("where first last single tail skip take distinct intersect exclude trace sort")
	needOrder  = words("first last tail skip take")
	needString = words(`indexOf lastIndexOf substring startsWith endsWith contains upper lower trim replace length
		matches matchesFull replaceMatches toChars split encode decode escape unescape`)
	perItem = words("where select repeat all exists aggregate sort iif trace") // arguments see the item as $this
)

func words(list string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(list) {
		set[word] = true
	}
	return set
}
