package fhirpath

import (
	"strconv"
	"strings"
)

// conversions has what toX does for each type; nil where a value doesn't convert.
var conversions = map[string]func(System) System{
	"Boolean": toBoolean, "Integer": toInteger, "Decimal": toDecimal, "String": toString,
	"Date": toDate, "DateTime": toDateTime, "Time": toTime, "Quantity": toQuantity,
}

// conversionFunctions makes toX and convertsToX of each.
func conversionFunctions() map[string]signature {
	family := map[string]signature{}
	for name, convert := range conversions {
		units := 0
		if name == "Quantity" {
			units = 1
		}
		family["to"+name] = signature{max: units, fn: converting(convert, false)}
		family["convertsTo"+name] = signature{max: units, fn: converting(convert, true)}
	}
	return family
}

// converting makes toX, or convertsToX where only asking.
func converting(convert func(System) System, asking bool) function {
	return func(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
		v, ok, err := c.one(in)
		if err != nil || !ok {
			return dst, err
		}
		var result System
		if s := v.System(); s != nil {
			result = convert(s)
		}
		if result != nil && len(c.args) > 0 {
			unit, ok, err := c.textArgument(m, 0)
			if err != nil || !ok {
				return dst, err
			}
			result = inUnit(result.(Quantity), unit)
		}
		if asking {
			return truthOf(result != nil).append(dst), nil
		}
		if result == nil {
			return dst, nil
		}
		return m.add(dst, result, c.offset)
	}
}

func toBoolean(s System) System {
	switch s := s.(type) {
	case Boolean:
		return s
	case Integer, Decimal:
		d, _ := decimalFrom(s)
		if d.Cmp(decimalOf(1)) == 0 {
			return Boolean(true)
		}
		if d.Sign() == 0 {
			return Boolean(false)
		}
	case String:
		switch strings.ToLower(string(s)) {
		case "true", "t", "yes", "y", "1", "1.0":
			return Boolean(true)
		case "false", "f", "no", "n", "0", "0.0":
			return Boolean(false)
		}
	}
	return nil
}

func toInteger(s System) System {
	switch s := s.(type) {
	case Integer:
		return s
	case Boolean:
		if s {
			return Integer(1)
		}
		return Integer(0)
	case String:
		if i, err := strconv.ParseInt(string(s), 10, 32); err == nil {
			return Integer(i)
		}
	}
	return nil
}

func toDecimal(s System) System {
	switch s := s.(type) {
	case Decimal:
		return s
	case Integer:
		return decimalOf(s)
	case Boolean:
		return decimalOf(toInteger(s).(Integer))
	case String:
		if d, ok := ParseDecimal(string(s)); ok && !strings.ContainsAny(string(s), "eE") {
			return d
		}
	}
	return nil
}

func toString(s System) System {
	if _, ok := s.(TypeInfo); ok {
		return nil
	}
	return String(s.String())
}

func toDate(s System) System {
	switch s := s.(type) {
	case Date:
		return s
	case DateTime:
		return s.date()
	case String:
		if d, ok := ParseDateTime(string(s)); ok {
			return d.date()
		}
	}
	return nil
}

func toDateTime(s System) System {
	switch s := s.(type) {
	case DateTime:
		return s
	case Date:
		return DateTime(s)
	case String:
		if d, ok := ParseDateTime(string(s)); ok {
			return d
		}
	}
	return nil
}

func toTime(s System) System {
	switch s := s.(type) {
	case Time:
		return s
	case DateTime:
		if s.precision >= Hour {
			return s.timeOfDay()
		}
	case String:
		if t, ok := ParseTime(strings.TrimPrefix(string(s), "T")); ok {
			return t
		}
	}
	return nil
}

func toQuantity(s System) System {
	switch s := s.(type) {
	case Quantity:
		return s
	case String:
		if q, ok := ParseQuantity(string(s)); ok {
			return q
		}
		return nil
	}
	if d, ok := toDecimal(s).(Decimal); ok {
		return Quantity{d, "1"}
	}
	return nil
}

// inUnit brings a quantity to a unit; nil where they don't measure the same.
func inUnit(q Quantity, unit string) System {
	zero := newQuantity(Decimal{}, unit)
	sum, ok := zero.add(q)
	if !ok {
		return nil
	}
	return sum
}
