package fhirpath

import (
	"fmt"
	"strings"

	"caseway/fhir"
)

// Expr is a compiled expression. Immutable and safe for concurrent use.
type Expr struct {
	text string
	root expr
}

// Option changes how Compile reads an expression.
type Option func(*compiler)

// Lenient reads expressions as R4's own search parameters and invariants write
// them: as takes several items and then works like ofType, and "is Boolean" is
// also true of FHIR's boolean.
func Lenient() Option { return func(c *compiler) { c.lenient = true } }

// For says that the focus is always of one of these types, and refuses what
// can't be: elements and types that don't exist (with a suggestion), functions
// on the wrong type, positions in collections that have no order.
func For(schema fhir.Schema, typeNames ...string) Option {
	return func(c *compiler) { c.schema, c.focus = schema, typeNames }
}

// compiler turns a syntax tree into expressions.
type compiler struct {
	text    string
	lenient bool
	schema  fhir.Schema
	focus   []string
}

// Compile reads an expression. The error is a *SyntaxError.
func Compile(text string, options ...Option) (*Expr, error) {
	c := &compiler{text: text}
	for _, o := range options {
		o(c)
	}
	t, err := parse(text)
	if err != nil {
		return nil, err
	}
	if len(c.focus) > 0 {
		if err := check(c.schema, c.focus, text, t); err != nil {
			return nil, err
		}
	}
	root, err := c.compile(t)
	if err != nil {
		return nil, err
	}
	return &Expr{text: text, root: root}, nil
}

// MustCompile is Compile for an expression of the program itself; it panics where
// that is wrong.
func MustCompile(text string, options ...Option) *Expr {
	e, err := Compile(text, options...)
	if err != nil {
		panic(err)
	}
	return e
}

// String is the expression's text.
func (e *Expr) String() string { return e.text }

// Eval evaluates the expression for a focus of any number of items, usually
// one. The error is an *EvalError. ctx may be nil.
func (e *Expr) Eval(ctx *Context, focus ...Value) (Collection, error) {
	return e.Append(nil, ctx, focus...)
}

// Append is Eval that appends to dst, for callers that evaluate many
// expressions.
func (e *Expr) Append(dst Collection, ctx *Context, focus ...Value) (Collection, error) {
	m := start(ctx, focus)
	result, err := e.root.eval(m, dst)
	if err == nil && m.steps < 0 {
		err = tooCostly(0)
	}
	m.stop()
	if err != nil {
		return dst, err
	}
	return result, nil
}

// Test evaluates the expression as a condition. R4 writes its invariants so
// that they hold unless they are False: many are empty where the element that
// they speak of is absent.
func (e *Expr) Test(ctx *Context, focus ...Value) (Truth, error) {
	m := start(ctx, focus)
	t, err := m.truth(e.root, 0, "a condition")
	if err == nil && m.steps < 0 {
		err = tooCostly(0)
	}
	m.stop()
	return t, err
}

func (c *compiler) fail(t term, format string, args ...any) error {
	return &SyntaxError{Expression: c.text, Offset: t.pos(), Text: fmt.Sprintf(format, args...)}
}

func (c *compiler) compile(t term) (expr, error) {
	switch t := t.(type) {
	case *literalTerm:
		if t.value == nil {
			return &literalExpr{}, nil
		}
		return &literalExpr{Collection{Of(t.value)}}, nil
	case *variableTerm:
		return map[string]expr{"this": thisExpr{}, "index": indexVar{}, "total": totalVar{}}[t.name], nil
	case *externalTerm:
		return &externalExpr{t.name, t.pos()}, nil
	case *memberTerm:
		return c.member(t)
	case *callTerm:
		return c.call(t)
	case *indexTerm:
		source, index, err := c.pair(t.source, t.index)
		return &indexExpr{source, index, t.pos()}, err
	case *signTerm:
		return c.sign(t)
	case *typeTerm:
		return c.typeTest(t, t.operator, t.source, t.of)
	case *binaryTerm:
		return c.binary(t)
	}
	return nil, c.fail(t, "unknown term")
}

func (c *compiler) pair(a, b term) (x, y expr, err error) {
	if x, err = c.compile(a); err != nil {
		return nil, nil, err
	}
	y, err = c.compile(b)
	return x, y, err
}

// member joins a chain of names into one expression.
func (c *compiler) member(t *memberTerm) (expr, error) {
	if t.source == nil {
		if isTypeWord(t.name) {
			return &rootExpr{of: t.name, offset: t.pos()}, nil
		}
		return &pathExpr{thisExpr{}, []string{t.name}, t.pos()}, nil
	}
	source, err := c.compile(t.source)
	if err != nil {
		return nil, err
	}
	switch s := source.(type) {
	case *pathExpr:
		return &pathExpr{s.source, append(s.names, t.name), t.pos()}, nil
	case *rootExpr:
		return &rootExpr{s.of, append(s.names, t.name), t.pos()}, nil
	}
	return &pathExpr{source, []string{t.name}, t.pos()}, nil
}

// isTypeWord: types that can be a focus have names with a capital, elements
// never do.
func isTypeWord(name string) bool { return name != "" && name[0] >= 'A' && name[0] <= 'Z' }

func (c *compiler) sign(t *signTerm) (expr, error) {
	operand, err := c.compile(t.operand)
	if err != nil {
		return nil, err
	}
	return &signExpr{t.negative, operand, t.pos()}, nil
}

func (c *compiler) binary(t *binaryTerm) (expr, error) {
	left, right, err := c.pair(t.left, t.right)
	if err != nil {
		return nil, err
	}
	switch t.operator {
	case "=", "!=", "~", "!~":
		return &equalityExpr{left, right, strings.HasSuffix(t.operator, "~"), t.operator[0] == '!', t.pos()}, nil
	case "<", ">", "<=", ">=":
		return &compareExpr{t.operator, left, right, t.pos()}, nil
	case "and", "or", "xor", "implies":
		return &logicExpr{t.operator, left, right, t.pos()}, nil
	case "|":
		return &unionExpr{left, right, t.pos()}, nil
	case "in":
		return &memberExpr{left, right, t.operator, t.pos()}, nil
	case "contains":
		return &memberExpr{right, left, t.operator, t.pos()}, nil
	case "&":
		return &concatExpr{left, right, t.pos()}, nil
	}
	return &arithmeticExpr{t.operator, left, right, t.pos()}, nil
}

// typeTest compiles is, as and ofType.
func (c *compiler) typeTest(t term, operator string, source term, of typeName) (expr, error) {
	call, ok := source.(*callTerm)
	if ok && operator == "is" && call.name == "resolve" && len(call.args) == 0 {
		reference, err := c.source(call.source)
		return &resolveIsExpr{reference, of, t.pos()}, err
	}
	input, err := c.source(source)
	return &typeExpr{operator, input, of, c.lenient, t.pos()}, err
}

// source compiles what a call stands behind; nothing means $this.
func (c *compiler) source(t term) (expr, error) {
	if t == nil {
		return thisExpr{}, nil
	}
	return c.compile(t)
}

func (c *compiler) call(t *callTerm) (expr, error) {
	switch t.name {
	case "is", "as", "ofType":
		if len(t.args) != 1 {
			return nil, c.fail(t, "%s takes a type as argument", t.name)
		}
		of, ok := typeArgument(t.args[0])
		if !ok {
			return nil, c.fail(t.args[0], "%s takes a type as argument, such as Quantity or FHIR.Patient", t.name)
		}
		return c.typeTest(t, t.name, t.source, of)
	}
	s, ok := functions[t.name]
	if !ok {
		return nil, c.fail(t, "unknown function %s%s", t.name, suggest(t.name, functionNames()))
	}
	if len(t.args) < s.min || len(t.args) > s.max {
		return nil, c.fail(t, "%s takes %s, not %d", t.name, arity(s.min, s.max), len(t.args))
	}
	return c.callOf(t, s.fn)
}

func (c *compiler) callOf(t *callTerm, fn function) (expr, error) {
	input, err := c.source(t.source)
	if err != nil {
		return nil, err
	}
	call := &callExpr{name: t.name, input: input, fn: fn, offset: t.pos()}
	for _, a := range t.args {
		arg, err := c.compile(a)
		if err != nil {
			return nil, err
		}
		call.args = append(call.args, arg)
	}
	if _, ok := regexFunctions[t.name]; ok {
		if lit, ok := t.args[0].(*literalTerm); ok {
			if s, ok := lit.value.(String); ok {
				if call.regex, err = compilePattern(t.name, string(s), t.pos()); err != nil {
					return nil, c.fail(t.args[0], "not a regular expression that is supported here "+
						"(no look-around, no back-references)")
				}
			}
		}
	}
	return call, nil
}

func arity(low, high int) string {
	switch {
	case high == 0:
		return "no arguments"
	case low == high && high == 1:
		return "1 argument"
	case low == high:
		return fmt.Sprintf("%d arguments", high)
	}
	return fmt.Sprintf("%d to %d arguments", low, high)
}
