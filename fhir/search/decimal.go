package search

import (
	"math/big"
	"strconv"
	"strings"
)

// decimal is a number as it is written: 0.digits times ten to the power of exp.
type decimal struct {
	negative bool
	digits   string // without zeros at either end; "" for zero
	exp      int
	last     int  // the power of ten of the last digit that was written
	written  int  // how many digits were written, leading zeros not counted
	power    bool // written with an exponent
}

const (
	mostDigits   = 30  // that terms keep; more are cut off
	mostExponent = 400 // either way, for numbers in requests and resources
	longestText  = 1000
)

// parseDecimal reads a number as JSON and search values have it; ok is false
// for anything else and for numbers beyond bounds.
func parseDecimal(s string) (d decimal, ok bool) {
	if len(s) > longestText {
		return d, false
	}
	rest := s
	if rest != "" && (rest[0] == '-' || rest[0] == '+') {
		d.negative = rest[0] == '-'
		rest = rest[1:]
	}
	if i := strings.IndexAny(rest, "eE"); i >= 0 {
		n, err := strconv.Atoi(rest[i+1:])
		if err != nil || n > mostExponent || n < -mostExponent {
			return d, false
		}
		d.exp, d.power, rest = n, true, rest[:i]
	}
	whole, fraction, point := strings.Cut(rest, ".")
	if whole == "" || point && fraction == "" || !isDigits(whole) || !isDigits(fraction) {
		return d, false
	}
	d.last = d.exp - len(fraction)
	all := strings.TrimLeft(whole+fraction, "0")
	d.written = max(len(all), 1)
	d.exp = d.last + len(all)
	d.digits = strings.TrimRight(all, "0")
	if d.digits == "" {
		d.exp, d.negative = 0, false
	}
	return d, d.exp <= 2*mostExponent && d.exp >= -2*mostExponent
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// rat gives the number as a fraction.
func (d decimal) rat() *big.Rat {
	if d.digits == "" {
		return new(big.Rat)
	}
	n, _ := new(big.Int).SetString(d.digits, 10)
	r := new(big.Rat).SetInt(n)
	r.Mul(r, tenTo(d.exp-len(d.digits)))
	if d.negative {
		r.Neg(r)
	}
	return r
}

func tenTo(n int) *big.Rat {
	p := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(n, -n))), nil)
	if n < 0 {
		return new(big.Rat).SetFrac(big.NewInt(1), p)
	}
	return new(big.Rat).SetInt(p)
}

// tolerance is half a unit of the last digit that was written
// (https://hl7.org/fhir/R4/search.html#number). The page takes 1e2 as 95 to
// 105: with an exponent at least two digits count.
func (d decimal) tolerance() *big.Rat {
	last := d.last
	if d.power && d.written == 1 {
		last--
	}
	return new(big.Rat).Mul(tenTo(last), big.NewRat(1, 2))
}

// order writes the number so that texts order as numbers do, and none begins
// another one that is followed by a byte below "0".
func (d decimal) order() string {
	if d.digits == "" {
		return "1"
	}
	digits := d.digits
	if len(digits) > mostDigits {
		digits = strings.TrimRight(digits[:mostDigits], "0")
	}
	const bias = 5000
	if !d.negative {
		return "2" + strconv.Itoa(d.exp+bias) + digits
	}
	return "0" + complement(strconv.Itoa(d.exp+bias)+digits) + "~"
}

// complement turns the order of digits round.
func complement(digits string) string {
	b := []byte(digits)
	for i := range b {
		b[i] = '0' + '9' - b[i]
	}
	return string(b)
}

// orderRat is order for a fraction, cut to mostDigits digits.
func orderRat(r *big.Rat) string {
	if r.Sign() == 0 {
		return "1"
	}
	num, den := new(big.Int).Abs(r.Num()), r.Denom()
	// The quotient of num*10^shift and den has more digits than are kept.
	shift := mostDigits + 2 - (num.BitLen()-den.BitLen())*30103/100000
	ten := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(shift, -shift))), nil)
	if shift >= 0 {
		num.Mul(num, ten)
	} else {
		den = new(big.Int).Mul(den, ten)
	}
	digits := num.Quo(num, den).String()
	d := decimal{negative: r.Sign() < 0, exp: len(digits) - shift, digits: strings.TrimRight(digits, "0")}
	return d.order()
}
