package mapping

import (
	"reflect"

	"caseway/mapping/casemodel"
)

// same reports whether two values of the case model mean the same: nil and
// empty lists do.
func same[T any](a, b T) bool {
	return casemodel.Alike(reflect.ValueOf(&a).Elem(), reflect.ValueOf(&b).Elem())
}

// zero reports whether a value of the case model says nothing.
func zero[T any](v T) bool { return empty(reflect.ValueOf(&v).Elem()) }

func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if !empty(v.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice:
		return v.Len() == 0
	}
	return v.IsZero()
}

// missing lists what a part of the case says and its copy, read back from
// FHIR, doesn't.
func missing(path string, part, back reflect.Value) Losses {
	if casemodel.Alike(part, back) {
		return nil
	}
	switch part.Kind() {
	case reflect.Struct:
		var lost Losses
		for i := range part.NumField() {
			name := jsonName(part.Type().Field(i))
			lost = append(lost, missing(path+"."+name, part.Field(i), back.Field(i))...)
		}
		return lost
	case reflect.Pointer:
		if !part.IsNil() && !back.IsNil() {
			return missing(path, part.Elem(), back.Elem())
		}
	case reflect.Slice:
		if part.Len() == back.Len() {
			var lost Losses
			for i := range part.Len() {
				lost = append(lost, missing(indexed(path, i), part.Index(i), back.Index(i))...)
			}
			return lost
		}
	}
	return Losses{{Path: path, Kind: kindOf(part.Type()), Reason: whyNotInFHIR(path)}}
}

func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return kindOf(t.Elem())
	case reflect.Slice:
		return "list of " + kindOf(t.Elem())
	}
	return t.Name()
}

func jsonName(f reflect.StructField) string {
	name := f.Tag.Get("json")
	for i := range len(name) {
		if name[i] == ',' {
			return name[:i]
		}
	}
	return name
}
