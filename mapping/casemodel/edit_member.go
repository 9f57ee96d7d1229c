package casemodel

import (
	"reflect"
	"strings"
)

// memberOf gives a member of the part that v points to by its JSON names, the
// part itself for "". A member of something that isn't there is not valid.
func memberOf(v any, path string) reflect.Value {
	at := reflect.ValueOf(v).Elem()
	if path == "" {
		return at
	}
	for name := range strings.SplitSeq(path, ".") {
		for at.Kind() == reflect.Pointer {
			if at.IsNil() {
				return reflect.Value{}
			}
			at = at.Elem()
		}
		at = fieldNamed(at, name)
	}
	return at
}

func fieldNamed(v reflect.Value, name string) reflect.Value {
	for i := range v.NumField() {
		if tag, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ","); tag == name {
			return v.Field(i)
		}
	}
	panic("no member " + name) // the table of Editings names what there is
}

// gone says whether a member isn't there.
func gone(v reflect.Value) bool { return !v.IsValid() || v.IsZero() }
