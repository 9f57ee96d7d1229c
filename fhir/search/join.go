package search

import (
	"context"
	"errors"
	"slices"

	"caseway/fhir"
)

// join is a Chain or Reverse in normal form. It is resolved by looking for its
// inner side, or else looked up for the hits of the outer side. It remembers
// what it learns, so it belongs to one request.
type join struct {
	typ     string // of the inner side
	param   *Parameter
	where   Expr // on the inner side
	reverse bool

	state joinState
	plain Expr            // where resolved: the same without the join
	known map[string]bool // by what was looked up
}

type joinState int

const (
	fresh    joinState = iota
	resolved           // plain says it all
	large              // there is too much on the inner side
)

func (*join) expr() {}

func (j *join) name() string {
	if j.reverse {
		return "_has:" + j.typ + ":" + j.param.Code
	}
	return j.param.Code + "." + conditionName(j.where)
}

// freshJoins are the joins in a condition that nobody has tried to resolve.
func freshJoins(e Expr) []*join {
	var members []Expr
	switch e := e.(type) {
	case *join:
		if e.state == fresh {
			return []*join{e}
		}
	case And:
		members = e
	case Or:
		members = e
	case Not:
		return freshJoins(e.Expr)
	case *inside:
		return freshJoins(e.where)
	case *contained:
		return freshJoins(e.where)
	}
	var all []*join
	for _, m := range members {
		all = append(all, freshJoins(m)...)
	}
	return all
}

// resolve collects the inner side, with half of what work is left at most.
func (j *join) resolve(ctx context.Context, r *runner) error {
	where := j.inside(nil)
	name, known := sameness(j.typ, where)
	if same, ok := r.budget.found[name]; known && ok {
		j.settle(same)
		return nil
	}
	in := r.inner(j.typ, where)
	in.floor = max(r.floor, r.budget.left/2)
	in.everything = true
	var found []Hit
	_, err := in.each(ctx, func(hits []Hit) bool {
		found = append(found, hits...)
		return len(found) > MaxChained
	})
	if errors.Is(err, errLarge) || err == nil && len(found) > MaxChained {
		j.state = large
		if r.budget.left < r.floor {
			return errLarge // what it was for has no more work left either
		}
		return nil
	}
	if err != nil {
		return err
	}
	if known {
		r.budget.remember(name, found)
	}
	r.noteVersions(in.where, found)
	j.settle(found)
	return nil
}

// settle says the join in terms of what the inner side was found to be.
func (j *join) settle(found []Hit) {
	either := make(Or, 0, len(found))
	var keys Keys
	for _, h := range found {
		if !j.reverse {
			either = append(either, j.param.linksTo(h)...)
			continue
		}
		links := j.param.linksFrom(h.Terms)
		keys = append(keys, links.keys...)
		for _, v := range links.versions {
			keys = append(keys, v.Key)
		}
		either = append(either, links.others...)
	}
	j.state, j.plain = resolved, normal(append(either, keys))
}

// inside is the condition on the inner side of a _has: what refers to hit, or
// to anything, and satisfies the rest.
func (j *join) inside(hit *Hit) Expr {
	switch {
	case !j.reverse:
		return j.where
	case hit == nil:
		any := Leaf{From: j.param.term(valueKind, ""), To: j.param.term(highKind, "")}
		return normal(And{any, j.where})
	}
	return normal(And{Or(j.param.linksTo(*hit)), j.where})
}

// lookup evaluates the join for some hits of the outer side.
func (j *join) lookup(ctx context.Context, r *runner, hits []Hit) ([]bool, error) {
	if j.known == nil {
		j.known = map[string]bool{}
	}
	if j.reverse {
		return j.lookupReferring(ctx, r, hits)
	}
	return j.lookupTargets(ctx, r, hits)
}

// lookupReferring asks for each hit whether there is something that refers to it.
func (j *join) lookupReferring(ctx context.Context, r *runner, hits []Hit) ([]bool, error) {
	ok := make([]bool, len(hits))
	for i := range hits {
		if hits[i].holder != nil {
			continue // nothing elsewhere refers to what is contained
		}
		name := hits[i].Key.String()
		found, asked := j.known[name]
		if !asked {
			var err error
			if found, err = r.any(ctx, j.typ, j.inside(&hits[i])); err != nil {
				return nil, err
			}
			j.known[name] = found
		}
		ok[i] = found
	}
	return ok, nil
}

// any reports whether there is a resource of a type that satisfies a condition
// in normal form.
func (r *runner) any(ctx context.Context, typ string, where Expr) (bool, error) {
	in := r.inner(typ, where)
	_, err := in.each(ctx, func(hits []Hit) bool { return len(hits) > 0 })
	return in.found > 0, err
}

// lookupTargets asks which of the resources that the hits refer to satisfy the
// condition, all together.
func (j *join) lookupTargets(ctx context.Context, r *runner, hits []Hit) ([]bool, error) {
	references := make([][]Reference, len(hits))
	var keys []fhir.Key
	for i := range hits {
		references[i] = j.param.References(hits[i].Terms)
		for _, ref := range references[i] {
			r.budget.versioned = r.budget.versioned || ref.Version != "" && ref.Key.Type == j.typ
			if _, asked := j.known[ref.Target]; !asked && ref.Key.Type == j.typ {
				j.known[ref.Target] = false
				keys = append(keys, ref.Key)
			}
		}
	}
	if err := j.learn(ctx, r, keys); err != nil {
		return nil, err
	}
	ok := make([]bool, len(hits))
	for i := range hits {
		for _, ref := range references[i] {
			found, err := j.satisfied(ctx, r, ref)
			if err != nil {
				return nil, err
			}
			ok[i] = ok[i] || found
		}
	}
	return ok, nil
}

// learn finds out which of the keys satisfy the condition.
func (j *join) learn(ctx context.Context, r *runner, keys []fhir.Key) error {
	in := r.inner(j.typ, j.where)
	if in.never || len(keys) == 0 {
		return nil
	}
	for some := range slices.Chunk(keys, keysAtOnce) {
		page, err := in.scan(ctx, Scan{Keys: some, Limit: len(some), KeysOnly: true, Updated: in.updated})
		if err != nil {
			return err
		}
		hits, err := in.filter(ctx, in.where, everyHead, page.Hits)
		if err != nil {
			return err
		}
		r.noteVersions(in.where, hits)
		for _, h := range hits {
			j.known[h.Key.String()] = true
		}
	}
	return nil
}

// satisfied tells it of one reference; canonical ones are asked for one by one.
func (j *join) satisfied(ctx context.Context, r *runner, ref Reference) (bool, error) {
	if ref.Key != (fhir.Key{}) {
		return j.known[ref.Target], nil
	}
	name := ref.Target + "|" + ref.Version
	found, asked := j.known[name]
	if asked {
		return found, nil
	}
	target := j.param.canonicalTarget(j.typ, ref)
	if target == nil {
		return false, nil
	}
	found, err := r.any(ctx, j.typ, normal(And{target, j.where}))
	j.known[name] = found
	return found, err
}
