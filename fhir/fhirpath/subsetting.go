package fhirpath

var subsettingFunctions = map[string]signature{
	"single": {fn: single},
	"first":  {fn: first},
	"last":   {fn: last},
	"tail":   {fn: tail},
	"skip":   {min: 1, max: 1, fn: skip},
	"take":   {min: 1, max: 1, fn: take},
}

func single(_ *machine, c *callExpr, in, dst Collection) (Collection, error) {
	if len(in) > 1 {
		return dst, failed(c.offset, "single takes one item, and has several")
	}
	return append(dst, in...), nil
}

func first(_ *machine, _ *callExpr, in, dst Collection) (Collection, error) {
	return append(dst, in[:min(1, len(in))]...), nil
}

func last(_ *machine, _ *callExpr, in, dst Collection) (Collection, error) {
	return append(dst, in[max(0, len(in)-1):]...), nil
}

func tail(_ *machine, _ *callExpr, in, dst Collection) (Collection, error) {
	return append(dst, in[min(1, len(in)):]...), nil
}

func skip(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	n, ok, err := c.integerArgument(m, 0)
	if err != nil || !ok {
		return dst, err
	}
	return append(dst, in[max(0, min(n, len(in))):]...), nil
}

func take(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	n, ok, err := c.integerArgument(m, 0)
	if err != nil || !ok {
		return dst, err
	}
	return append(dst, in[:max(0, min(n, len(in)))]...), nil
}
