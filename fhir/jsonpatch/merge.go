package jsonpatch

// Merge applies a merge patch (RFC 7396 section 2): members that the patch has
// replace those of the document, objects are merged, null removes, and
// everything else, arrays among it, is replaced whole. The error is an *Error.
func Merge(doc, patch []byte) ([]byte, error) {
	target, err := decode(doc)
	if err != nil {
		return nil, err
	}
	p, err := decode(patch)
	if err != nil {
		return nil, err
	}
	return encode(merged(target, p))
}

func merged(target, patch any) any {
	members, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	object, ok := target.(map[string]any)
	if !ok {
		object = map[string]any{}
	}
	for name, v := range members {
		if v == nil {
			delete(object, name)
			continue
		}
		object[name] = merged(object[name], v)
	}
	return object
}
