package fhirpath

var existenceFunctions = map[string]signature{
	"empty":      {fn: empty},
	"exists":     {max: 1, fn: exists},
	"all":        {min: 1, max: 1, fn: all},
	"allTrue":    {fn: everyIs(True)},
	"allFalse":   {fn: everyIs(False)},
	"anyTrue":    {fn: anyIs(True)},
	"anyFalse":   {fn: anyIs(False)},
	"count":      {fn: count},
	"distinct":   {fn: distinctItems},
	"isDistinct": {fn: isDistinct},
	"not":        {fn: not},
}

func empty(_ *machine, _ *callExpr, in, dst Collection) (Collection, error) {
	return truthOf(len(in) == 0).append(dst), nil
}

func exists(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	if len(c.args) == 0 {
		return truthOf(len(in) > 0).append(dst), nil
	}
	found := False
	err := m.test(in, c.args[0], c.offset, c.name, func(_ int, t Truth) bool {
		if t == True {
			found = True
		}
		return found == False
	})
	return found.append(dst), err
}

func all(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	every := True
	err := m.test(in, c.args[0], c.offset, c.name, func(_ int, t Truth) bool {
		if t != True {
			every = False
		}
		return every == True
	})
	return every.append(dst), err
}

// everyIs makes allTrue and allFalse.
func everyIs(wanted Truth) function {
	return func(_ *machine, c *callExpr, in, dst Collection) (Collection, error) {
		every := True
		for _, v := range in {
			t, err := c.boolean(v)
			if err != nil {
				return dst, err
			}
			if t != wanted {
				every = False
			}
		}
		return every.append(dst), nil
	}
}

// anyIs makes anyTrue and anyFalse.
func anyIs(wanted Truth) function {
	return func(_ *machine, c *callExpr, in, dst Collection) (Collection, error) {
		found := False
		for _, v := range in {
			t, err := c.boolean(v)
			if err != nil {
				return dst, err
			}
			if t == wanted {
				found = True
			}
		}
		return found.append(dst), nil
	}
}

// boolean takes Booleans only: here a collection isn't a condition.
func (c *callExpr) boolean(v Value) (Truth, error) {
	if v.empty() {
		return Unknown, nil
	}
	b, ok := v.System().(Boolean)
	if !ok {
		return Unknown, c.wrongType(v)
	}
	return truthOf(bool(b)), nil
}

func count(_ *machine, _ *callExpr, in, dst Collection) (Collection, error) {
	n, _ := integerOf(int64(len(in)))
	return append(dst, Of(n)), nil
}

func distinctItems(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	return m.distinct(in, dst, c.offset)
}

func isDistinct(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	set := newSet(m, len(in))
	for _, v := range in {
		if !set.add(v) {
			return False.append(dst), nil
		}
		if m.steps < 0 {
			return dst, tooCostly(c.offset)
		}
	}
	return True.append(dst), nil
}

func not(_ *machine, c *callExpr, in, dst Collection) (Collection, error) {
	if len(in) > 1 {
		return dst, failed(c.offset, "not takes one item, and has several")
	}
	if len(in) == 0 {
		return dst, nil
	}
	return in[0].truth().not().append(dst), nil
}
