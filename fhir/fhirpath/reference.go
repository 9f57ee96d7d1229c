package fhirpath

import (
	"strings"

	"caseway/fhir"
)

// resource is %resource: what the context names, else the resource that holds
// the focus.
func (m *machine) resource() fhir.Node {
	if m.ctx.Resource.Valid() {
		return m.ctx.Resource
	}
	for _, v := range m.focus {
		if v.node.Valid() {
			return resourceOf(v.node)
		}
	}
	return fhir.Node{}
}

// rootResource is %rootResource: the resource that holds %resource as
// contained, or %resource itself.
func (m *machine) rootResource() fhir.Node {
	if m.ctx.RootResource.Valid() {
		return m.ctx.RootResource
	}
	return containerOf(m.resource())
}

// resourceOf is the nearest resource that n is or lies in.
func resourceOf(n fhir.Node) fhir.Node {
	for n.Valid() && n.Type().Kind != fhir.ResourceType {
		n = n.Parent()
	}
	return n
}

// containerOf is the resource in whose contained r stands, or r.
func containerOf(r fhir.Node) fhir.Node {
	if r.Valid() && r.Name() == "contained" {
		return resourceOf(r.Parent())
	}
	return r
}

func appendValid(dst Collection, n fhir.Node) Collection {
	if !n.Valid() {
		return dst
	}
	return append(dst, OfNode(n))
}

// resolve follows references: within the resource, within a Bundle, and
// through the context's hook. What can't be found is left out.
func resolve(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	for _, v := range in {
		target, err := m.target(v)
		if err != nil {
			return dst, &EvalError{Offset: c.offset, Text: "resolve", Cause: err}
		}
		dst = appendValid(dst, target)
		if err := m.spend(1, c.offset); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// referenceText is the literal reference of a Reference, uri or String.
func referenceText(v Value) string {
	if v.system == nil && v.node.Type() != nil && v.node.Type().Kind != fhir.PrimitiveType {
		return v.node.Child("reference").Text()
	}
	if s, ok := v.System().(String); ok {
		return string(s)
	}
	return ""
}

func (m *machine) target(v Value) (fhir.Node, error) {
	reference := referenceText(v)
	if reference == "" {
		return fhir.Node{}, nil
	}
	from := v.node
	if !from.Valid() {
		from = m.resource()
	}
	if id, ok := strings.CutPrefix(reference, "#"); ok {
		return m.contained(from, id), nil
	}
	if entry := m.inBundle(from, reference); entry.Valid() {
		return entry, nil
	}
	if m.ctx.Resolve == nil {
		return fhir.Node{}, nil
	}
	return m.ctx.Resolve(reference, from)
}

// contained finds a contained resource; "#" alone is the container itself.
func (m *machine) contained(from fhir.Node, id string) fhir.Node {
	container := containerOf(resourceOf(from))
	if id == "" {
		return container
	}
	for n := container.First(); n.Valid(); n = n.Next() {
		m.steps--
		if n.Name() == "contained" && n.Child("id").Text() == id {
			return n
		}
	}
	return fhir.Node{}
}

// inBundle finds the entry with the reference as full URL, or as its end.
func (m *machine) inBundle(from fhir.Node, reference string) fhir.Node {
	if !from.Valid() {
		return fhir.Node{}
	}
	root := from.Root()
	if root.Type().Name != "Bundle" {
		return fhir.Node{}
	}
	for n := root.First(); n.Valid(); n = n.Next() {
		m.steps--
		if n.Name() != "entry" {
			continue
		}
		url := n.Child("fullUrl").Text()
		if url == reference || strings.HasSuffix(url, "/"+reference) {
			return n.Child("resource")
		}
	}
	return fhir.Node{}
}

// resolveIsExpr is "x.resolve() is T" without fetching: the type shows in the
// reference itself, as it must where an index is made.
type resolveIsExpr struct {
	source expr
	of     typeName
	offset int
}

func (e *resolveIsExpr) eval(m *machine, dst Collection) (Collection, error) {
	v, ok, err := m.single(e.source, e.offset, "is")
	if err != nil || !ok {
		return dst, err
	}
	if name := m.targetType(v); name != "" {
		is := name == e.of.name
		if !is && m.ctx.Schema != nil {
			is = isType(m.ctx.Schema.Type(name), e.of.name, m.ctx.Schema)
		}
		return truthOf(is && e.of.space != systemSpace).append(dst), m.spend(1, e.offset)
	}
	target, err := m.target(v)
	if err != nil {
		return dst, &EvalError{Offset: e.offset, Text: "resolve", Cause: err}
	}
	if !target.Valid() {
		return dst, m.spend(1, e.offset)
	}
	return truthOf(m.is(OfNode(target), e.of)).append(dst), m.spend(1, e.offset)
}

// targetType is the resource type that a reference names, in its URL or in
// Reference.type; "" where it names none.
func (m *machine) targetType(v Value) string {
	reference := referenceText(v)
	if strings.HasPrefix(reference, "#") {
		return ""
	}
	if name := typeInReference(reference); name != "" && (m.ctx.Schema == nil || m.ctx.Schema.Type(name) != nil) {
		return name
	}
	if v.system != nil {
		return ""
	}
	return strings.TrimPrefix(v.node.Child("type").Text(), structureBase)
}

// typeInReference reads [base/]Type/id[/_history/version].
func typeInReference(reference string) string {
	path, _, _ := strings.Cut(reference, "/_history/")
	i := strings.LastIndexByte(path, '/')
	if i < 0 || !fhir.IsID(path[i+1:]) {
		return ""
	}
	name := path[:i]
	name = name[strings.LastIndexByte(name, '/')+1:]
	if name == "" || name[0] < 'A' || name[0] > 'Z' {
		return ""
	}
	return name
}
