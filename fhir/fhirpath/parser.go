package fhirpath

import (
	"math"
	"strconv"
)

// Bounds on expressions, so that one from a client can't exhaust the stack.
const (
	maxNesting = 200
	maxTerms   = 20000
)

// precedence of the infix operators, the loosest first
// (http://hl7.org/fhirpath/N1/#operator-precedence). All join to the left.
var precedence = map[string]int{
	"implies": 1,
	"or":      2, "xor": 2,
	"and": 3,
	"in":  4, "contains": 4,
	"=": 5, "~": 5, "!=": 5, "!~": 5,
	"<": 6, ">": 6, "<=": 6, ">=": 6,
	"|":  7,
	"is": 8, "as": 8,
	"+": 9, "-": 9, "&": 9,
	"*": 10, "/": 10, "div": 10, "mod": 10,
}

const signPrecedence = 11

// parser is a Pratt parser: it reads a prefix, then operators while they bind
// tighter than what surrounds them.
type parser struct {
	lexer
	token   token
	nesting int
	terms   int
}

func parse(text string) (term, error) {
	p := &parser{lexer: lexer{text: text}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	t, err := p.expression(0)
	if err == nil && p.token.kind != endToken {
		err = p.unexpected("an operator or the end")
	}
	return t, err
}

func (p *parser) advance() (err error) {
	p.token, err = p.lexer.next()
	return err
}

func (p *parser) unexpected(wanted string) error {
	return p.fail(p.token.offset, "expected "+wanted+", found "+p.token.what())
}

func (p *parser) expect(symbol string) error {
	if !p.token.is(symbol) {
		return p.unexpected(symbol)
	}
	return p.advance()
}

// expression reads operators that bind tighter than the given precedence.
func (p *parser) expression(above int) (term, error) {
	if p.nesting++; p.nesting > maxNesting {
		return nil, p.fail(p.token.offset, "nested too deep: at most 200 levels")
	}
	defer func() { p.nesting-- }()
	left, err := p.prefix()
	for err == nil && (p.token.kind == symbolToken || p.token.kind == wordToken) {
		binds := precedence[p.token.text]
		if binds == 0 || binds <= above {
			break
		}
		left, err = p.infix(left, binds)
	}
	return left, err
}

func (p *parser) infix(left term, binds int) (term, error) {
	if p.terms++; p.terms > maxTerms {
		return nil, p.fail(p.token.offset, "too long: at most 20000 terms")
	}
	operator := p.token
	if err := p.advance(); err != nil {
		return nil, err
	}
	if binds == precedence["is"] {
		of, err := p.typeName()
		return &typeTerm{at(operator.offset), operator.text, left, of}, err
	}
	right, err := p.expression(binds)
	return &binaryTerm{at(operator.offset), operator.text, left, right}, err
}

func (p *parser) typeName() (typeName, error) {
	first, err := p.identifier("a type name")
	if err != nil || !p.token.is(".") {
		return typeName{name: first}, err
	}
	// A point after the name may also belong to what follows: (x is Quantity).value
	// has parentheses, so a name here is the type's.
	if err := p.advance(); err != nil {
		return typeName{}, err
	}
	second, err := p.identifier("a type name")
	return typeName{first, second}, err
}

func (p *parser) identifier(wanted string) (string, error) {
	if p.token.kind != wordToken && p.token.kind != quotedToken {
		return "", p.unexpected(wanted)
	}
	name := p.token.text
	return name, p.advance()
}

func (p *parser) prefix() (term, error) {
	if t := p.token; t.kind == symbolToken && (t.text == "-" || t.text == "+") {
		if err := p.advance(); err != nil {
			return nil, err
		}
		operand, err := p.expression(signPrecedence)
		return &signTerm{at(t.offset), t.text == "-", operand}, err
	}
	primary, err := p.primary()
	for err == nil && p.token.kind == symbolToken && (p.token.text == "." || p.token.text == "[") {
		primary, err = p.postfix(primary)
	}
	return primary, err
}

// postfix reads .name, .name(…) or [index] behind a term.
func (p *parser) postfix(source term) (term, error) {
	if p.terms++; p.terms > maxTerms {
		return nil, p.fail(p.token.offset, "too long: at most 20000 terms")
	}
	start := p.token
	if err := p.advance(); err != nil {
		return nil, err
	}
	if start.text == "[" {
		index, err := p.expression(0)
		if err == nil {
			err = p.expect("]")
		}
		return &indexTerm{at(start.offset), source, index}, err
	}
	if p.token.kind == dollarToken {
		return nil, p.unexpected("the name of an element or function")
	}
	return p.invocation(source)
}

func (p *parser) primary() (term, error) {
	t := p.token
	switch t.kind {
	case wordToken:
		if t.text == "true" || t.text == "false" {
			return &literalTerm{at(t.offset), Boolean(t.text == "true")}, p.advance()
		}
		return p.invocation(nil)
	case quotedToken:
		return p.invocation(nil)
	case stringToken:
		return &literalTerm{at(t.offset), String(t.text)}, p.advance()
	case numberToken:
		return p.number()
	case dateToken, dateTimeToken, timeToken:
		return &literalTerm{at(t.offset), momentOf(t)}, p.advance()
	case dollarToken:
		return p.variable()
	case percentToken:
		return &externalTerm{at(t.offset), t.text}, p.advance()
	default:
		return p.bracketed()
	}
}

func momentOf(t token) System {
	switch t.kind {
	case dateToken:
		d, _ := ParseDate(t.text)
		return d
	case dateTimeToken:
		d, _ := ParseDateTime(t.text)
		return d
	default:
		d, _ := ParseTime(t.text)
		return d
	}
}

func (p *parser) variable() (term, error) {
	t := p.token
	switch t.text {
	case "this", "index", "total":
		return &variableTerm{at(t.offset), t.text}, p.advance()
	}
	return nil, p.fail(t.offset, "expected $this, $index or $total")
}

// bracketed reads (expression) or {}.
func (p *parser) bracketed() (term, error) {
	open := p.token
	switch {
	case open.is("("):
		if err := p.advance(); err != nil {
			return nil, err
		}
		inner, err := p.expression(0)
		if err == nil {
			err = p.expect(")")
		}
		return inner, err
	case open.is("{"):
		if err := p.advance(); err != nil {
			return nil, err
		}
		return &literalTerm{at: at(open.offset)}, p.expect("}")
	}
	return nil, p.unexpected("an expression")
}

// invocation reads a name, or a call if a parenthesis follows.
func (p *parser) invocation(source term) (term, error) {
	offset := p.token.offset
	name, err := p.identifier("the name of an element or function")
	if err != nil || !p.token.is("(") {
		return &memberTerm{at(offset), source, name}, err
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	call := &callTerm{at: at(offset), source: source, name: name}
	if !p.token.is(")") {
		if call.args, err = p.arguments(); err != nil {
			return nil, err
		}
	}
	return call, p.expect(")")
}

func (p *parser) arguments() (args []term, err error) {
	for {
		arg, err := p.expression(0)
		if err != nil {
			return nil, err
		}
		args = append(args, arg)
		if !p.token.is(",") {
			return args, nil
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
}

// number reads an Integer, a Decimal, or a Quantity if a unit follows.
func (p *parser) number() (term, error) {
	t := p.token
	if err := p.advance(); err != nil {
		return nil, err
	}
	value, ok := ParseDecimal(t.text)
	if !ok {
		return nil, p.fail(t.offset, "a number has at most 2000 digits")
	}
	if p.token.kind == stringToken {
		return &literalTerm{at(t.offset), newQuantity(value, p.token.text)}, p.advance()
	}
	if word, ok := calendarWords[p.token.text]; ok && p.token.kind == wordToken {
		return &literalTerm{at(t.offset), Quantity{value, word}}, p.advance()
	}
	if value.scale > 0 {
		return &literalTerm{at(t.offset), value}, nil
	}
	i, err := strconv.ParseInt(t.text, 10, 32)
	if i == math.MaxInt32 && t.text == "2147483648" {
		return &literalTerm{at(t.offset), value}, nil // with a minus it is in range
	}
	if err != nil {
		return nil, p.fail(t.offset, "an Integer is at most 2147483647: write a Decimal, with .0 at its end")
	}
	return &literalTerm{at(t.offset), Integer(i)}, nil
}
