package fhirpath

import (
	"fmt"
	"slices"
	"strings"

	"caseway/fhir"
)

// checker walks a syntax tree with what each part can be, and refuses what can
// never give anything.
type checker struct {
	text   string
	schema fhir.Schema
	focus  static

	// byItself and spellings are for Analyse.
	byItself  bool
	spellings []spelling
}

func check(schema fhir.Schema, focus []string, text string, t term) error {
	c := &checker{text: text, schema: schema}
	for _, name := range focus {
		of := schema.Type(name)
		if of == nil {
			return c.fail(t, "the focus' type %s isn't known", name)
		}
		c.focus = c.focus.or(ofFHIR(of))
	}
	_, err := c.visit(t, c.focus)
	return err
}

func (c *checker) fail(t term, format string, args ...any) error {
	return &SyntaxError{Expression: c.text, Offset: t.pos(), Text: fmt.Sprintf(format, args...)}
}

// visit gives what t may be where $this is this.
func (c *checker) visit(t term, this static) (static, error) {
	switch t := t.(type) {
	case *literalTerm:
		if t.value == nil {
			return static{}, nil
		}
		return ofSystem(t.value.TypeName()), nil
	case *variableTerm:
		return map[string]static{"this": this, "index": ofSystem("Integer"), "total": anything}[t.name], nil
	case *externalTerm:
		return c.external(t), c.checkItself(t)
	case *memberTerm:
		return c.member(t, this)
	case *callTerm:
		return c.call(t, this)
	case *indexTerm:
		return c.index(t, this)
	case *signTerm:
		return c.visit(t.operand, this)
	case *typeTerm:
		return c.typeTest(t, t.operator, t.source, t.of, this)
	case *binaryTerm:
		return c.binary(t, this)
	}
	return anything, nil
}

func (c *checker) external(t *externalTerm) static {
	_, constant := constants[t.name]
	switch {
	case t.name == "context":
		return c.focus
	case constant, strings.HasPrefix(t.name, "vs-"), strings.HasPrefix(t.name, "ext-"):
		return ofSystem("String")
	}
	return anything
}

func (c *checker) member(t *memberTerm, this static) (static, error) {
	source := this
	if t.source == nil && isTypeWord(t.name) {
		return c.root(t, this)
	}
	if t.source != nil {
		var err error
		if source, err = c.visit(t.source, this); err != nil {
			return static{}, err
		}
	}
	return c.child(t, source)
}

// root is a type's name at the start of a path.
func (c *checker) root(t *memberTerm, this static) (static, error) {
	of := c.schema.Type(t.name)
	if of == nil {
		return static{}, c.fail(t, "unknown type %s", t.name)
	}
	if this.any {
		return ofFHIR(of), nil
	}
	narrowed := static{unordered: this.unordered}
	for _, s := range this.types {
		switch {
		case s.fhir == nil:
		case isType(s.fhir, t.name, c.schema):
			narrowed = narrowed.or(ofFHIR(s.fhir))
		case isType(of, s.fhir.Name, c.schema):
			narrowed = narrowed.or(ofFHIR(of))
		}
	}
	if len(narrowed.types) == 0 && len(this.types) > 0 && c.byItself {
		return static{none: true}, nil
	}
	if len(narrowed.types) == 0 && len(this.types) > 0 {
		return static{}, c.fail(t, "the path starts at %s, but the focus is %s", t.name, this.types[0])
	}
	return narrowed, nil
}

// child is an element of what source may be.
func (c *checker) child(t *memberTerm, source static) (static, error) {
	if source.none {
		return source, nil
	}
	if source.any || len(source.types) == 0 {
		return anything, nil
	}
	result := static{unordered: source.unordered}
	found := false
	var known []string
	for _, s := range source.types {
		if s.fhir == nil {
			result.any = result.any || s.system == "ClassInfo"
			found = found || s.system == "ClassInfo"
			continue
		}
		e := s.fhir.Element(t.name)
		if chosen, ok := c.choice(t, s.fhir); ok && e == nil {
			result, found = result.or(chosen), true
			continue
		}
		if e == nil {
			known = append(known, elementNames(s.fhir)...)
			found = found || openType(s.fhir)
			result.any = result.any || openType(s.fhir)
			continue
		}
		found = true
		for _, ref := range e.Types {
			result = result.or(ofFHIR(ref.Type()))
		}
	}
	if !found {
		return static{}, c.fail(t, "%s has no element %s%s", source.types[0], t.name, c.hint(source, t.name, known))
	}
	return result, nil
}

func elementNames(t *fhir.Type) []string {
	names := make([]string, len(t.Elements))
	for i, e := range t.Elements {
		names[i] = e.Name
	}
	return names
}

// hint says how a choice of types is written in FHIRPath, or what is spelled alike.
func (c *checker) hint(source static, name string, known []string) string {
	for _, s := range source.types {
		if s.fhir == nil {
			continue
		}
		if p, ok := s.fhir.Property([]byte(name)); ok && p.Element.Choice {
			return fmt.Sprintf(": write %s.ofType(%s)", p.Element.Name, p.Type.Name)
		}
	}
	slices.Sort(known)
	return suggest(name, known)
}

func (c *checker) index(t *indexTerm, this static) (static, error) {
	source, err := c.visit(t.source, this)
	if err != nil {
		return static{}, err
	}
	if source.unordered {
		return static{}, c.fail(t, "an index needs an order, which this collection doesn't have")
	}
	_, err = c.visit(t.index, this)
	return source, err
}

func (c *checker) typeTest(t term, operator string, source term, of typeName, this static) (static, error) {
	in := this
	if call, ok := source.(*callTerm); ok && operator == "is" && call.name == "resolve" && len(call.args) == 0 {
		source = call.source // whose type shows in the reference itself
	}
	if source != nil {
		var err error
		if in, err = c.visit(source, this); err != nil {
			return static{}, err
		}
	}
	if err := checkType(of, c.schema, t.pos()); err != nil {
		return static{}, c.fail(t, "%s", err.(*EvalError).Text)
	}
	if operator == "is" {
		return ofSystem("Boolean"), nil
	}
	return c.narrowed(t, in, of)
}

func (c *checker) binary(t *binaryTerm, this static) (static, error) {
	left, err := c.visit(t.left, this)
	if err != nil {
		return static{}, err
	}
	right, err := c.visit(t.right, this)
	if err != nil {
		return static{}, err
	}
	switch t.operator {
	case "|":
		return left.or(right), nil
	case "&":
		return ofSystem("String"), nil
	case "+", "-", "*", "/", "div", "mod":
		return anything, nil
	}
	return ofSystem("Boolean"), nil
}

func (c *checker) call(t *callTerm, this static) (static, error) {
	if of, ok := c.typeCall(t); ok {
		return c.typeTest(t, t.name, t.source, of, this)
	}
	if err := c.checkItself(t); err != nil {
		return static{}, err
	}
	in := this
	if t.source != nil {
		var err error
		if in, err = c.visit(t.source, this); err != nil {
			return static{}, err
		}
	}
	switch {
	case in.none && results[t.name] == "":
		return in, nil
	case needOrder[t.name] && in.unordered:
		return static{}, c.fail(t, "%s needs an order, which this collection doesn't have", t.name)
	case needString[t.name] && !in.maybe(isStringType):
		return static{}, c.fail(t, "%s takes a String, and this is %s", t.name, in.types[0])
	}
	if perItem[t.name] {
		this = in
		this.unordered = false
	}
	args := make([]static, len(t.args))
	for i, a := range t.args {
		var err error
		if args[i], err = c.visit(a, this); err != nil {
			return static{}, err
		}
	}
	if t.name == "iif" && len(args) > 0 && !args[0].maybe(isBooleanType) {
		return static{}, c.fail(t.args[0], "the condition of iif is a Boolean, and this is %s", args[0].types[0])
	}
	return c.result(t.name, in, args), nil
}

func (c *checker) typeCall(t *callTerm) (typeName, bool) {
	if t.name != "is" && t.name != "as" && t.name != "ofType" || len(t.args) != 1 {
		return typeName{}, false
	}
	return typeArgument(t.args[0])
}

// result is what a function gives.
func (c *checker) result(name string, in static, args []static) static {
	if s, ok := results[name]; ok {
		return ofSystem(s)
	}
	if s, ok := strings.CutPrefix(name, "convertsTo"); ok && systemTypes[s] {
		return ofSystem("Boolean")
	}
	if s, ok := strings.CutPrefix(name, "to"); ok && systemTypes[s] {
		return ofSystem(s)
	}
	switch {
	case keepInput[name]:
		return in
	case name == "select" && len(args) == 1:
		return args[0]
	case name == "repeat" && len(args) == 1:
		args[0].unordered = in.unordered
		return args[0]
	case name == "iif" && len(args) == 3:
		return args[1].or(args[2])
	case (name == "union" || name == "combine") && len(args) == 1:
		return in.or(args[0])
	case name == "extension":
		return ofFHIR(c.schema.Type("Extension"))
	case name == "children", name == "descendants":
		return static{any: true, unordered: true}
	}
	return anything
}
