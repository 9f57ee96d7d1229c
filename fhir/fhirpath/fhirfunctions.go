package fhirpath

import (
	"bytes"
	"strings"

	"caseway/fhir"
)

// fhirFunctions are those that FHIR R4 adds
// (https://hl7.org/fhir/R4/fhirpath.html#functions). Missing: elementDefinition,
// slice, checkModifiers and subsumes.
var fhirFunctions = map[string]signature{
	"extension":    {min: 1, max: 1, fn: extension},
	"hasExtension": {min: 1, max: 1, fn: hasExtension},
	"hasValue":     {fn: hasValue},
	"getValue":     {fn: getValue},
	"resolve":      {fn: resolve},
	"memberOf":     {min: 1, max: 1, fn: memberOf},
	"conformsTo":   {min: 1, max: 1, fn: conformsTo},
	"htmlChecks":   {fn: htmlChecks},
}

// structureBase begins the canonical URLs of R4's own definitions.
const structureBase = "http://hl7.org/fhir/StructureDefinition/"

func extension(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	url, ok, err := c.textArgument(m, 0)
	if err != nil || !ok {
		return dst, err
	}
	for _, v := range in {
		for n := v.node.First(); n.Valid(); n = n.Next() {
			m.steps--
			if n.Name() == "extension" && hasURL(n, url) {
				dst = append(dst, OfNode(n))
			}
		}
	}
	return dst, nil
}

func hasURL(extension fhir.Node, url string) bool {
	for n := extension.First(); n.Valid(); n = n.Next() {
		if n.Name() != "url" {
			continue
		}
		if raw := n.Raw(); bytes.IndexByte(raw, '\\') < 0 {
			return len(raw) > 2 && string(raw[1:len(raw)-1]) == url
		}
		return n.Text() == url
	}
	return false
}

func hasExtension(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	found, err := extension(m, c, in, nil)
	if err != nil {
		return dst, err
	}
	return truthOf(len(found) > 0).append(dst), nil
}

func hasValue(_ *machine, _ *callExpr, in, dst Collection) (Collection, error) {
	return truthOf(len(in) == 1 && in[0].isPrimitive()).append(dst), nil
}

// isPrimitive reports whether v is a primitive with a value.
func (v Value) isPrimitive() bool {
	if v.system != nil {
		return true
	}
	t := v.node.Type()
	return t != nil && t.Kind == fhir.PrimitiveType && v.node.HasValue()
}

func getValue(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	if len(in) != 1 || !in[0].isPrimitive() {
		return dst, nil
	}
	s := in[0].System()
	if s == nil {
		return dst, nil
	}
	return m.add(dst, s, c.offset)
}

func memberOf(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	v, ok, err := c.one(in)
	if err != nil || !ok {
		return dst, err
	}
	valueSet, ok, err := c.textArgument(m, 0)
	if err != nil || !ok {
		return dst, err
	}
	if m.ctx.MemberOf == nil {
		return dst, failed(c.offset, "memberOf needs terminology, which isn't given here")
	}
	membership, err := m.ctx.MemberOf(v, valueSet)
	if err != nil {
		return dst, &EvalError{Offset: c.offset, Text: "memberOf", Cause: err}
	}
	switch membership {
	case fhir.Member:
		return True.append(dst), nil
	case fhir.NotMember:
		return False.append(dst), nil
	}
	return dst, nil
}

// conformsTo answers base definitions by type, since an element that was
// decoded has its type's form, and asks for profiles.
func conformsTo(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	v, ok, err := c.one(in)
	if err != nil || !ok {
		return dst, err
	}
	profile, ok, err := c.textArgument(m, 0)
	if err != nil || !ok {
		return dst, err
	}
	if name, ok := strings.CutPrefix(profile, structureBase); ok && m.ctx.Schema != nil && m.ctx.Schema.Type(name) != nil {
		return truthOf(m.is(v, typeName{name: name})).append(dst), nil
	}
	if m.ctx.ConformsTo == nil {
		return dst, failed(c.offset, "conformsTo needs profiles, which aren't given here")
	}
	conforms, err := m.ctx.ConformsTo(v.node, profile)
	if err != nil {
		return dst, &EvalError{Offset: c.offset, Text: "conformsTo", Cause: err}
	}
	return truthOf(conforms).append(dst), nil
}
