package fhirpath

import "sync"

// expr is a compiled expression. eval appends its items to dst. What it reads
// beside its operands is the machine's scope.
type expr interface {
	eval(m *machine, dst Collection) (Collection, error)
}

// scope is what $this, $index and $total mean at the moment.
type scope struct {
	this  Collection
	index int
	total Collection
}

// machine is the state of one evaluation.
type machine struct {
	ctx   *Context
	scope scope
	focus Collection // %context
	steps int        // that are left
	free  []Collection
}

var machines = sync.Pool{New: func() any { return new(machine) }}

var emptyContext Context

func start(ctx *Context, focus Collection) *machine {
	m := machines.Get().(*machine)
	if ctx == nil {
		ctx = &emptyContext
	}
	m.ctx, m.focus, m.scope = ctx, focus, scope{this: focus}
	m.steps = ctx.Steps
	if m.steps <= 0 {
		m.steps = DefaultSteps
	}
	return m
}

func (m *machine) stop() {
	m.ctx, m.focus, m.scope = nil, nil, scope{}
	machines.Put(m)
}

// spend uses up steps; it fails when none are left.
func (m *machine) spend(n, offset int) error {
	m.steps -= n
	if m.steps < 0 {
		return tooCostly(offset)
	}
	return nil
}

// borrow gives an empty collection to fill, to be returned by give.
func (m *machine) borrow() Collection {
	if n := len(m.free); n > 0 {
		c := m.free[n-1]
		m.free = m.free[:n-1]
		return c
	}
	return make(Collection, 0, 8)
}

// mostKept bounds what a machine keeps for its next use.
const mostKept = 1 << 12

func (m *machine) give(c Collection) {
	if cap(c) == 0 || cap(c) > mostKept {
		return
	}
	clear(c)
	m.free = append(m.free, c[:0])
}

// take evaluates e; where own is true the result goes back by give.
func (m *machine) take(e expr) (c Collection, own bool, err error) {
	switch e := e.(type) {
	case thisExpr:
		return m.scope.this, false, nil
	case *literalExpr:
		return e.values, false, nil
	}
	c, err = e.eval(m, m.borrow())
	return c, true, err
}

func (m *machine) done(c Collection, own bool) {
	if own {
		m.give(c)
	}
}

// single evaluates e, which must give at most one item.
func (m *machine) single(e expr, offset int, what string) (v Value, ok bool, err error) {
	c, own, err := m.take(e)
	if err != nil {
		return Value{}, false, err
	}
	if len(c) > 1 {
		err = failed(offset, "%s takes one item, and has several", what)
	} else if len(c) == 1 {
		v, ok = c[0], true
	}
	m.done(c, own)
	return v, ok, err
}

// truth is FHIRPath's three-valued logic.
type truth int8

const (
	no truth = iota
	yes
	unknown
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

func (t truth) not() truth {
	switch t {
	case yes:
		return no
	case no:
		return yes
	}
	return unknown
}

// append adds the truth to a collection; unknown adds nothing.
func (t truth) append(dst Collection) Collection {
	if t == unknown {
		return dst
	}
	return append(dst, Of(Boolean(t == yes)))
}

// truth evaluates e as a condition: empty is unknown, and a single item that
// isn't a Boolean counts as true
// (http://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections).
func (m *machine) truth(e expr, offset int, what string) (truth, error) {
	v, ok, err := m.single(e, offset, what)
	if err != nil || !ok {
		return unknown, err
	}
	return v.truth(), nil
}

func (v Value) truth() truth {
	if b, ok := v.system.(Boolean); ok {
		return truthOf(bool(b))
	}
	if v.system != nil || kindOf(v.node) != booleanKind {
		return yes
	}
	if !v.node.HasValue() {
		return unknown
	}
	return truthOf(v.node.Raw()[0] == 't')
}

// each evaluates e for every item as $this and calls visit with the result,
// which holds until visit returns.
func (m *machine) each(items Collection, e expr, offset int, visit func(i int, result Collection) (more bool, err error)) error {
	outer := m.scope
	defer func() { m.scope = outer }()
	result := m.borrow()
	defer func() { m.give(result) }()
	for i := range items {
		if err := m.spend(1, offset); err != nil {
			return err
		}
		m.scope = scope{this: items[i : i+1 : i+1], index: i, total: outer.total}
		var err error
		if result, err = e.eval(m, result[:0]); err != nil {
			return err
		}
		if more, err := visit(i, result); err != nil || !more {
			return err
		}
	}
	return nil
}

// test evaluates e as a condition for every item as $this.
func (m *machine) test(items Collection, e expr, offset int, what string, visit func(i int, t truth) (more bool)) error {
	outer := m.scope
	defer func() { m.scope = outer }()
	for i := range items {
		if err := m.spend(1, offset); err != nil {
			return err
		}
		m.scope = scope{this: items[i : i+1 : i+1], index: i, total: outer.total}
		t, err := m.truth(e, offset, what)
		if err != nil {
			return err
		}
		if !visit(i, t) {
			return nil
		}
	}
	return nil
}
