package validate

import (
	"strings"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/fhirpath"
	"caseway/fhir/snapshot"
)

// shape is what a profile holds an element to beyond its base definition. What
// the base says anyway isn't in it, so that most elements of a profile cost
// nothing.
type shape struct {
	name     string // of the element, without "[x]"
	slice    string // of the slice; "" for what isn't one
	min, max int    // fhir.Many
	types    []shapeType
	fixed    *literal
	pattern  *literal
	binding  *binding
	rules    []*rule
	longest  int // of a string, in characters; 0: any
	slicing  *slicing
	slices   []*shape
	children []*shape
}

// shapeType is a type that an element may have.
type shapeType struct {
	code     string
	profiles []string // canonical URLs of which one must hold
	targets  []string // canonical URLs of what a reference may lead to
}

type binding struct {
	strength string
	valueSet string
}

// slicing says how slices are told apart.
type slicing struct {
	discriminators []discriminator
	ordered        bool
	rules          string
}

// profile is a compiled StructureDefinition.
type profile struct {
	url      string
	def      *snapshot.Definition
	root     *shape
	modifier bool // an extension that is a modifier
	// inner are the URLs of extensions that an extension may hold.
	inner map[string]bool
}

// shaper compiles one definition.
type shaper struct {
	v   *Validator
	url string
}

// shape compiles a node of type t, or of element e of a type; nil where it says
// nothing beyond its base.
func (c *shaper) shape(n *snapshot.Node, e *fhir.Element, t *fhir.Type, keep bool) *shape {
	s := &shape{name: strings.TrimSuffix(n.Name, "[x]"), slice: n.SliceName, max: fhir.Many, longest: n.MaxLength}
	var base *definition.Element
	if e != nil {
		base = c.v.elementsOf(e.Path)[e.Path]
	}
	differs := c.bounds(s, n, e)
	s.types = c.types(n, base)
	s.fixed, s.pattern = literalOf(n.Fixed), literalOf(n.Pattern)
	if b := n.Binding; b != nil && b.ValueSet != "" && (b.Strength == "required" || b.Strength == "extensible") {
		if url, _, _ := strings.Cut(b.ValueSet, "|"); base == nil || b.Strength != "required" || url != base.Required {
			s.binding = &binding{b.Strength, b.ValueSet}
		}
	}
	s.rules = c.rules(n, base, t)
	c.below(s, n, t)
	if keep || differs || s.types != nil || s.fixed != nil || s.pattern != nil || s.binding != nil || len(s.rules) > 0 ||
		s.longest > 0 || len(s.slices) > 0 || len(s.children) > 0 {
		return s
	}
	return nil
}

// bounds reads the cardinality and reports whether it differs from the base's.
func (c *shaper) bounds(s *shape, n *snapshot.Node, e *fhir.Element) bool {
	if n.Min != nil {
		s.min = *n.Min
	}
	if n.Max != "" && n.Max != "*" {
		s.max = 0
		for _, digit := range n.Max {
			s.max = min(s.max*10+int(digit-'0'), 1<<20)
		}
	}
	return e == nil || s.min != e.Min || s.max != e.Max
}

// types gives the types, nil where they are the base's.
func (c *shaper) types(n *snapshot.Node, base *definition.Element) []shapeType {
	if len(n.Type) == 0 || base == nil {
		return nil
	}
	same := len(n.Type) == len(base.Types)
	list := make([]shapeType, len(n.Type))
	for i, t := range n.Type {
		list[i] = shapeType{code: t.Code, profiles: t.Profile, targets: anyResource(t.TargetProfile)}
		same = same && sameProfile(t.Profile, base.Types[i].Profile) && t.Code == base.Types[i].Code && sameTargets(list[i].targets, base.Types[i].Targets)
	}
	if same {
		return nil
	}
	return list
}

// anyResource drops targets that say no more than that any resource will do.
func anyResource(targets []string) []string {
	for _, t := range targets {
		if t == structureBase+"Resource" {
			return nil
		}
	}
	return targets
}

func sameProfile(urls []string, name string) bool {
	return len(urls) == 0 && name == "" || len(urls) == 1 && urls[0] == structureBase+name
}

func sameTargets(urls, names []string) bool {
	if len(urls) != len(names) {
		return false
	}
	for i, url := range urls {
		if name, ok := strings.CutPrefix(url, structureBase); !ok || name != names[i] {
			return false
		}
	}
	return true
}

// structureBase begins the canonical URLs of R4's own definitions.
const structureBase = "http://hl7.org/fhir/StructureDefinition/"

// rules compiles the constraints that neither the base element nor its type has.
func (c *shaper) rules(n *snapshot.Node, base *definition.Element, t *fhir.Type) []*rule {
	var rules []*rule
	for _, con := range n.Constraint {
		if con.Expression == "" || decoded[con.Key] || c.v.has(base, con.Key) || t != nil && c.v.typeHas(t, con.Key) {
			continue
		}
		if advice[con.Key] && !c.v.options.Advice {
			continue
		}
		expr, err := fhirpath.Compile(con.Expression, fhirpath.Lenient())
		if err != nil {
			continue // Profile says so
		}
		rules = append(rules, &rule{key: con.Key, severity: fhir.Severity(con.Severity), human: con.Human, strict: true, expr: expr})
	}
	return rules
}

func (v *Validator) has(e *definition.Element, key string) bool {
	if e == nil {
		return false
	}
	for i := range e.Constraints {
		if e.Constraints[i].Key == key {
			return true
		}
	}
	return false
}

func (v *Validator) typeHas(t *fhir.Type, key string) bool {
	for name := t.Name; name != ""; name = v.baseOf(name) {
		if v.has(v.elementsOf(name)[name], key) {
			return true
		}
	}
	return false
}

// below compiles children and slices.
func (c *shaper) below(s *shape, n *snapshot.Node, t *fhir.Type) {
	for _, child := range n.Children {
		e, of := c.element(t, child)
		if compiled := c.shape(child, e, of, false); compiled != nil {
			s.children = append(s.children, compiled)
		}
	}
	if n.Slicing != nil {
		s.slicing = &slicing{ordered: n.Slicing.Ordered, rules: n.Slicing.Rules}
		for _, d := range n.Slicing.Discriminator {
			s.slicing.discriminators = append(s.slicing.discriminators, discriminatorOf(d))
		}
	}
	for _, child := range n.Slices {
		of := t
		if named := c.typeOf(child); named != nil && (t == nil || t.Kind != fhir.ElementType) {
			of = named
		}
		if compiled := c.slice(child, of); compiled != nil {
			s.slices = append(s.slices, compiled)
		}
	}
}

// slice compiles a slice, which is kept whatever it says. Its types count: they
// may be what tells it apart.
func (c *shaper) slice(n *snapshot.Node, t *fhir.Type) *shape {
	s := c.shape(n, nil, t, true)
	for _, typ := range n.Type {
		s.types = append(s.types, shapeType{code: typ.Code, profiles: typ.Profile, targets: anyResource(typ.TargetProfile)})
	}
	if t != nil && t.Kind == fhir.ElementType {
		s.types = nil
	}
	return s
}

// element finds the base element of a child, and the type of its content.
func (c *shaper) element(t *fhir.Type, n *snapshot.Node) (*fhir.Element, *fhir.Type) {
	if t == nil {
		return nil, c.typeOf(n)
	}
	e := t.Element(strings.TrimSuffix(n.Name, "[x]"))
	if e == nil {
		return nil, c.typeOf(n)
	}
	if of := e.Types[0].Type(); of != nil && of.Kind == fhir.ElementType {
		return e, of
	}
	return e, c.typeOf(n)
}

// typeOf is the one type that a node names; nil where it names several.
func (c *shaper) typeOf(n *snapshot.Node) *fhir.Type {
	if len(n.Type) != 1 {
		return nil
	}
	return c.v.set.Type(n.Type[0].Code)
}
