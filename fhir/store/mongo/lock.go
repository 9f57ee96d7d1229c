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
// To make such pairs collide, both write the same document in collection lock.
//
// What a commit asks, that its criteria match nothing or what it writes itself,
// meets what others write of that type by criteria, whichever their own are:
//
//   - Criteria that name an identifier or canonical URL lock its value; those
//     that name a reference but no identifier lock all stripes of the target; all
//     others, such as a name, a date or a code, lock all stripes of the type.
//   - A resource that is written by such a commit locks, of its terms, those that
//     anybody's criteria may have locked: its identifiers, and of each resource
//     that it refers to, and of its type, one stripe, so that those that have a
//     target in common, as many patients have one organization, don't collide: each
//     commit of a process that is under way has a stripe of its own.
//
// So of two commits, one of which writes what the other one's criteria ask for,
// only one happens before the other looks, whatever the criteria are. Criteria
// by an identifier cost few documents and collide with nobody else's; those that
// lock a type wait for all others that write it by criteria.
//
// Likewise a commit that needs a target locks one stripe of the target, a commit
// that deletes it locks all stripes.
//
// The names are hashes, so that the collection stays small and holds no values.
const (
	identifierLocks = 1 << 20 // documents at most
	targetLocks     = 1 << 12 // for each stripe
	referenceLocks  = 1 << 14 // for each stripe
	stripeCount     = 32      // of a target
	referenceCount  = 16      // of a reference, all of which are often wanted
	typeStripes     = 64      // of a type, which more commits have in common

	// Beyond these, locking the type costs less.
	mostAsked   = 256 // values of an identifier in criteria
	mostTargets = 8   // values of a reference in criteria
	mostWritten = 64  // identifiers and references of a resource
)

// stripes gives each commit under way a stripe of its own.
type stripes struct {
	free   chan int
	offset int // so that processes tend to use different ones
}

// perStripe is how many of a type's stripes there are for one of a target.
const perStripe = typeStripes / stripeCount

func newStripes() *stripes {
	s := &stripes{free: make(chan int, stripeCount), offset: rand.N(typeStripes)}
	for i := range stripeCount {
		s.free <- i
	}
	return s
}

// take waits for a stripe of types where the commit needs one; that of a target
// follows from it.
func (s *stripes) take(ctx context.Context, c *store.Commit) (stripe int, release func(), err error) {
	if len(c.Preconditions) == 0 {
		return 0, func() {}, nil
	}
	select {
	case i := <-s.free:
		return (i*perStripe + s.offset) % typeStripes, func() { s.free <- i }, nil
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
	byCriteria := map[string]bool{} // types that are written by criteria
	for _, p := range c.Preconditions {
		needs := p.Exists
		if p.Criteria != nil {
			needs = fhir.Key{Type: p.Criteria.Type, ID: p.Matches}
			if p.Matches == "" || written[needs] {
				ids = appendCriteriaLocks(ids, p.Criteria)
				byCriteria[p.Criteria.Type] = true
			}
		}
		if needs.ID != "" && !written[needs] {
			ids = append(ids, targetLock(needs, stripe/perStripe))
		}
	}
	for i := range c.Writes {
		if w := &c.Writes[i]; w.Method != store.Delete && byCriteria[w.Key.Type] {
			ids = appendWrittenLocks(ids, w, stripe)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func appendCriteriaLocks(ids []string, q *search.Query) []string {
	wanted := exactTerms(nil, q.Expr())
	slices.SortStableFunc(wanted, func(a, b []search.Term) int { return len(a) - len(b) })
	if i := slices.IndexFunc(wanted, func(any []search.Term) bool { return all(any, identifies) }); i >= 0 && len(wanted[i]) <= mostAsked {
		for _, t := range wanted[i] {
			ids = append(ids, identifierLock(q.Type, t))
		}
		return ids
	}
	if i := slices.IndexFunc(wanted, func(any []search.Term) bool { return all(any, refers) }); i >= 0 && len(wanted[i]) <= mostTargets {
		for _, t := range wanted[i] {
			for stripe := range referenceCount {
				ids = append(ids, referenceLock(q.Type, t, stripe))
			}
		}
		return ids
	}
	return appendTypeLocks(ids, q.Type)
}

func appendTypeLocks(ids []string, typ string) []string {
	for stripe := range typeStripes {
		ids = append(ids, typeLock(typ, stripe))
	}
	return ids
}

func appendWrittenLocks(ids []string, w *store.Write, stripe int) []string {
	before := len(ids)
	for _, t := range indexOf(w).Terms {
		switch {
		case identifies(t):
			ids = append(ids, identifierLock(w.Key.Type, t))
		case refers(t):
			ids = append(ids, referenceLock(w.Key.Type, t, stripe/perStripe%referenceCount))
		}
	}
	slices.Sort(ids[before:])
	ids = ids[:before+len(slices.Compact(ids[before:]))]
	if len(ids)-before > mostWritten {
		return appendTypeLocks(ids[:before], w.Key.Type)
	}
	return append(ids, typeLock(w.Key.Type, stripe))
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

func all(terms []search.Term, are func(search.Term) bool) bool {
	return !slices.ContainsFunc(terms, func(t search.Term) bool { return !are(t) })
}

// identifies tells the terms of identifiers and canonical URLs, which few
// resources have in common.
func identifies(t search.Term) bool {
	parameter, kind, _ := partsOf(t)
	return (kind == '=' || kind == ':') && (strings.HasSuffix(parameter, "identifier") || strings.HasSuffix(parameter, ".url"))
}

// refers tells the terms of references to resources of this server.
func refers(t search.Term) bool {
	_, kind, value := partsOf(t)
	_, is := fhir.ParseKey(value)
	return kind == '=' && is
}

// partsOf parts a term into its type and parameter, the character that says what
// kind of value follows, and the value.
func partsOf(t search.Term) (parameter string, kind byte, value string) {
	i := strings.IndexAny(string(t), ":;<=>?")
	if i < 0 {
		return string(t), 0, ""
	}
	return string(t[:i]), t[i], string(t[i+1:])
}

// identifierLock is the same for an identifier with its system and without.
func identifierLock(typ string, t search.Term) string {
	_, kind, value := partsOf(t)
	if kind == ':' {
		value = behindSystem(value)
	}
	return fmt.Sprintf("term/%05x", hash(typ, value)%identifierLocks)
}

// behindSystem is what stands behind the first bar that isn't escaped.
func behindSystem(value string) string {
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '\\':
			i++
		case '|':
			return value[i+1:]
		}
	}
	return value
}

// referenceLock is the same for all parameters by which a type refers to a target.
func referenceLock(typ string, t search.Term, stripe int) string {
	_, _, value := partsOf(t)
	return fmt.Sprintf("reference/%04x/%02d", hash(typ, value)%referenceLocks, stripe)
}

func typeLock(typ string, stripe int) string { return fmt.Sprintf("type/%s/%02d", typ, stripe) }

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
