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
	focus Collection // %context, a copy
	steps int        // that are left
	given int        // steps at first
	free  []Collection
}

var machines = sync.Pool{New: func() any { return new(machine) }}

var emptyContext Context

func start(ctx *Context, focus Collection) *machine {
	m := machines.Get().(*machine)
	if ctx == nil {
		ctx = &emptyContext
	}
	m.ctx = ctx
	m.focus = append(m.focus[:0], focus...) // a copy, so that callers' arguments need no heap
	m.scope = scope{this: m.focus}
	m.steps = ctx.Steps
	if m.steps <= 0 {
		m.steps = DefaultSteps
	}
	if ctx.Work != nil {
		m.steps = min(m.steps, ctx.Work.Left())
	}
	m.given = m.steps
	return m
}

func (m *machine) stop() {
	if m.ctx.Work != nil {
		_ = m.ctx.Work.Spend(1 + m.given - max(m.steps, 0)) // who shares it asks
	}
	clear(m.focus)
	m.ctx, m.scope = nil, scope{}
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

// Truth is FHIRPath's three-valued logic.
type Truth int8

// The values; Unknown is what an empty collection says.
const (
	False Truth = iota
	True
	Unknown
)

func truthOf(b bool) Truth {
	if b {
		return True
	}
	return False
}

func (t Truth) not() Truth {
	switch t {
	case True:
		return False
	case False:
		return True
	}
	return Unknown
}

// append adds the truth to a collection; unknown adds nothing.
func (t Truth) append(dst Collection) Collection {
	if t == Unknown {
		return dst
	}
	return append(dst, Of(Boolean(t == True)))
}

// truth evaluates e as a condition: empty is unknown, and a single item that
// isn't a Boolean counts as true
// (http://hl7.org/fhirpath/N1/#singleton-evaluation-of-collections).
func (m *machine) truth(e expr, offset int, what string) (Truth, error) {
	v, ok, err := m.single(e, offset, what)
	if err != nil || !ok {
		return Unknown, err
	}
	return v.truth(), nil
}

func (v Value) truth() Truth {
	if b, ok := v.system.(Boolean); ok {
		return truthOf(bool(b))
	}
	if v.system != nil || kindOf(v.node) != booleanKind {
		return True
	}
	if !v.node.HasValue() {
		return Unknown
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
func (m *machine) test(items Collection, e expr, offset int, what string, visit func(i int, t Truth) (more bool)) error {
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
