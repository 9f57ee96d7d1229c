package fhirpath

import "maps"

// callExpr is a function call.
type callExpr struct {
	name   string
	input  expr
	args   []expr
	fn     function
	offset int
	regex  *pattern // of matches and its kin where the argument is a literal
}

// function computes a call's result from its input and appends it to dst. It
// evaluates the arguments itself, since some take them for every item.
type function func(m *machine, c *callExpr, in, dst Collection) (Collection, error)

func (c *callExpr) eval(m *machine, dst Collection) (Collection, error) {
	in, own, err := m.take(c.input)
	if err != nil {
		return dst, err
	}
	dst, err = c.fn(m, c, in, dst)
	m.done(in, own)
	if err != nil {
		return dst, err
	}
	return dst, m.spend(1, c.offset)
}

// signature is a function with how many arguments it takes.
type signature struct {
	min, max int
	fn       function
}

// functions has every function but is, as and ofType, whose argument is a type.
var functions = join(
	existenceFunctions, filteringFunctions, subsettingFunctions, combiningFunctions, conversionFunctions(),
	stringFunctions, regexFunctions, codingFunctions, mathFunctions, boundaryFunctions, navigationFunctions,
	utilityFunctions, fhirFunctions,
)

func join(families ...map[string]signature) map[string]signature {
	joined := map[string]signature{}
	for _, family := range families {
		maps.Copy(joined, family)
	}
	return joined
}

var combiningFunctions = map[string]signature{
	"union":      {min: 1, max: 1, fn: union},
	"combine":    {min: 1, max: 1, fn: combineAll},
	"intersect":  {min: 1, max: 1, fn: intersect},
	"exclude":    {min: 1, max: 1, fn: exclude},
	"subsetOf":   {min: 1, max: 1, fn: subsetOf},
	"supersetOf": {min: 1, max: 1, fn: supersetOf},
}

// scalar makes a function of one System value. What gives nil gives nothing.
func scalar(fn func(m *machine, c *callExpr, v System) (System, error)) function {
	return func(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
		v, ok, err := c.one(in)
		if err != nil || !ok {
			return dst, err
		}
		s := v.System()
		if s == nil {
			return dst, c.wrongType(v)
		}
		result, err := fn(m, c, s)
		if err != nil || result == nil {
			return dst, err
		}
		return m.add(dst, result, c.offset)
	}
}

// text makes a function of one String.
func text(fn func(m *machine, c *callExpr, s string) (System, error)) function {
	return scalar(func(m *machine, c *callExpr, v System) (System, error) {
		s, ok := v.(String)
		if !ok {
			return nil, c.wrongType(Of(v))
		}
		m.steps -= len(s) / charactersPerStep
		return fn(m, c, string(s))
	})
}

// one gives the only item of the input; ok is false where there is none, or
// one without a value.
func (c *callExpr) one(in Collection) (v Value, ok bool, err error) {
	if len(in) > 1 {
		return Value{}, false, failed(c.offset, "%s takes one item, and has several", c.name)
	}
	if len(in) == 0 || in[0].empty() {
		return Value{}, false, nil
	}
	return in[0], true, nil
}

func (c *callExpr) wrongType(v Value) error {
	return failed(c.offset, "%s can't take %s", c.name, v.kindName())
}

// argument evaluates an argument that must be a single item, if it is written.
func (c *callExpr) argument(m *machine, i int) (v System, ok bool, err error) {
	if i >= len(c.args) {
		return nil, false, nil
	}
	item, ok, err := m.single(c.args[i], c.offset, c.name)
	if err != nil || !ok || item.empty() {
		return nil, false, err
	}
	v = item.System()
	if v == nil {
		return nil, false, c.wrongType(item)
	}
	return v, true, nil
}

func (c *callExpr) textArgument(m *machine, i int) (s string, ok bool, err error) {
	v, ok, err := c.argument(m, i)
	if err != nil || !ok {
		return "", false, err
	}
	text, ok := v.(String)
	if !ok {
		return "", false, failed(c.offset, "%s takes a String as argument, not %s", c.name, v.TypeName())
	}
	return string(text), true, nil
}

func (c *callExpr) integerArgument(m *machine, i int) (n int, ok bool, err error) {
	v, ok, err := c.argument(m, i)
	if err != nil || !ok {
		return 0, false, err
	}
	integer, ok := v.(Integer)
	if !ok {
		return 0, false, failed(c.offset, "%s takes an Integer as argument, not %s", c.name, v.TypeName())
	}
	return int(integer), true, nil
}

func (c *callExpr) decimalArgument(m *machine, i int) (d Decimal, ok bool, err error) {
	v, ok, err := c.argument(m, i)
	if err != nil || !ok {
		return Decimal{}, false, err
	}
	d, ok = decimalFrom(v)
	if !ok {
		return Decimal{}, false, failed(c.offset, "%s takes a number as argument, not %s", c.name, v.TypeName())
	}
	return d, true, nil
}
