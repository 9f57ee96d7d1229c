package operation

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/fhir/fhirpath"
)

// evaluate evaluates an expression of a definition: its focus is the subject,
// and it can name %subject (or %patient), %encounter, %practitioner and
// %organization.
func (a *applying) evaluate(e expression, path string) (fhirpath.Collection, error) {
	if e.Language != "text/fhirpath" {
		return nil, unfit(path+".expression.language", "must be text/fhirpath")
	}
	if err := a.work.Spend(len(e.Expression)); err != nil {
		return nil, err
	}
	compiled, err := fhirpath.Compile(e.Expression)
	if err != nil {
		return nil, unfit(path+".expression", "isn't FHIRPath: "+err.Error())
	}
	const steps = 200_000
	c := &fhirpath.Context{Schema: a.s.schema, Variables: a.variables, Now: a.now, Steps: steps, Work: a.work}
	found, err := compiled.Eval(c, fhirpath.OfNode(a.names["subject"]))
	if err := a.work.Err(); err != nil {
		return nil, err
	}
	if ee := (*fhirpath.EvalError)(nil); errors.As(err, &ee) {
		return nil, unfit(path+".expression", "has no result: "+ee.Text)
	}
	return found, err
}

// applies reports whether the conditions of applicability of an action hold. One
// that has no result doesn't hold.
func (a *applying) applies(act *planAction, path string) (bool, error) {
	for i, c := range act.Condition {
		if c.Kind != "applicability" {
			continue
		}
		found, err := a.evaluate(c.Expression, indexed(path+".condition", i))
		if err != nil {
			return false, err
		}
		holds := false
		if len(found) == 1 {
			b, is := found[0].System().(fhirpath.Boolean)
			if !is {
				return false, unfit(indexed(path+".condition", i)+".expression", "must be true or false")
			}
			holds = bool(b)
		}
		if len(found) > 1 {
			return false, unfit(indexed(path+".condition", i)+".expression", "has several results")
		}
		if !holds {
			a.skip(act, path, c.Expression.Expression)
			return false, nil
		}
	}
	return true, nil
}

// skip notes why an action doesn't apply.
func (a *applying) skip(act *planAction, path, expression string) {
	title := ""
	if act.Title != "" {
		title = " (" + act.Title + ")"
	}
	a.skipped = append(a.skipped, path+title+": its condition isn't true: "+expression)
}

func indexed(path string, i int) string { return path + "[" + string(encoded(i)) + "]" }

// dynamic sets an element of the request by an expression. A path is one of
// plain names (code.text, restriction.period.end), with or without the type
// in front. No result leaves the element as it is.
func (m *making) dynamic(v dynamicValue, path string) error {
	found, err := m.evaluate(v.Expression, path)
	if err != nil || len(found) == 0 {
		return err
	}
	kind := m.r["resourceType"].(string)
	names := strings.Split(v.Path, ".")
	if slices.Contains([]string{kind, "$this", "%resource"}, names[0]) {
		names = names[1:]
	}
	if len(names) == 0 || slices.Contains([]string{"", "id", "resourceType", "contained"}, names[0]) {
		return unfit(path+".path", "must name an element of the "+kind)
	}
	set, err := setAt(m.s.schema.Type(kind), m.r, names, found)
	if err != nil {
		return unfit(path, err.Error())
	}
	for name, value := range set {
		m.r[name] = value
	}
	return nil
}

// setAt gives an object with the element at a path set.
func setAt(t *fhir.Type, o object, names []string, found fhirpath.Collection) (object, error) {
	name := strings.TrimSuffix(names[0], "[x]")
	e := t.Element(name)
	var typ *fhir.Type
	if e != nil && e.Choice {
		name += upper(typeOf(found[0]))
		for key := range o {
			if p, ok := t.Property([]byte(key)); ok && p.Element == e {
				delete(o, key) // a choice has one value
			}
		}
	}
	p, ok := t.Property([]byte(name))
	if !ok || p.Twin {
		return nil, errors.New("has a path to no element of " + t.Name)
	}
	e, typ = p.Element, p.Type.Type()
	if len(names) == 1 {
		value, err := jsonOf(found, e.List)
		if err == nil {
			o[name] = value
		}
		return o, err
	}
	if typ == nil || typ.Kind == fhir.PrimitiveType {
		return nil, errors.New("has a path that goes on behind a primitive")
	}
	inner := object{}
	old := encoded(o[name])
	if e.List {
		var list []json.RawMessage
		if _ = json.Unmarshal(old, &list); len(list) > 0 {
			old = list[0]
		}
	}
	_ = json.Unmarshal(old, &inner) // null leaves it empty
	if inner == nil {
		inner = object{}
	}
	inner, err := setAt(typ, inner, names[1:], found)
	if err != nil {
		return nil, err
	}
	if e.List {
		o[name] = []object{inner}
		return o, nil
	}
	o[name] = inner
	return o, nil
}

func upper(name string) string {
	if name == "" {
		return ""
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// typeOf is the FHIR type of a value.
func typeOf(v fhirpath.Value) string {
	if n, is := v.Node(); is {
		return n.Type().Name
	}
	switch v.System().(type) {
	case fhirpath.Boolean:
		return "boolean"
	case fhirpath.Integer:
		return "integer"
	case fhirpath.Decimal:
		return "decimal"
	case fhirpath.Date, fhirpath.DateTime:
		return "dateTime"
	case fhirpath.Quantity:
		return "Quantity"
	}
	return "string"
}

// jsonOf writes values as an element's JSON.
func jsonOf(found fhirpath.Collection, list bool) (any, error) {
	if !list && len(found) > 1 {
		return nil, errors.New("has several results for an element that doesn't repeat")
	}
	all := make([]json.RawMessage, len(found))
	for i, v := range found {
		n, is := v.Node()
		switch s := v.System().(type) {
		case fhirpath.Boolean, fhirpath.Integer, fhirpath.Decimal:
			all[i] = json.RawMessage(v.String())
		case fhirpath.Quantity:
			if !is {
				all[i] = encoded(object{"value": json.RawMessage(s.Value.String()), "unit": s.Unit})
				break
			}
			all[i] = slices.Clone(n.Raw())
		default:
			if is {
				all[i] = slices.Clone(n.Raw())
				break
			}
			all[i] = encoded(v.String())
		}
	}
	if list {
		return all, nil
	}
	return all[0], nil
}
