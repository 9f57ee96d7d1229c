package openapi

import (
	"encoding/json"
	"maps"
	"reflect"

	"caseway/server/cases/form"
	"caseway/server/cases/problem"
)

// schemas makes JSON Schemas of Go types; each struct becomes a component.
type schemas struct{ components object }

// of gives the schema of a type, a reference for a struct.
func (s *schemas) of(t reflect.Type) object {
	if t == reflect.TypeFor[json.RawMessage]() {
		return object{"type": "object"}
	}
	if f := form.Of(t); f != nil {
		if f.Codes != nil {
			return object{"type": "string", "enum": f.Codes}
		}
		return object{"type": "string", "pattern": f.Pattern.String()}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Struct:
		return s.component(t)
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer", "format": "int64"}
	}
	return object{"type": "string"}
}

func refTo(name string) object { return object{"$ref": "#/components/schemas/" + name} }

// component makes the schema of a struct once. Members that no type knows are
// refused, so they are none.
func (s *schemas) component(t reflect.Type) object {
	name := componentName(t)
	if _, made := s.components[name]; !made {
		properties := object{}
		schema := object{"type": "object", "additionalProperties": false, "properties": properties}
		s.components[name] = schema // before its members, which may hold it
		for _, f := range form.Fields(t) {
			properties[f.Name] = s.member(name, f)
		}
	}
	return refTo(name)
}

// member is the schema of a member of a type, with what it holds.
func (s *schemas) member(owner string, f form.Field) object {
	schema := maps.Clone(s.of(f.Type))
	schema["description"] = memberText(owner, f.Name)
	return schema
}

// componentName is the type's own name; a Problem of casemodel is the client's.
func componentName(t reflect.Type) string {
	if t == reflect.TypeFor[problem.Problem]() {
		return "ProblemDetails"
	}
	return t.Name()
}

// demand says which members an object always has.
func (s *schemas) demand(t reflect.Type, names ...string) {
	s.component(t)
	s.components[componentName(t)].(object)["required"] = names
}
