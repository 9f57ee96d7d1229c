package casemodel

import "reflect"

// Clone gives a copy that shares nothing with c.
func (c Case) Clone() Case { return clone(c) }

// clone copies plain data (structs, slices, pointers, no maps) whole.
func clone[T any](v T) T {
	src := reflect.ValueOf(&v).Elem()
	var dst T
	copyInto(reflect.ValueOf(&dst).Elem(), src)
	return dst
}

func copyInto(dst, src reflect.Value) {
	switch src.Kind() {
	case reflect.Struct:
		for i := range src.NumField() {
			copyInto(dst.Field(i), src.Field(i))
		}
	case reflect.Slice:
		if src.IsNil() {
			return
		}
		dst.Set(reflect.MakeSlice(src.Type(), src.Len(), src.Len()))
		for i := range src.Len() {
			copyInto(dst.Index(i), src.Index(i))
		}
	case reflect.Pointer:
		if src.IsNil() {
			return
		}
		dst.Set(reflect.New(src.Type().Elem()))
		copyInto(dst.Elem(), src.Elem())
	default:
		dst.Set(src)
	}
}
