package search

import (
	"math/big"
	"strings"
)

const numberForm = "the number is digits with or without a decimal point and exponent, such as 5.40e-3, of at most 1,000 characters and an exponent within 400"

// number compares numbers (https://hl7.org/fhir/R4/search.html#number).
func (c *conditioner) number(value string) (Expr, error) {
	prefix, d, err := c.decimal(value)
	if err != nil {
		return nil, err
	}
	return numberLeaf(c.p.prefix, prefix, d, scale{}), nil
}

func (c *conditioner) decimal(value string) (prefix string, d decimal, err error) {
	prefix, text, err := c.cutPrefix(value)
	if err != nil {
		return "", d, err
	}
	d, ok := parseDecimal(text)
	if !ok {
		return "", d, c.invalid(numberForm)
	}
	return prefix, d, nil
}

// quantity reads number, number|system|code and number||unit
// (https://hl7.org/fhir/R4/search.html#quantity).
func (c *conditioner) quantity(value string) (Expr, error) {
	parts, err := c.plainParts(value, '|')
	if err != nil {
		return nil, err
	}
	if len(parts) != 1 && len(parts) != 3 {
		return nil, c.invalid("the value is number, number|system|code or number||unit")
	}
	prefix, d, err := c.decimal(parts[0])
	if err != nil {
		return nil, err
	}
	if len(parts) == 1 || parts[1]+parts[2] == "" {
		return c.written(prefix, d, func(string, string, string) bool { return true }), nil
	}
	system, code := parts[1], parts[2]
	switch {
	case system == "":
		return c.written(prefix, d, func(_, is, unit string) bool { return is == code || unit == code }), nil
	case code == "":
		return c.written(prefix, d, func(is, _, _ string) bool { return is == system }), nil
	}
	s := c.p.scale(system, code)
	return numberLeaf(s.prefix, prefix, d, s), nil
}

// written compares numbers as they are written, whatever they would be in base
// units.
func (c *conditioner) written(prefix string, d decimal, unit func(system, code, unit string) bool) Expr {
	test := numberTest(prefix, d, scale{})
	return c.among(c.present(), keptNumber, func(kept string) bool {
		number, rest, _ := strings.Cut(kept, "|")
		system, rest := cutBar(rest)
		code, text := cutBar(rest)
		return unit(system, code, text) && test(parseSpan(number))
	})
}

// numberLeaf selects spans of numbers by their relation to one that is wanted.
func numberLeaf(terms, prefix string, d decimal, s scale) Leaf {
	test := numberTest(prefix, d, s)
	low, high := bounds(prefix, d)
	from, to := s.orderRat(low), s.orderRat(high)
	switch prefix {
	case "gt", "ge", "ap":
		return spansFrom(terms, from, test)
	case "lt", "le", "eb":
		return spans(terms, "", to+"0", test)
	case "sa":
		return spans(terms, from, "", test)
	case "ne":
		return spans(terms, "", "", test)
	}
	return spans(terms, from, to, test)
}

// bounds gives what a number stands for: what its digits leave open for eq and
// ne, a tenth of it either way for ap, exactly itself for the others.
func bounds(prefix string, d decimal) (low, high *big.Rat) {
	value, by := d.rat(), new(big.Rat)
	switch prefix {
	case "eq", "ne":
		by = d.tolerance()
	case "ap":
		by.Abs(value)
		by.Mul(by, big.NewRat(1, 10))
	}
	return new(big.Rat).Sub(value, by), new(big.Rat).Add(value, by)
}

func numberTest(prefix string, d decimal, scale scale) func(span) bool {
	a, b := bounds(prefix, d)
	low, high := scale.orderRat(a), scale.orderRat(b)
	switch prefix {
	case "ne":
		return func(s span) bool { return !s.inside(low, high) }
	case "gt":
		return func(s span) bool { return s.end() > low }
	case "ge":
		return func(s span) bool { return s.reachesNumber(low) }
	case "lt":
		return func(s span) bool { return s.low < low }
	case "le":
		return func(s span) bool { return s.beginsBy(low) }
	case "sa":
		return func(s span) bool { return !s.beginsBy(low) }
	case "eb":
		return func(s span) bool { return !s.reachesNumber(low) }
	case "ap":
		return func(s span) bool { return s.beginsBy(high) && s.reachesNumber(low) }
	}
	return func(s span) bool { return s.inside(low, high) }
}

// inside reports whether the span lies in [low, high).
func (s span) inside(low, high string) bool {
	return s.low >= low && (s.end() < high || s.openHigh && s.end() == high)
}

// beginsBy reports whether some of the span is at or below a number.
func (s span) beginsBy(n string) bool { return s.low < n || s.low == n && !s.openLow }

// reachesNumber reports whether some of the span is at or above a number.
func (s span) reachesNumber(n string) bool { return s.end() > n || s.end() == n && !s.openHigh }
