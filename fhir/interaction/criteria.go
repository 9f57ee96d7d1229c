package interaction

import (
	"context"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// criteria are the conditions of a conditional interaction or reference:
// "Patient?identifier=http://example.org|1"
// (https://hl7.org/fhir/R4/http.html#ccreate). They take whatever a search
// takes that selects resources.
type criteria struct {
	typ   string
	where search.Expr
	// exact are the conjuncts that indexed terms decide, sorted; narrowed by
	// others where decided is false.
	exact     []search.Clause
	decided   bool
	byID      bool   // there is a condition on _id
	elsewhere bool   // more than the resource itself decides
	key       string // the same for criteria that ask for the same
}

// criteria reads the query part of criteria, percent-encoded or not.
func (s *Session) criteria(ctx context.Context, typ, query string) (*criteria, error) {
	pairs, err := search.Split(query)
	if err != nil {
		return nil, err
	}
	return s.criteriaOf(ctx, typ, pairs)
}

// criteriaOf reads criteria that have been parted.
func (s *Session) criteriaOf(ctx context.Context, typ string, pairs []search.Pair) (*criteria, error) {
	if len(pairs) == 0 {
		return nil, fhir.NewError(fhir.Invalid, fhir.IssueInvalid, "the criteria name no parameter")
	}
	r, err := s.parse(ctx, s.Registry(), []string{typ}, pairs, search.ParseOptions{})
	if err != nil {
		return nil, err
	}
	if len(r.Sort)+len(r.Includes) > 0 || r.Elements != nil || r.Summary != search.NoSummary ||
		r.Total != search.DefaultTotal || r.Count != search.DefaultCount {
		return nil, fhir.NewError(fhir.Invalid, fhir.IssueNotSupported,
			"criteria take parameters that select resources, none that say how results are shown")
	}
	return newCriteria(typ, r), nil
}

func newCriteria(typ string, r *search.Request) *criteria {
	c := &criteria{typ: typ, where: r.Where, decided: true, elsewhere: search.LooksElsewhere(r.Where)}
	c.read(r.Where)
	if c.decided && len(c.exact) > 0 {
		c.key = keyOf(typ, c.exact)
		return c
	}
	used := make([]string, len(r.Used))
	for i, pair := range r.Used {
		used[i] = pair.Name + "=" + pair.Value
	}
	slices.Sort(used)
	c.key = typ + "?" + strings.Join(slices.Compact(used), "&")
	return c
}

// keyOf is the same for the same terms, in whatever order they were asked for.
func keyOf(typ string, exact []search.Clause) string {
	clauses := make([]string, len(exact))
	for i, clause := range exact {
		for _, t := range clause.Any {
			clauses[i] += string(t) + "\x00"
		}
	}
	slices.Sort(clauses)
	return typ + "?" + strings.Join(slices.Compact(clauses), "\x01")
}

// read takes conjuncts apart.
func (c *criteria) read(e search.Expr) {
	switch e := e.(type) {
	case search.And:
		for _, m := range e {
			c.read(m)
		}
		return
	case search.Keys:
		c.byID = true
	case search.Leaf:
		if len(e.Exact) > 0 && e.Indexed() {
			c.exact = append(c.exact, search.Clause{Any: e.Exact})
			return
		}
	}
	c.decided = false
}

// holds evaluates criteria that don't look elsewhere on a resource with these
// terms and kept values, sorted together.
func (c *criteria) holds(key fhir.Key, terms []search.Term) bool {
	return key.Type == c.typ && holds(c.where, key, terms)
}

func holds(e search.Expr, key fhir.Key, terms []search.Term) bool {
	switch e := e.(type) {
	case search.And:
		return !slices.ContainsFunc(e, func(m search.Expr) bool { return !holds(m, key, terms) })
	case search.Or:
		return slices.ContainsFunc(e, func(m search.Expr) bool { return holds(m, key, terms) })
	case search.Not:
		return !holds(e.Expr, key, terms)
	case search.Keys:
		return slices.Contains(e, key)
	case search.Leaf:
		return e.Match(terms)
	}
	return false
}

// asked gives criteria as they are for the caller: resources that they may not
// find aren't there. So a conditional create makes a second resource where the
// first is hidden, rather than tell that there is one; a conditional update or
// delete leaves it alone; and the commit is held to the same condition, so that
// its conflicts tell nothing either. Who has no right to search a type can't
// have conditions on it.
func (s *Session) asked(ctx context.Context, c *criteria) (*criteria, error) {
	if s.access == nil {
		return c, nil
	}
	if err := s.decide(ctx, Question{What: SearchType, Key: fhir.Key{Type: c.typ}}); err != nil {
		return nil, err
	}
	n := s.narrowing(ctx)
	where, err := n.resources(c.typ, c.where)
	if err != nil || !n.bound {
		return c, err
	}
	narrowed := *c
	narrowed.where, narrowed.decided = where, false
	return &narrowed, nil
}

// matches gives current resources that satisfy criteria, as asked gives them,
// up to limit.
func (e *core) matches(ctx context.Context, c *criteria, limit int) ([]store.Version, error) {
	return e.find(ctx, c.typ, c.where, limit)
}

// find runs a plain search.
func (e *core) find(ctx context.Context, typ string, where search.Expr, limit int) ([]store.Version, error) {
	source, err := e.source(ctx)
	if err != nil {
		return nil, err
	}
	return e.findIn(ctx, source, typ, where, limit)
}

func (e *core) findIn(ctx context.Context, source search.Source, typ string, where search.Expr, limit int) ([]store.Version, error) {
	var m search.Matches
	err := e.inTime(ctx, func(ctx context.Context) (err error) {
		m, err = search.Run(ctx, source, search.Plan{Types: []string{typ}, Where: where, Count: limit})
		return err
	})
	return VersionsOf(m.Hits), err
}

// source is the store as searches use it.
func (e *core) source(ctx context.Context) (search.Source, error) {
	if err := e.indexing.Searchable(ctx); err != nil {
		return nil, err
	}
	return e.store, nil
}

// VersionsOf gives hits as versions, see VersionOf.
func VersionsOf(hits []search.Hit) []store.Version {
	versions := make([]store.Version, len(hits))
	for i, h := range hits {
		versions[i] = VersionOf(h)
	}
	return versions
}

// VersionOf is a hit as a version; how the version was made isn't known.
func VersionOf(h search.Hit) store.Version {
	return store.Version{Key: h.Key, VersionID: h.VersionID, LastUpdated: h.LastUpdated, JSON: h.JSON}
}

// conditionHolds makes the commit check that criteria match just the resource
// with an id, or nothing where it is "". Criteria with _id need no check: a
// create never makes what they match, for its id is the server's choice, and a
// write of what they name expects its version.
func conditionHolds(c *criteria, id string) []store.Precondition {
	if c.byID {
		return nil
	}
	q := search.Query{Type: c.typ, All: c.exact, Limit: 2}
	if !c.decided {
		q.Where = c.where
	}
	return []store.Precondition{{Criteria: &q, Matches: id}}
}

func severalMatch(at string) *fhir.Error {
	return fhir.NewError(fhir.MultipleMatches, fhir.IssueMultipleMatches, "several resources match the condition, which must match one or none").At(at)
}
