package definition

import "regexp"

// isUCUM reports whether a text has the form of a unit in UCUM's
// case-sensitive notation (https://ucum.org/ucum, section 2): atoms with
// exponents and annotations, joined by "." and "/" and grouped by parentheses.
func isUCUM(code string) bool {
	p := unitParser{rest: code}
	p.take('/')
	return p.term(0) && p.rest == ""
}

// deepestUnit bounds how far parentheses nest.
const deepestUnit = 32

// unitComponent is a unit with exponent, a number or an annotation: "m2",
// "10*3", "mm[Hg]", "kg{dry}", "12", "{score}".
var unitComponent = regexp.MustCompile(`^(?:` +
	`(?:` + unitAtom + `(?:[+-]?[0-9]+)?|[0-9]+)(?:` + annotation + `)?` +
	`|` + annotation + `)`)

const (
	unitAtom   = `(?:10[*^]|(?:[!#$%&'*,:;<>?@A-Z\\^_` + "`" + `a-z|~]|\[[!-Z\\^-~]+\])+)`
	annotation = `\{[!-z|~]*\}`
)

// unitParser reads a unit from the left; its methods take what they name from
// rest and report whether it was there.
type unitParser struct{ rest string }

// term is components with operators between them.
func (p *unitParser) term(depth int) bool {
	if depth > deepestUnit || !p.component(depth) {
		return false
	}
	for p.take('.') || p.take('/') {
		if !p.component(depth) {
			return false
		}
	}
	return true
}

func (p *unitParser) component(depth int) bool {
	if p.take('(') {
		return p.term(depth+1) && p.take(')')
	}
	found := unitComponent.FindString(p.rest)
	p.rest = p.rest[len(found):]
	return found != ""
}

func (p *unitParser) take(c byte) bool {
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}
