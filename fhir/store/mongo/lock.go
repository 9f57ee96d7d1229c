package mongo

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// Transactions see a snapshot, so two of them may both find that a criterion
// matches nothing, and one may refer to a target while the other deletes it.
// To make such pairs collide, both write the same document in collection lock:
//
//   - A commit whose criteria must match nothing, or a resource that it writes
//     itself, locks each term that the criteria name exactly; and of what it
//     writes, the terms of the same parameters, for they are what others'
//     criteria ask for. Beside identifiers and references other terms aren't
//     locked, or all that is written under one code would wait for one another.
//     What that leaves open is two commits that make what the other one asks
//     for, when one of them asks without an identifier or reference.
//   - A commit that needs a target locks one stripe of the target, a commit
//     that deletes it locks all stripes. So those that only need it, as many
//     patients need one organization, don't collide with one another: each
//     commit of a process that is under way has a stripe of its own.
//
// The names are hashes, so that the collection stays small and holds no values.
const (
	termLocks   = 1 << 20 // documents at most
	targetLocks = 1 << 12 // for each stripe
	stripeCount = 32
)

// stripes gives each commit under way a stripe of its own.
type stripes struct {
	free   chan int
	offset int // so that processes tend to use different ones
}

func newStripes() *stripes {
	s := &stripes{free: make(chan int, stripeCount), offset: rand.N(stripeCount)}
	for i := range stripeCount {
		s.free <- i
	}
	return s
}

// take waits for a stripe where the commit needs one.
func (s *stripes) take(ctx context.Context, c *store.Commit) (stripe int, release func(), err error) {
	if len(c.Preconditions) == 0 {
		return 0, func() {}, nil
	}
	select {
	case i := <-s.free:
		return (i + s.offset) % stripeCount, func() { s.free <- i }, nil
	case <-ctx.Done():
		return 0, nil, ctx.Err()
	}
}

// locksOf names the documents that a commit writes, each once.
func locksOf(c *store.Commit, stripe int) []string {
	var ids []string
	written := make(map[fhir.Key]bool, len(c.Writes))
	for i := range c.Writes {
		w := &c.Writes[i]
		written[w.Key] = true
		if w.Method == store.Delete {
			for i := range stripeCount {
				ids = append(ids, targetLock(w.Key, i))
			}
		}
	}
	parameters := map[string]bool{}
	for _, p := range c.Preconditions {
		needs := p.Exists
		if p.Criteria != nil {
			needs = fhir.Key{Type: p.Criteria.Type, ID: p.Matches}
			if p.Matches == "" || written[needs] {
				ids = appendCriteriaLocks(ids, p.Criteria, parameters)
			}
		}
		if needs.ID != "" && !written[needs] {
			ids = append(ids, targetLock(needs, stripe))
		}
	}
	ids = appendWrittenLocks(ids, c.Writes, parameters)
	slices.Sort(ids)
	return slices.Compact(ids)
}

func appendCriteriaLocks(ids []string, q *search.Query, parameters map[string]bool) []string {
	wanted := exactTerms(nil, q.Expr())
	if slices.ContainsFunc(wanted, allNarrow) {
		wanted = slices.DeleteFunc(wanted, func(any []search.Term) bool { return !allNarrow(any) })
	}
	for _, any := range wanted {
		for _, t := range any {
			ids = append(ids, termLock(q.Type, t))
			parameters[q.Type+" "+parameterOf(t)] = true
		}
	}
	return ids
}

// exactTerms adds, for each conjunct that says so, of which indexed terms a
// match has one.
func exactTerms(wanted [][]search.Term, e search.Expr) [][]search.Term {
	switch e := e.(type) {
	case search.And:
		for _, m := range e {
			wanted = exactTerms(wanted, m)
		}
	case search.Or:
		var any []search.Term
		for _, m := range e {
			l, ok := m.(search.Leaf)
			if !ok || len(l.Exact) == 0 || !l.Indexed() {
				return wanted
			}
			any = append(any, l.Exact...)
		}
		if len(any) > 0 {
			wanted = append(wanted, any)
		}
	case search.Leaf:
		if len(e.Exact) > 0 && e.Indexed() {
			wanted = append(wanted, e.Exact)
		}
	}
	return wanted
}

func allNarrow(terms []search.Term) bool {
	return !slices.ContainsFunc(terms, func(t search.Term) bool { return !narrows(t) })
}

// narrows tells identifiers and references, which few resources share.
func narrows(t search.Term) bool {
	_, code, _ := strings.Cut(parameterOf(t), ".")
	_, value, _ := strings.Cut(string(t), "=")
	_, reference := fhir.ParseKey(value)
	return code == "identifier" || reference
}

func appendWrittenLocks(ids []string, writes []store.Write, parameters map[string]bool) []string {
	if len(parameters) == 0 {
		return ids
	}
	for i := range writes {
		w := &writes[i]
		for _, t := range indexOf(w).Terms {
			if parameters[w.Key.Type+" "+parameterOf(t)] {
				ids = append(ids, termLock(w.Key.Type, t))
			}
		}
	}
	return ids
}

// parameterOf is the part of a term before its value: type and parameter.
func parameterOf(t search.Term) string {
	if i := strings.IndexAny(string(t), ":;<=>?"); i >= 0 {
		return string(t[:i])
	}
	return string(t)
}

func termLock(typ string, t search.Term) string {
	return fmt.Sprintf("term/%05x", hash(typ, string(t))%termLocks)
}

func targetLock(k fhir.Key, stripe int) string {
	return fmt.Sprintf("target/%03x/%02d", hash(k.Type, k.ID)%targetLocks, stripe)
}

// hash is the same in all processes.
func hash(a, b string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(a + "/" + b)) // never fails
	return h.Sum64()
}

// lock writes the documents. Two transactions that write one of them collide.
func (s *Store) lock(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	models := make([]mongo.WriteModel, len(ids))
	for i, id := range ids {
		models[i] = mongo.NewUpdateOneModel().SetFilter(idIs(id)).SetUpdate(increment).SetUpsert(true)
	}
	_, err := s.locks.BulkWrite(ctx, models, unordered)
	if mongo.IsDuplicateKeyError(err) {
		return errCollided
	}
	return err
}
