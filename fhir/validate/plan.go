package validate

import (
	"strings"
	"sync"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/fhirpath"
)

// typePlan is what every element of a type is held to.
type typePlan struct {
	rules    []*rule
	check    func(w *walk, n fhir.Node, e *elementPlan) // beyond invariants; may be nil
	elements map[*fhir.Element]*elementPlan             // those that have something
}

// elementPlan is what an element is held to beyond its type.
type elementPlan struct {
	rules   []*rule
	targets map[string][]string // by type, Reference or canonical: the types that it may lead to
	busy    bool                // a primitive that must be visited
	simple  bool                // a Quantity must be a SimpleQuantity
	binding *binding            // an extensible one, where the library has the type's whole definition
}

// rule is an invariant.
type rule struct {
	key      string
	severity fhir.Severity
	human    string
	strict   bool // broken unless it is true
	native   func(w *walk, n fhir.Node) bool
	expr     *fhirpath.Expr // where native is nil
}

// ruleKey tells rules apart: some types give one key several expressions.
type ruleKey struct{ key, expression string }

// root is a type's definition, sorted by path.
type root struct {
	once     sync.Once
	elements map[string]*definition.Element
	bindings map[string]*binding // extensible ones, which aren't embedded
}

// planOf gives the plan of a type, made when it is first met.
func (v *Validator) planOf(t *fhir.Type) *typePlan {
	if p, ok := v.plans.Load(t); ok {
		return p.(*typePlan)
	}
	p, _ := v.plans.LoadOrStore(t, v.plan(t))
	return p.(*typePlan)
}

func (v *Validator) plan(t *fhir.Type) *typePlan {
	elements := v.elementsOf(t.Name)
	p := &typePlan{check: checks[t.Name], elements: map[*fhir.Element]*elementPlan{}}
	if p.check == nil && t.Base != "" {
		p.check = checks[t.Base]
	}
	if own := elements[t.Name]; own != nil {
		p.rules = v.rulesOf(own.Constraints, nil)
	}
	for _, e := range t.Elements {
		if d := elements[e.Path]; d != nil {
			if plan := v.element(e, d); plan != nil {
				p.elements[e] = plan
			}
		}
	}
	return p
}

// element makes an element's plan; nil where it has nothing of its own.
func (v *Validator) element(e *fhir.Element, d *definition.Element) *elementPlan {
	p := &elementPlan{}
	for _, ref := range e.Types {
		if t := ref.Type(); t != nil && t.Kind == fhir.PrimitiveType && checks[t.Name] != nil {
			p.busy = true
		}
	}
	known := v.inherited(e)
	p.rules = v.rulesOf(d.Constraints, known)
	for _, t := range d.Types {
		if t.Targets != nil {
			if p.targets == nil {
				p.targets = map[string][]string{}
			}
			p.targets[t.Code] = t.Targets
		}
		p.simple = p.simple || t.Profile == "SimpleQuantity"
	}
	p.binding = v.bindingsOf(d.Path)[d.Path]
	p.busy = p.busy || len(p.rules) > 0 || p.binding != nil
	if len(p.rules) == 0 && p.targets == nil && !p.busy && !p.simple && p.binding == nil {
		return nil
	}
	return p
}

// inherited are the keys of the constraints that an element's type has anyway.
func (v *Validator) inherited(e *fhir.Element) map[string]bool {
	keys := map[string]bool{}
	for i, ref := range e.Types {
		if i > 0 {
			return nil // of a choice, each type has its own
		}
		for t := ref.Name; t != ""; t = v.baseOf(t) {
			if d := v.elementsOf(t)[t]; d != nil {
				for _, c := range d.Constraints {
					keys[c.Key] = true
				}
			}
		}
	}
	return keys
}

func (v *Validator) baseOf(name string) string {
	if t := v.set.Type(name); t != nil && t.Kind != fhir.ElementType {
		return t.Base
	}
	return ""
}

// elementsOf gives the definitions of the type that a name begins with.
func (v *Validator) elementsOf(name string) map[string]*definition.Element {
	return v.rootOf(name).elements
}

// bindingsOf gives the extensible bindings of the type that a name begins with.
func (v *Validator) bindingsOf(name string) map[string]*binding { return v.rootOf(name).bindings }

func (v *Validator) rootOf(name string) *root {
	name, _, _ = strings.Cut(name, ".")
	found, _ := v.roots.LoadOrStore(name, &root{})
	r := found.(*root)
	r.once.Do(func() { v.readRoot(r, name) })
	return r
}

func (v *Validator) readRoot(r *root, name string) {
	list := v.set.Elements(name)
	r.elements = make(map[string]*definition.Element, len(list))
	for i := range list {
		r.elements[list[i].Path] = &list[i]
	}
	if !v.options.Library.Has(structureBase + name) {
		return
	}
	_, tree, err := v.options.Library.Definition(structureBase + name)
	if err != nil {
		return
	}
	r.bindings = map[string]*binding{}
	for _, e := range tree.Flatten() {
		if b := e.Binding; b != nil && b.Strength == "extensible" && b.ValueSet != "" {
			r.bindings[e.Path] = &binding{b.Strength, b.ValueSet}
		}
	}
}

// rulesOf compiles constraints, but for those whose keys are known.
func (v *Validator) rulesOf(constraints []definition.Constraint, known map[string]bool) []*rule {
	var rules []*rule
	for i := range constraints {
		c := &constraints[i]
		if known[c.Key] || decoded[c.Key] || advice[c.Key] && !v.options.Advice {
			continue
		}
		if r := v.rule(c); r != nil {
			rules = append(rules, r)
		}
	}
	return rules
}

func (v *Validator) rule(c *definition.Constraint) *rule {
	expression := c.Expression
	if better := amended[c.Key]; better != "" {
		expression = better
	}
	key := ruleKey{c.Key, expression}
	if r, ok := v.rules.Load(key); ok {
		return r.(*rule)
	}
	r := &rule{key: c.Key, severity: fhir.Severity(c.Severity), human: c.Human, native: natives[c.Key]}
	if tolerated[c.Key] {
		r.severity = fhir.SeverityWarning
	}
	if r.native == nil {
		expr, err := fhirpath.Compile(expression, fhirpath.Lenient())
		if err != nil {
			return nil // a test compiles them all
		}
		r.expr = expr
	}
	found, _ := v.rules.LoadOrStore(key, r)
	return found.(*rule)
}

// decoded are invariants that a tree can't break.
var decoded = map[string]bool{
	"ele-1": true, // an element has a value or content
}

// advice are invariants that only say what is good practice.
var advice = map[string]bool{"dom-6": true}

// tolerated are invariants that are told and refuse nothing: systems store an
// Organization of which they know no more than that it is there, and refer to it.
var tolerated = map[string]bool{"org-1": true}

// amended are invariants whose text in 4.0.1 says something else than their
// words, as later releases have them.
var amended = map[string]string{
	"que-12": "enableWhen.count() > 1 implies enableBehavior.exists()", // the text has > 2
}
