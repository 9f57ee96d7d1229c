package casemodel

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// Money is an amount in whole minor units (cents; yen have none) of a currency,
// an ISO 4217 code.
type Money struct {
	Minor    int64  `json:"minor"`
	Currency string `json:"currency"`
}

// USD gives an amount of US dollars in cents.
func USD(cents int64) Money { return Money{cents, "USD"} }

// IsZero says whether there is neither amount nor currency.
func (m Money) IsZero() bool { return m == Money{} }

// errNotMoney says that a text isn't an amount that a currency can be paid in.
var errNotMoney = errors.New("not an amount of whole minor units in this currency")

// Decimal gives the amount in major units, with as many digits after the point
// as the currency has: 1000.00 for 100000 cents.
func (m Money) Decimal() Decimal {
	digits, _ := MinorDigits(m.Currency)
	text := strconv.FormatInt(m.Minor, 10)
	sign := ""
	if m.Minor < 0 {
		sign, text = "-", text[1:]
	}
	if digits == 0 {
		return Decimal(sign + text)
	}
	if pad := digits + 1 - len(text); pad > 0 {
		text = strings.Repeat("0", pad) + text
	}
	point := len(text) - digits
	return Decimal(sign + text[:point] + "." + text[point:])
}

// ParseMoney reads an amount in major units. It fails for a currency that ISO
// 4217 doesn't have, a fraction of a minor unit and an amount beyond int64.
func ParseMoney(amount Decimal, currency string) (Money, error) {
	digits, ok := MinorDigits(currency)
	if !ok {
		return Money{}, errNotMoney
	}
	text, negative := strings.CutPrefix(string(amount), "-")
	whole, fraction, _ := strings.Cut(text, ".")
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > digits || whole == "" {
		return Money{}, errNotMoney
	}
	all := whole + fraction + strings.Repeat("0", digits-len(fraction))
	minor, err := strconv.ParseUint(all, 10, 63)
	if err != nil {
		return Money{}, errNotMoney
	}
	if negative {
		return Money{-int64(minor), currency}, nil
	}
	return Money{int64(minor), currency}, nil
}

// add gives m+n; ok is false where currencies differ or the sum doesn't fit.
func (m Money) add(n Money) (Money, bool) {
	if m.Currency != n.Currency {
		return Money{}, false
	}
	if n.Minor > 0 && m.Minor > math.MaxInt64-n.Minor || n.Minor < 0 && m.Minor < math.MinInt64-n.Minor {
		return Money{}, false
	}
	return Money{m.Minor + n.Minor, m.Currency}, true
}
