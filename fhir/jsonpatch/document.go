package jsonpatch

import "slices"

// get gives the value at a path.
func (d *document) get(path []string) (any, error) {
	v := d.root
	for _, token := range path {
		switch at := v.(type) {
		case map[string]any:
			child, ok := at[token]
			if !ok {
				return nil, errMissing
			}
			v = child
		case []any:
			i, ok := index(token, len(at))
			if !ok {
				return nil, errIndex
			}
			v = at[i]
		default:
			return nil, errNoMember
		}
	}
	return v, nil
}

// change replaces the container that the last token of a path lies in by what
// do makes of it.
func (d *document) change(path []string, do func(container any, last string) (any, error)) (err error) {
	d.root, err = d.below(d.root, path, 0, do)
	return err
}

func (d *document) below(node any, path []string, depth int, do func(any, string) (any, error)) (any, error) {
	token := path[depth]
	if depth == len(path)-1 {
		return do(node, token)
	}
	var err error
	switch at := node.(type) {
	case map[string]any:
		child, ok := at[token]
		if !ok && d.absent != nil {
			child = d.absent(path[:depth+1])
			ok = child != nil
		}
		if !ok {
			return node, errMissing
		}
		at[token], err = d.below(child, path, depth+1, do)
	case []any:
		i, ok := index(token, len(at))
		if !ok {
			return node, errIndex
		}
		at[i], err = d.below(at[i], path, depth+1, do)
	default:
		return node, errNoMember
	}
	return node, err
}

// add adds a member to an object, or inserts a value into an array.
func (d *document) add(path []string, v any) error {
	if len(path) == 0 {
		d.root = v
		return nil
	}
	return d.change(path, func(container any, last string) (any, error) {
		switch at := container.(type) {
		case map[string]any:
			at[last] = v
			return at, nil
		case []any:
			i, ok := len(at), true
			if last != "-" {
				i, ok = index(last, len(at)+1)
			}
			if !ok {
				return at, errIndex
			}
			return slices.Insert(at, i, v), nil
		}
		return container, errNoMember
	})
}

// set replaces a value that is there.
func (d *document) set(path []string, v any) error {
	if len(path) == 0 {
		d.root = v
		return nil
	}
	return d.change(path, func(container any, last string) (any, error) {
		switch at := container.(type) {
		case map[string]any:
			at[last] = v
		case []any:
			i, _ := index(last, len(at)) // it was found
			at[i] = v
		}
		return container, nil
	})
}

// remove takes a value out, and gives it.
func (d *document) remove(path []string) (any, error) {
	if len(path) == 0 {
		return nil, errRoot
	}
	v, err := d.get(path)
	if err != nil {
		return nil, err
	}
	err = d.change(path, func(container any, last string) (any, error) {
		switch at := container.(type) {
		case map[string]any:
			delete(at, last)
		case []any:
			i, _ := index(last, len(at)) // it was found
			return slices.Delete(at, i, i+1), nil
		}
		return container, nil
	})
	return v, err
}
