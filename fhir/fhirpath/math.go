package fhirpath

import (
	"math"
	"math/big"
)

var mathFunctions = map[string]signature{
	"abs":      {fn: scalar(abs)},
	"ceiling":  {fn: rounded(up)},
	"floor":    {fn: rounded(down)},
	"truncate": {fn: rounded(toZero)},
	"round":    {max: 1, fn: scalar(round)},
	"sqrt":     {fn: float(math.Sqrt)},
	"exp":      {fn: float(math.Exp)},
	"ln":       {fn: float(math.Log)},
	"log":      {min: 1, max: 1, fn: scalar(logarithm)},
	"power":    {min: 1, max: 1, fn: scalar(power)},
}

func abs(_ *machine, c *callExpr, v System) (System, error) {
	switch v := v.(type) {
	case Integer:
		if v < 0 {
			return negate(v), nil
		}
		return v, nil
	case Decimal:
		return v.abs(), nil
	case Quantity:
		return Quantity{v.Value.abs(), v.Unit}, nil
	}
	return nil, c.wrongType(Of(v))
}

func rounded(how rounding) function {
	return scalar(func(_ *machine, c *callExpr, v System) (System, error) {
		d, ok := decimalFrom(v)
		if !ok {
			return nil, c.wrongType(Of(v))
		}
		i, ok := d.roundTo(0, how).integer()
		return orNone(i, ok), nil
	})
}

func round(m *machine, c *callExpr, v System) (System, error) {
	d, ok := decimalFrom(v)
	if !ok {
		return nil, c.wrongType(Of(v))
	}
	places, _, err := c.integerArgument(m, 0)
	if err != nil {
		return nil, err
	}
	if places < 0 || places > maxDigits {
		return nil, failed(c.offset, "round takes 0 to %d places", maxDigits)
	}
	if places >= d.scale {
		return d, nil
	}
	return d.roundTo(places, half), nil
}

// float makes a function that is computed in floating point, to 15 digits.
func float(fn func(float64) float64) function {
	return scalar(func(_ *machine, c *callExpr, v System) (System, error) {
		d, ok := decimalFrom(v)
		if !ok {
			return nil, c.wrongType(Of(v))
		}
		result, ok := decimalFromFloat(fn(d.float()))
		return orNone(result, ok), nil
	})
}

func logarithm(m *machine, c *callExpr, v System) (System, error) {
	d, ok := decimalFrom(v)
	if !ok {
		return nil, c.wrongType(Of(v))
	}
	base, ok, err := c.decimalArgument(m, 0)
	if err != nil || !ok {
		return nil, err
	}
	result, ok := decimalFromFloat(math.Log(d.float()) / math.Log(base.float()))
	return orNone(result, ok), nil
}

// power is exact for whole exponents from 0 on.
func power(m *machine, c *callExpr, v System) (System, error) {
	d, ok := decimalFrom(v)
	if !ok {
		return nil, c.wrongType(Of(v))
	}
	exponent, ok, err := c.decimalArgument(m, 0)
	if err != nil || !ok {
		return nil, err
	}
	n, whole := exponent.integer()
	if !whole || n < 0 {
		result, ok := decimalFromFloat(math.Pow(d.float(), exponent.float()))
		return orNone(result, ok), nil
	}
	if int64(n)*int64(max(d.int().BitLen(), d.scale, 1)) > maxDigits*4 {
		return nil, tooCostly(c.offset)
	}
	result := Decimal{new(big.Int).Exp(d.int(), big.NewInt(int64(n)), nil), d.scale * int(n)}
	if _, ok := v.(Integer); ok {
		i, ok := result.integer()
		return orNone(i, ok), nil
	}
	return result, nil
}
