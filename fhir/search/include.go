package search

import (
	"context"
	"errors"
	"slices"

	"caseway/fhir"
	"caseway/fhir/budget"
)

// Inclusion says what is to be added to a page of hits
// (https://hl7.org/fhir/R4/search.html#include).
type Inclusion struct {
	Includes []Include
	Limit    int // resources; 0: none
	// Permit gives the condition that resources of a type must satisfy to be
	// seen; nil: all are.
	Permit func(typ string) Expr
	Budget *Budget // nil: a new one
	// Room is what the JSON is drawn from; nil: there is room for all.
	Room *budget.Share
}

// Included is what was added, each resource once and none that is a hit.
type Included struct {
	Hits []Hit
	// Truncated is set where the limit, the budget or the room left something out.
	Truncated bool
	// Versions are those that references name and that aren't current, of
	// resources that may be seen. They stand for the current ones, which are
	// among Hits only where something else leads to them.
	Versions []VersionedKey
}

// VersionedKey names one version of a resource.
type VersionedKey struct {
	Key       fhir.Key
	VersionID int64
}

// RunIncludes finds what refers to hits and what they refer to, in rounds: the
// first takes all of the includes, the others those that iterate. References
// to contained resources need nothing; those to other servers lead nowhere.
func RunIncludes(ctx context.Context, src Source, registry *Registry, hits []Hit, in Inclusion) (Included, error) {
	x := &includer{
		runner:   newRunner(src, Plan{Budget: in.Budget, Room: in.Room}),
		registry: registry,
		in:       in,
		seen:     make(map[fhir.Key]int64, len(hits)),
		named:    map[VersionedKey]bool{},
	}
	for _, h := range hits {
		x.seen[h.Key] = h.VersionID
	}
	round := hits
	for first := true; len(round) > 0 && !x.result.Truncated; first = false {
		before := len(x.result.Hits)
		if err := x.round(ctx, round, first); err != nil {
			if !fhir.Is(err, fhir.TooCostly) {
				return Included{}, err
			}
			x.result.Truncated = true
		}
		round = x.result.Hits[before:]
	}
	return x.result, nil
}

// includer is one RunIncludes.
type includer struct {
	runner   *runner
	registry *Registry
	in       Inclusion
	seen     map[fhir.Key]int64    // version of each hit; 0: looked for and not to be had
	named    map[VersionedKey]bool // by references
	result   Included
}

func (x *includer) round(ctx context.Context, hits []Hit, first bool) error {
	for _, include := range x.in.Includes {
		if !first && !include.Iterate {
			continue
		}
		add := x.forward
		if include.Reverse {
			add = x.backward
		}
		if err := add(ctx, include, hits); err != nil || x.result.Truncated {
			return err
		}
	}
	return nil
}

// forward adds what hits refer to.
func (x *includer) forward(ctx context.Context, include Include, hits []Hit) error {
	var keys []fhir.Key
	var versions []VersionedKey
	var others []Expr
	for _, h := range hits {
		if include.Source != "*" && include.Source != h.Key.Type {
			continue
		}
		for _, p := range x.params(include, h.Key.Type) {
			links := p.linksFrom(h.Terms)
			keys = append(keys, links.keys...)
			versions = append(versions, links.versions...)
			others = append(others, links.others...)
		}
	}
	keys = slices.DeleteFunc(keys, func(k fhir.Key) bool { return include.Target != "" && k.Type != include.Target })
	versions = slices.DeleteFunc(versions, func(v VersionedKey) bool {
		return include.Target != "" && v.Key.Type != include.Target || x.named[v]
	})
	if err := x.addVersions(ctx, versions); err != nil {
		return err
	}
	if err := x.fetch(ctx, keys); err != nil || len(others) == 0 {
		return err
	}
	var types []string
	if include.Target != "" {
		types = []string{include.Target}
	}
	return x.search(ctx, types, Or(others))
}

// addVersions adds versions that references name, where the resource as it is
// now may be seen.
func (x *includer) addVersions(ctx context.Context, named []VersionedKey) error {
	keys := make([]fhir.Key, 0, len(named))
	for _, v := range named {
		x.named[v] = true
		keys = append(keys, v.Key)
	}
	heads, err := x.runner.heads(ctx, keys, true)
	if err != nil {
		return err
	}
	hits := make([]Hit, 0, len(heads))
	for _, h := range heads {
		hits = append(hits, h)
	}
	if hits, err = x.permitted(ctx, hits); err != nil {
		return err
	}
	current := map[fhir.Key]int64{}
	for _, h := range hits {
		current[h.Key] = h.VersionID
	}
	var now []fhir.Key
	for _, v := range named {
		switch current[v.Key] {
		case 0:
		case v.VersionID:
			now = append(now, v.Key)
		default:
			x.result.Versions = append(x.result.Versions, v)
		}
	}
	return x.fetch(ctx, now)
}

// params are the parameters of an include for resources of a type.
func (x *includer) params(include Include, typ string) []*Parameter {
	if include.Param != nil {
		if include.Param.Resource == typ {
			return []*Parameter{include.Param}
		}
		return nil
	}
	var references []*Parameter
	for _, p := range x.registry.Parameters(typ) {
		if p.Type == "reference" && !p.Pending {
			references = append(references, p)
		}
	}
	return references
}

// fetch adds the resources with these keys, in their order.
func (x *includer) fetch(ctx context.Context, keys []fhir.Key) error {
	var missing []fhir.Key
	for _, k := range keys {
		if _, seen := x.seen[k]; !seen {
			x.seen[k] = 0
			missing = append(missing, k)
		}
	}
	for some := range slices.Chunk(missing, keysAtOnce) {
		heads, err := x.runner.heads(ctx, some, false)
		if err != nil {
			return err
		}
		found := make([]Hit, 0, len(heads))
		for _, k := range some {
			if h, ok := heads[k]; ok {
				found = append(found, h)
			}
		}
		if err := x.add(ctx, found); err != nil || x.result.Truncated {
			return err
		}
	}
	return nil
}

// backward adds what refers to hits: by terms all together, by canonicals one
// parameter after the other.
func (x *includer) backward(ctx context.Context, include Include, hits []Hit) error {
	sources := []string{include.Source}
	if include.Source == "*" {
		var err error
		if sources, err = x.types(ctx); err != nil {
			return err
		}
	}
	var terms []Term
	for _, source := range sources {
		for _, p := range x.params(include, source) {
			var others Or
			for _, h := range hits {
				if include.Target != "" && include.Target != h.Key.Type || !slices.Contains(p.Targets(), h.Key.Type) {
					continue
				}
				for _, link := range p.linksTo(h) {
					if leaf, ok := link.(Leaf); ok && len(leaf.Exact) > 0 && leaf.Indexed() {
						terms = append(terms, leaf.Exact...)
					} else {
						others = append(others, link)
					}
				}
			}
			for some := range slices.Chunk(others, alwaysMerged) {
				if err := x.search(ctx, []string{source}, some); err != nil || x.result.Truncated {
					return err
				}
			}
		}
	}
	for some := range slices.Chunk(terms, keysAtOnce) {
		if err := x.referring(ctx, some); err != nil || x.result.Truncated {
			return err
		}
	}
	return nil
}

// types are those that a resource which refers to others may have.
func (x *includer) types(ctx context.Context) ([]string, error) {
	l, ok := x.runner.source.(Lister)
	if !ok {
		return x.registry.set.ResourceTypes(), nil
	}
	types, err := l.Types(ctx)
	slices.Sort(types)
	return types, err
}

// referring adds the resources that have one of some terms, as many as there is
// room and budget for.
func (x *includer) referring(ctx context.Context, terms []Term) error {
	// What is there already may be among them.
	limit := min(x.in.Limit-len(x.result.Hits)+len(x.seen)+1, x.runner.budget.left-1)
	page, err := x.runner.scan(ctx, Scan{Terms: terms, Limit: max(1, limit)})
	if err != nil {
		return err
	}
	slices.SortFunc(page.Hits, func(a, b Hit) int { return a.Place.Compare(b.Place) })
	err = x.add(ctx, retain(page.Hits, func(i int) bool {
		_, seen := x.seen[page.Hits[i].Key]
		return !seen
	}))
	x.result.Truncated = x.result.Truncated || page.More
	return err
}

// search adds all that satisfy a condition, as far as there is room.
func (x *includer) search(ctx context.Context, types []string, where Expr) error {
	r := newRunner(x.runner.source, Plan{Types: types, Where: where, Budget: x.runner.budget, Room: x.in.Room})
	r.want = min(x.in.Limit-len(x.result.Hits), DefaultCount)
	var failed error
	_, err := r.each(ctx, func(hits []Hit) bool {
		hits = retain(hits, func(i int) bool {
			_, seen := x.seen[hits[i].Key]
			return !seen
		})
		more, looked, err := r.read(ctx, hits)
		if failed = err; failed == nil {
			failed = x.add(ctx, more)
			x.result.Truncated = x.result.Truncated || looked < len(hits)
		}
		return failed != nil || x.result.Truncated
	})
	return errors.Join(err, failed)
}

// add takes in hits that may be seen, up to the limit.
func (x *includer) add(ctx context.Context, hits []Hit) error {
	hits, err := x.permitted(ctx, hits)
	if err != nil {
		return err
	}
	if x.in.Room != nil {
		x.in.Room.Keep(x.runner.drawn + sizeOf(x.result.Hits) + sizeOf(hits))
	}
	for _, h := range hits {
		if len(x.result.Hits) >= x.in.Limit || h.JSON == nil && x.in.Room.Refused() {
			x.result.Truncated = true
			return nil
		}
		x.seen[h.Key] = h.VersionID
		x.result.Hits = append(x.result.Hits, h)
	}
	return nil
}

// permitted keeps the hits that may be seen, in their order.
func (x *includer) permitted(ctx context.Context, hits []Hit) ([]Hit, error) {
	if x.in.Permit == nil {
		return hits, nil
	}
	byType := map[string][]Hit{}
	for _, h := range hits {
		byType[h.Key.Type] = append(byType[h.Key.Type], h)
	}
	seen := make(map[fhir.Key]bool, len(hits))
	for typ, some := range byType {
		r := x.runner.inner(typ, normal(x.in.Permit(typ)))
		if r.never {
			continue
		}
		some = retain(some, func(i int) bool { return r.updated.holds(&some[i]) })
		some, err := r.filter(ctx, r.where, noConjunct, some)
		if err != nil {
			return nil, err
		}
		for _, h := range some {
			seen[h.Key] = true
		}
	}
	return retain(hits, func(i int) bool { return seen[hits[i].Key] }), nil
}
