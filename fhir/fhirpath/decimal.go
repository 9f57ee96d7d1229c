package fhirpath

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Bounds on decimals: more than any measurement needs, little enough that a
// number such as 1e999999999 costs nothing.
const (
	maxDigits      = 2000
	maxExponent    = 1000
	quotientDigits = 20 // places after the point of a quotient that doesn't end
)

// Decimal is an exact decimal number that keeps how many places after the
// point were written: 1.10 equals 1.1 and prints as 1.10. The zero Decimal is
// 0. Immutable.
type Decimal struct {
	coef  *big.Int // nil for 0
	scale int      // places after the point; never negative
}

var bigZero = new(big.Int)

// ParseDecimal reads a decimal as FHIR's JSON writes it, with or without an
// exponent. ok is false for anything else and for numbers beyond 2,000 digits.
func ParseDecimal(s string) (d Decimal, ok bool) {
	mantissa, exponent := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		e, err := strconv.Atoi(s[i+1:])
		if err != nil || e > maxExponent || e < -maxExponent {
			return Decimal{}, false
		}
		mantissa, exponent = s[:i], e
	}
	whole, fraction, point := strings.Cut(mantissa, ".")
	unsigned := strings.TrimLeft(whole, "+-")
	if len(whole)-len(unsigned) > 1 || !isDigits(unsigned) || point && !isDigits(fraction) ||
		len(mantissa) > maxDigits {
		return Decimal{}, false
	}
	coef, ok := new(big.Int).SetString(whole+fraction, 10)
	if !ok {
		return Decimal{}, false
	}
	return newDecimal(coef, len(fraction)-exponent), true
}

func isDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func newDecimal(coef *big.Int, scale int) Decimal {
	if scale < 0 {
		coef = new(big.Int).Mul(coef, tenTo(-scale))
		scale = 0
	}
	return Decimal{coef, scale}
}

func decimalOf(i Integer) Decimal { return Decimal{coef: big.NewInt(int64(i))} }

// decimalFromFloat takes 15 significant digits: what a float holds for sure.
func decimalFromFloat(f float64) (Decimal, bool) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return Decimal{}, false
	}
	d, ok := ParseDecimal(strconv.FormatFloat(f, 'e', 14, 64))
	return d.trim(), ok
}

func tenTo(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

func (d Decimal) int() *big.Int {
	if d.coef == nil {
		return bigZero
	}
	return d.coef
}

// tooLong reports whether d is beyond what an evaluation goes on with.
func (d Decimal) tooLong() bool { return d.int().BitLen() > maxDigits*10/3 || d.scale > maxDigits }

// at gives the coefficient at a scale not below d's.
func (d Decimal) at(scale int) *big.Int {
	if scale == d.scale {
		return d.int()
	}
	return new(big.Int).Mul(d.int(), tenTo(scale-d.scale))
}

// String writes d with the places that it has.
func (d Decimal) String() string {
	s := d.int().String()
	if d.scale == 0 {
		return s
	}
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	if pad := d.scale + 1 - len(s); pad > 0 {
		s = strings.Repeat("0", pad) + s
	}
	return sign + s[:len(s)-d.scale] + "." + s[len(s)-d.scale:]
}

// Scale is the number of places after the point.
func (d Decimal) Scale() int { return d.scale }

// Rat gives d as a fraction.
func (d Decimal) Rat() *big.Rat { return new(big.Rat).SetFrac(d.int(), tenTo(d.scale)) }

// Sign is -1, 0 or 1.
func (d Decimal) Sign() int { return d.int().Sign() }

// Cmp compares by value: 1.10 and 1.1 are the same.
func (d Decimal) Cmp(o Decimal) int {
	s := max(d.scale, o.scale)
	return d.at(s).Cmp(o.at(s))
}

func (d Decimal) add(o Decimal) Decimal {
	s := max(d.scale, o.scale)
	return Decimal{new(big.Int).Add(d.at(s), o.at(s)), s}
}

func (d Decimal) neg() Decimal { return Decimal{new(big.Int).Neg(d.int()), d.scale} }

func (d Decimal) abs() Decimal { return Decimal{new(big.Int).Abs(d.int()), d.scale} }

func (d Decimal) mul(o Decimal) Decimal {
	return Decimal{new(big.Int).Mul(d.int(), o.int()), d.scale + o.scale}
}

// quo divides to 20 places, or more where the operands have more, and drops
// trailing zeros. The divisor must not be 0.
func (d Decimal) quo(o Decimal) Decimal {
	places := max(quotientDigits, d.scale, o.scale)
	n := d.at(max(d.scale, o.scale))
	n = new(big.Int).Mul(n, tenTo(places))
	return Decimal{n.Quo(n, o.at(max(d.scale, o.scale))), places}.trim()
}

// quoRem divides to a whole number, truncated, with the rest.
func (d Decimal) quoRem(o Decimal) (q, r Decimal) {
	s := max(d.scale, o.scale)
	qi, ri := new(big.Int).QuoRem(d.at(s), o.at(s), new(big.Int))
	return Decimal{qi, 0}, Decimal{ri, s}
}

// trim drops trailing zeros after the point.
func (d Decimal) trim() Decimal {
	coef, ten, rest := d.int(), big.NewInt(10), new(big.Int)
	for d.scale > 0 {
		q, r := new(big.Int).QuoRem(coef, ten, rest)
		if r.Sign() != 0 {
			break
		}
		coef = q
		d.scale--
	}
	return Decimal{coef, d.scale}
}

// rounding says which way roundTo goes.
type rounding int

const (
	down   rounding = iota // towards minus infinity
	up                     // towards plus infinity
	toZero                 // cut off
	half                   // to the nearest, halves away from zero
)

// roundTo gives d with exactly the given places.
func (d Decimal) roundTo(places int, how rounding) Decimal {
	if places >= d.scale {
		return Decimal{d.at(places), places}
	}
	unit := tenTo(d.scale - places)
	q, r := new(big.Int).QuoRem(d.int(), unit, new(big.Int))
	sign := r.Sign()
	step := 0
	switch {
	case how == down && sign < 0:
		step = -1
	case how == up && sign > 0:
		step = 1
	case how == half && r.Abs(r).Lsh(r, 1).Cmp(unit) >= 0:
		step = sign
	}
	return Decimal{q.Add(q, big.NewInt(int64(step))), places}
}

// integer gives d as an Integer where it is whole and in range.
func (d Decimal) integer() (Integer, bool) {
	if d.scale > 0 {
		d = d.trim()
	}
	if d.scale > 0 || !d.int().IsInt64() {
		return 0, false
	}
	return integerOf(d.int().Int64())
}

func integerOf(i int64) (Integer, bool) {
	return Integer(i), i >= math.MinInt32 && i <= math.MaxInt32
}

func (d Decimal) float() float64 {
	f, _ := d.Rat().Float64()
	return f
}
