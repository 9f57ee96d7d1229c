package ucum

import (
	"math/big"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Unit is a parsed unit: what a value in it is worth in base units. Immutable.
type Unit struct {
	factor *big.Rat
	offset *big.Rat // added before the factor is applied, for Cel and [degF]; nil for all others
	powers []power  // sorted by base, none zero
}

// power is a base unit with its exponent.
type power struct {
	base string
	exp  int
}

var one = Unit{factor: big.NewRat(1, 1)}

// Canonical gives the value in base units.
func (u Unit) Canonical(v *big.Rat) *big.Rat {
	r := new(big.Rat).Set(v)
	if u.offset != nil {
		r.Add(r, u.offset)
	}
	return r.Mul(r, u.factor)
}

// From gives the value in u of one in base units: Canonical's inverse.
func (u Unit) From(v *big.Rat) *big.Rat {
	r := new(big.Rat).Quo(v, u.factor)
	if u.offset != nil {
		r.Sub(r, u.offset)
	}
	return r
}

// Factor is how many base units one unit is, without an offset such as Cel's.
// The caller must not change it.
func (u Unit) Factor() *big.Rat { return u.factor }

// Base is the code of the base units, such as "g.m-3"; "1" where there are none.
func (u Unit) Base() string {
	if len(u.powers) == 0 {
		return "1"
	}
	var b strings.Builder
	for i, p := range u.powers {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(p.base)
		if p.exp != 1 {
			b.WriteString(strconv.Itoa(p.exp))
		}
	}
	return b.String()
}

// Comparable reports whether both measure the same: have the same base units.
func (u Unit) Comparable(o Unit) bool {
	if len(u.powers) != len(o.powers) {
		return false
	}
	for i, p := range u.powers {
		if p != o.powers[i] {
			return false
		}
	}
	return true
}

// times multiplies u by o to the power of exp.
func (u Unit) times(o Unit, exp int) Unit {
	r := Unit{factor: new(big.Rat).Mul(u.factor, ratPower(o.factor, exp))}
	sum := map[string]int{}
	for _, p := range u.powers {
		sum[p.base] += p.exp
	}
	for _, p := range o.powers {
		sum[p.base] += p.exp * exp
	}
	for base, e := range sum {
		if e != 0 {
			r.powers = append(r.powers, power{base, e})
		}
	}
	sort.Slice(r.powers, func(i, j int) bool { return r.powers[i].base < r.powers[j].base })
	return r
}

// settled leaves annotations out of a unit that measures something: in
// {beats}/min they only say what was counted. Where nothing else is there they
// stay, since a {score} is no percentage and no other score.
func (u Unit) settled() Unit {
	annotation := func(p power) bool { return p.base[0] == '{' }
	if !slices.ContainsFunc(u.powers, func(p power) bool { return !annotation(p) }) {
		return u
	}
	u.powers = slices.DeleteFunc(slices.Clone(u.powers), annotation)
	return u
}

func ratPower(r *big.Rat, exp int) *big.Rat {
	p := big.NewRat(1, 1)
	for range max(exp, -exp) {
		p.Mul(p, r)
	}
	if exp < 0 {
		p.Inv(p)
	}
	return p
}

// Canonical brings a value in the unit of a code to base units.
func Canonical(v *big.Rat, code string) (canonical *big.Rat, base string, err error) {
	u, err := Parse(code)
	if err != nil {
		return nil, "", err
	}
	return u.Canonical(v), u.Base(), nil
}
