package ucum

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// Limits on a code, so that one from a client can't cost much.
const (
	maxCode     = 100
	maxExponent = 30
	maxDepth    = 10
	maxCached   = 4096
)

var (
	parsed      sync.Map // code → Unit
	parsedCount atomic.Int64
)

// Parse reads a UCUM code. Safe for concurrent use; what it has read it keeps,
// within bounds.
func Parse(code string) (Unit, error) {
	if u, ok := parsed.Load(code); ok {
		return u.(Unit), nil
	}
	if code == "" || len(code) > maxCode {
		return Unit{}, errors.New("a UCUM code has 1 to 100 characters")
	}
	p := parser{rest: code}
	u, err := p.term(0)
	u = u.settled()
	if err == nil && p.rest != "" {
		err = fmt.Errorf("unexpected %q", p.rest[:1])
	}
	if err != nil {
		return Unit{}, fmt.Errorf("not a UCUM code that is known here: %w", err)
	}
	if parsedCount.Load() < maxCached {
		if _, had := parsed.LoadOrStore(strings.Clone(code), u); !had {
			parsedCount.Add(1)
		}
	}
	return u, nil
}

type parser struct{ rest string }

// term reads components joined by "." and "/", which bind equally, left to right.
func (p *parser) term(depth int) (Unit, error) {
	if depth > maxDepth {
		return Unit{}, errors.New("nested too deep")
	}
	u, sign := one, 1
	if p.take('/') {
		sign = -1
	}
	alone := true
	for {
		c, err := p.component(depth)
		if err != nil {
			return Unit{}, err
		}
		if c.offset != nil {
			if !alone || sign < 0 || p.more() {
				return Unit{}, errors.New("a temperature scale with an offset stands alone")
			}
			return c, nil
		}
		u, alone = u.times(c, sign), false
		switch {
		case p.take('.'):
			sign = 1
		case p.take('/'):
			sign = -1
		default:
			return u, nil
		}
	}
}

func (p *parser) more() bool {
	return p.rest != "" && (p.rest[0] == '.' || p.rest[0] == '/')
}

func (p *parser) take(c byte) bool {
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

// component reads "(term)", a number, or an atom with prefix, exponent and
// annotation. An annotation alone counts as 1 of its own kind, see settled.
func (p *parser) component(depth int) (Unit, error) {
	if p.take('(') {
		u, err := p.term(depth + 1)
		if err == nil && !p.take(')') {
			err = errors.New("expected )")
		}
		return u, err
	}
	if strings.HasPrefix(p.rest, "{") {
		from := p.rest
		err := p.annotation()
		kind := power{from[:len(from)-len(p.rest)], 1}
		return Unit{factor: one.factor, powers: []power{kind}}, err
	}
	if n := digits(p.rest); n > 0 && !strings.HasPrefix(p.rest, "10*") && !strings.HasPrefix(p.rest, "10^") {
		return p.number(n)
	}
	name := p.rest[:atomLength(p.rest)]
	if name == "" {
		return Unit{}, errors.New("expected a unit")
	}
	u, err := lookUp(name)
	if err != nil {
		return Unit{}, err
	}
	p.rest = p.rest[len(name):]
	exp, err := p.exponent()
	if err != nil {
		return Unit{}, err
	}
	if exp != 1 {
		if u.offset != nil {
			return Unit{}, errors.New("a temperature scale with an offset has no exponent")
		}
		u = one.times(u, exp)
	}
	return u, p.annotation()
}

func (p *parser) number(n int) (Unit, error) {
	i, ok := new(big.Int).SetString(p.rest[:n], 10)
	if !ok || i.Sign() == 0 {
		return Unit{}, errors.New("a number in a unit is above 0")
	}
	p.rest = p.rest[n:]
	return Unit{factor: new(big.Rat).SetInt(i)}, p.annotation()
}

func (p *parser) exponent() (int, error) {
	s := p.rest
	n := 0
	if s != "" && (s[0] == '-' || s[0] == '+') {
		n = 1
	}
	d := digits(s[n:])
	if d == 0 {
		if n > 0 {
			return 0, errors.New("expected an exponent")
		}
		return 1, nil
	}
	n += d
	exp, err := strconv.Atoi(s[:n])
	if err != nil || exp > maxExponent || exp < -maxExponent {
		return 0, errors.New("exponent beyond 30")
	}
	p.rest = s[n:]
	return exp, nil
}

func (p *parser) annotation() error {
	if !p.take('{') {
		return nil
	}
	end := strings.IndexByte(p.rest, '}')
	if end < 0 {
		return errors.New("expected }")
	}
	p.rest = p.rest[end+1:]
	return nil
}

// atomLength is how far a unit's symbol goes: up to an operator, an annotation
// or its exponent. Brackets hold anything.
func atomLength(s string) int {
	if strings.HasPrefix(s, "10*") || strings.HasPrefix(s, "10^") {
		return 3
	}
	depth := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '[':
			depth++
		case c == ']':
			depth--
		case depth > 0:
		case strings.IndexByte("./(){}+-", c) >= 0, c >= '0' && c <= '9':
			return i
		}
	}
	return len(s)
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// lookUp finds a symbol as it is, else split into a prefix and a metric unit.
func lookUp(name string) (Unit, error) {
	if a, ok := atoms[name]; ok {
		return a.unit(), nil
	}
	for n := 1; n <= 2 && n < len(name); n++ {
		factor, ok := prefixes[name[:n]]
		if !ok {
			continue
		}
		if a, ok := atoms[name[n:]]; ok && a.metric {
			u := a.unit()
			if u.offset != nil {
				continue
			}
			return Unit{factor: new(big.Rat).Mul(factor, u.factor), powers: u.powers}, nil
		}
	}
	return Unit{}, fmt.Errorf("no unit %q", name)
}
