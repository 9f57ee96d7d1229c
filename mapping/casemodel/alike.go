package casemodel

import "reflect"

// Alike reports whether two values of a case mean the same: a list that isn't
// there is like an empty one. Values that are invalid are alike to all, for what
// lies in something that isn't there is compared by the presence of that.
func Alike(a, b reflect.Value) bool {
	if !a.IsValid() || !b.IsValid() {
		return true
	}
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			if !Alike(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !Alike(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		return Alike(a.Elem(), b.Elem())
	}
	return a.Equal(b)
}
