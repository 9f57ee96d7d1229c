package search

import (
	"context"
	"errors"
	"slices"

	"caseway/fhir"
)

// join is a Chain or Reverse in normal form, a semi-join: it selects resources of
// the outer side for which there is one on the inner side. It is resolved by finding
// the whole inner side first, or else probed for the hits of the outer side. It
// caches what it finds, so it belongs to one request.
type join struct {
	typ     string // of the inner side
	param   *Parameter
	where   Expr // on the inner side
	reverse bool

	state     joinState
	rewritten Expr            // where resolved: the same condition on the outer side alone
	probed    map[string]bool // whether there is a match, by what was probed
}

type joinState int

const (
	unresolved joinState = iota
	resolved             // rewritten says it all
	tooLarge             // there is too much on the inner side
)

func (*join) expr() {}

func (j *join) name() string {
	if j.reverse {
		return "_has:" + j.typ + ":" + j.param.Code
	}
	return j.param.Code + "." + conditionName(j.where)
}

// unresolvedJoins are the joins in a condition that nobody has tried to resolve.
func unresolvedJoins(e Expr) []*join {
	var members []Expr
	switch e := e.(type) {
	case *join:
		if e.state == unresolved {
			return []*join{e}
		}
	case And:
		members = e
	case Or:
		members = e
	case Not:
		return unresolvedJoins(e.Expr)
	case *compartmentScope:
		return unresolvedJoins(e.where)
	case *contained:
		return unresolvedJoins(e.where)
	}
	var all []*join
	for _, m := range members {
		all = append(all, unresolvedJoins(m)...)
	}
	return all
}

// resolve collects the inner side, with half of what work is left at most.
func (j *join) resolve(ctx context.Context, r *runner) error {
	where := j.innerCondition(nil)
	name, known := cacheKey(j.typ, where)
	if same, ok := r.budget.innerSides[name]; known && ok {
		j.rewrite(same)
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
		j.state = tooLarge
		if r.budget.left < r.floor {
			return errLarge // what it was for has no more work left either
		}
		return nil
	}
	if err != nil {
		return err
	}
	if known {
		r.budget.cacheInner(name, found)
	}
	r.noteVersions(in.where, found)
	j.rewrite(found)
	return nil
}

// rewrite makes the join a condition on the outer side, now that the inner side is
// known.
func (j *join) rewrite(found []Hit) {
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
	j.state, j.rewritten = resolved, normal(append(either, keys))
}

// innerCondition is the condition on the inner side. For a _has it selects what
// refers to hit, or to anything, and satisfies the rest.
func (j *join) innerCondition(hit *Hit) Expr {
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
	if j.probed == nil {
		j.probed = map[string]bool{}
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
		found, asked := j.probed[name]
		if !asked {
			var err error
			if found, err = r.exists(ctx, j.typ, j.innerCondition(&hits[i])); err != nil {
				return nil, err
			}
			j.probed[name] = found
		}
		ok[i] = found
	}
	return ok, nil
}

// exists reports whether there is a resource of a type that satisfies a condition
// in normal form.
func (r *runner) exists(ctx context.Context, typ string, where Expr) (bool, error) {
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
			if _, asked := j.probed[ref.Target]; !asked && ref.Key.Type == j.typ {
				j.probed[ref.Target] = false
				keys = append(keys, ref.Key)
			}
		}
	}
	if err := j.probe(ctx, r, keys); err != nil {
		return nil, err
	}
	ok := make([]bool, len(hits))
	for i := range hits {
		for _, ref := range references[i] {
			found, err := j.targetMatches(ctx, r, ref)
			if err != nil {
				return nil, err
			}
			ok[i] = ok[i] || found
		}
	}
	return ok, nil
}

// probe finds out which of the keys satisfy the condition.
func (j *join) probe(ctx context.Context, r *runner, keys []fhir.Key) error {
	in := r.inner(j.typ, j.where)
	if in.never || len(keys) == 0 {
		return nil
	}
	for some := range slices.Chunk(keys, keysAtOnce) {
		page, err := in.scan(ctx, Scan{Keys: some, Limit: len(some), KeysOnly: true, Updated: in.updated})
		if err != nil {
			return err
		}
		hits, err := in.filter(ctx, in.where, noConjunct, page.Hits)
		if err != nil {
			return err
		}
		r.noteVersions(in.where, hits)
		for _, h := range hits {
			j.probed[h.Key.String()] = true
		}
	}
	return nil
}

// targetMatches reports whether the target of a reference satisfies the condition;
// canonicals are probed one by one.
func (j *join) targetMatches(ctx context.Context, r *runner, ref Reference) (bool, error) {
	if ref.Key != (fhir.Key{}) {
		return j.probed[ref.Target], nil
	}
	name := ref.Target + "|" + ref.Version
	found, asked := j.probed[name]
	if asked {
		return found, nil
	}
	target := j.param.canonicalTarget(j.typ, ref)
	if target == nil {
		return false, nil
	}
	found, err := r.exists(ctx, j.typ, normal(And{target, j.where}))
	j.probed[name] = found
	return found, err
}
