package fhirpath

// unionExpr is left | right: what is in either, once each.
type unionExpr struct {
	left, right expr
	offset      int
}

func (e *unionExpr) eval(m *machine, dst Collection) (Collection, error) {
	both, err := e.gather(m, m.borrow())
	if err != nil {
		return dst, err
	}
	if len(both) < 2 {
		dst = append(dst, both...)
	} else {
		dst, err = m.distinct(both, dst, e.offset)
	}
	m.give(both)
	return dst, err
}

// gather evaluates a chain of unions into one collection, so that doubles are
// looked for once.
func (e *unionExpr) gather(m *machine, dst Collection) (Collection, error) {
	var err error
	if left, ok := e.left.(*unionExpr); ok {
		dst, err = left.gather(m, dst)
	} else {
		dst, err = e.left.eval(m, dst)
	}
	if err != nil {
		return dst, err
	}
	return e.right.eval(m, dst)
}

// memberExpr is in and contains.
type memberExpr struct {
	item, in expr
	operator string
	offset   int
}

func (e *memberExpr) eval(m *machine, dst Collection) (Collection, error) {
	v, ok, err := m.single(e.item, e.offset, e.operator)
	if err != nil || !ok {
		return dst, err
	}
	in, own, err := m.take(e.in)
	if err != nil {
		return dst, err
	}
	dst = truthOf(m.has(in, v)).append(dst)
	m.done(in, own)
	return dst, m.spend(1, e.offset)
}

func (m *machine) has(in Collection, v Value) bool {
	for _, w := range in {
		if m.equal(v, w) == True {
			return true
		}
	}
	return false
}

// distinct appends the items of in that differ from one another, in order.
func (m *machine) distinct(in, dst Collection, offset int) (Collection, error) {
	set := newSet(m, len(in))
	for _, v := range in {
		if set.add(v) {
			dst = append(dst, v)
		}
		if m.steps < 0 {
			return dst, tooCostly(offset)
		}
	}
	return dst, nil
}

func union(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	both, err := c.args[0].eval(m, append(m.borrow(), in...))
	if err != nil {
		return dst, err
	}
	dst, err = m.distinct(both, dst, c.offset)
	m.give(both)
	return dst, err
}

func combineAll(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	dst, err := c.args[0].eval(m, append(dst, in...))
	if err != nil {
		return dst, err
	}
	return dst, m.spend(len(in), c.offset)
}

func intersect(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	return m.filterBy(c, in, dst, true)
}

func exclude(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	return m.filterBy(c, in, dst, false)
}

// filterBy keeps the items that are among the argument's, once each, or those
// that aren't, doubles included.
func (m *machine) filterBy(c *callExpr, in, dst Collection, keep bool) (Collection, error) {
	other, own, err := m.take(c.args[0])
	if err != nil {
		return dst, err
	}
	set := newSet(m, len(other))
	for _, v := range other {
		set.add(v)
	}
	seen := newSet(m, len(in))
	for _, v := range in {
		if set.has(v) == keep && (!keep || seen.add(v)) {
			dst = append(dst, v)
		}
		if m.steps < 0 {
			return dst, tooCostly(c.offset)
		}
	}
	m.done(other, own)
	return dst, nil
}

func subsetOf(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	other, own, err := m.take(c.args[0])
	if err != nil {
		return dst, err
	}
	dst = truthOf(m.includes(other, in)).append(dst)
	m.done(other, own)
	return dst, m.spend(1, c.offset)
}

func supersetOf(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	other, own, err := m.take(c.args[0])
	if err != nil {
		return dst, err
	}
	dst = truthOf(m.includes(in, other)).append(dst)
	m.done(other, own)
	return dst, m.spend(1, c.offset)
}

func (m *machine) includes(all, part Collection) bool {
	set := newSet(m, len(all))
	for _, v := range all {
		set.add(v)
	}
	for _, v := range part {
		if !set.has(v) {
			return false
		}
	}
	return true
}
