package fhirpath

import (
	"sort"
	"strings"
)

var filteringFunctions = map[string]signature{
	"where":     {min: 1, max: 1, fn: where},
	"select":    {min: 1, max: 1, fn: project},
	"repeat":    {min: 1, max: 1, fn: repeat},
	"aggregate": {min: 1, max: 2, fn: aggregate},
	"sort":      {max: 16, fn: sorted},
	"iif":       {min: 2, max: 3, fn: iif},
	"trace":     {min: 1, max: 2, fn: trace},
}

func where(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	err := m.test(in, c.args[0], c.offset, c.name, func(i int, t Truth) bool {
		if t == True {
			dst = append(dst, in[i])
		}
		return true
	})
	return dst, err
}

// project is select.
func project(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	err := m.each(in, c.args[0], c.offset, func(_ int, result Collection) (bool, error) {
		dst = append(dst, result...)
		return true, m.spend(len(result), c.offset)
	})
	return dst, err
}

// repeat projects its own results again until nothing new comes up, so that a
// cycle ends.
func repeat(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	seen := newSet(m, 0)
	queue := append(m.borrow(), in...)
	for len(queue) > 0 {
		next := m.borrow()
		err := m.each(queue, c.args[0], c.offset, func(_ int, result Collection) (bool, error) {
			for _, v := range result {
				if seen.add(v) {
					next = append(next, v)
				}
			}
			return true, m.spend(len(result), c.offset)
		})
		if err != nil {
			return dst, err
		}
		dst = append(dst, next...)
		m.give(queue)
		queue = next
	}
	m.give(queue)
	return dst, nil
}

func aggregate(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	outer := m.scope
	defer func() { m.scope = outer }()
	var total Collection
	if len(c.args) > 1 {
		var err error
		if total, err = c.args[1].eval(m, nil); err != nil {
			return dst, err
		}
	}
	for i := range in {
		m.scope = scope{this: in[i : i+1 : i+1], index: i, total: total}
		next, err := c.args[0].eval(m, nil)
		if err == nil {
			err = m.spend(1+len(next), c.offset)
		}
		if err != nil {
			return dst, err
		}
		total = next
	}
	return append(dst, total...), nil
}

// iif evaluates only the branch that is taken, for the input as $this.
func iif(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	if len(in) > 1 {
		return dst, failed(c.offset, "iif takes one item, and has several")
	}
	outer := m.scope
	m.scope.this = in
	defer func() { m.scope = outer }()
	t, err := m.truth(c.args[0], c.offset, "the condition of iif")
	switch {
	case err != nil:
		return dst, err
	case t == True:
		return c.args[1].eval(m, dst)
	case len(c.args) == 3:
		return c.args[2].eval(m, dst)
	}
	return dst, nil
}

func trace(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	name, _, err := c.textArgument(m, 0)
	if err != nil {
		return dst, err
	}
	seen := in
	if len(c.args) > 1 {
		if seen, err = project(m, &callExpr{name: c.name, args: c.args[1:], offset: c.offset}, in, nil); err != nil {
			return dst, err
		}
	}
	if m.ctx.Trace != nil {
		m.ctx.Trace(name, append(Collection(nil), seen...))
	}
	return append(dst, in...), nil
}

// sortKey is a key of sort(): a minus before it, which may stand before
// Strings too, means descending.
type sortKey struct {
	of         expr
	descending bool
}

func sortKeys(args []expr) []sortKey {
	if len(args) == 0 {
		return []sortKey{{of: thisExpr{}}}
	}
	keys := make([]sortKey, len(args))
	for i, a := range args {
		keys[i] = sortKey{of: a}
		if sign, ok := a.(*signExpr); ok && sign.negative {
			keys[i] = sortKey{sign.operand, true}
		}
	}
	return keys
}

// sorted is sort. Items without a key come first, descending too; what has no
// order stays as it was.
func sorted(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	keys := sortKeys(c.args)
	rows := make([][]System, len(in))
	for _, key := range keys {
		err := m.each(in, key.of, c.offset, func(i int, result Collection) (bool, error) {
			if len(result) > 1 {
				return false, failed(c.offset, "a key of sort is one item, not several")
			}
			var s System
			if len(result) == 1 {
				s = result[0].System()
			}
			rows[i] = append(rows[i], s)
			return true, nil
		})
		if err != nil {
			return dst, err
		}
	}
	order := make([]int, len(in))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool {
		m.steps--
		return sortsBefore(keys, rows[order[a]], rows[order[b]])
	})
	for _, i := range order {
		dst = append(dst, in[i])
	}
	return dst, nil
}

func sortsBefore(keys []sortKey, a, b []System) bool {
	for i, key := range keys {
		x, y := a[i], b[i]
		if x == nil || y == nil {
			if (x == nil) != (y == nil) {
				return x == nil
			}
			continue
		}
		if key.descending {
			x, y = y, x
		}
		if order := orderForSort(x, y); order != 0 {
			return order < 0
		}
	}
	return false
}

// orderForSort is 0 where the order is open; types that have no common order
// sort by name.
func orderForSort(a, b System) int {
	order, comparable, sure := compareSystem(a, b)
	if !comparable {
		return strings.Compare(a.TypeName(), b.TypeName())
	}
	if !sure {
		return 0
	}
	return order
}
