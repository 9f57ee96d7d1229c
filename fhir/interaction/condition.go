package interaction

import (
	"context"
	"sync"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// condition is what the conditional references of a transaction ask for that
// have the same criteria.
type condition struct {
	criteria *criteria
	pending  []search.Pair   // criteria that name entries, which are known when these have keys
	at       []string        // where the references stand
	found    []store.Version // before the transaction
	target   fhir.Key        // what the references lead to
	stored   bool            // target was there before and isn't written here
}

func (c *condition) refer(at string) { c.at = append(c.at, at) }

// conditions are those of one transaction, each once.
type conditions struct {
	ctx     context.Context // of the request
	session *Session
	targets *targets              // what criteria may name; nil: nothing
	byText  map[string]*condition // as written
	byKey   map[string]*condition // by what is asked
	all     []*condition          // in the order in which they were met
}

func (s *Session) newConditions(ctx context.Context) *conditions {
	return &conditions{ctx: ctx, session: s, byText: map[string]*condition{}, byKey: map[string]*condition{}}
}

// of gives the condition that a conditional reference states.
func (cs *conditions) of(typ, query string) (*condition, *fhir.Error) {
	text := typ + "?" + query
	if c := cs.byText[text]; c != nil {
		return c, nil
	}
	made, err := cs.read(typ, query)
	if err != nil {
		return nil, asError(err)
	}
	c := cs.byKey[made.criteria.key]
	if c == nil {
		c = made
		cs.byKey[made.criteria.key] = c
		cs.all = append(cs.all, c)
	}
	cs.byText[text] = c
	return c, nil
}

func (cs *conditions) read(typ, query string) (*condition, error) {
	pairs, err := search.Split(query)
	if err != nil {
		return nil, err
	}
	if cs.targets != nil {
		named, problem := cs.targets.named(cs.session.Registry(), typ, pairs)
		if problem != nil {
			return nil, problem
		}
		if len(named) > 0 {
			return &condition{pending: pairs, criteria: &criteria{typ: typ, key: typ + "?" + query}}, nil
		}
	}
	c, err := cs.session.criteriaOf(cs.ctx, typ, pairs)
	return &condition{criteria: c}, err
}

// fill reads the criteria that name entries, now that these have keys, and
// forgets what an earlier try has found.
func (cs *conditions) fill(ctx context.Context) (err error) {
	for _, c := range cs.all {
		c.target = fhir.Key{}
		if c.pending == nil {
			continue
		}
		filled := cs.targets.filled(cs.session.Registry(), c.criteria.typ, c.pending)
		if c.criteria, err = cs.session.criteriaOf(ctx, c.criteria.typ, filled); err != nil {
			return placed(err, c.at[0])
		}
	}
	return nil
}

// lookups is how many searches of one transaction run side by side.
const lookups = 4

// each calls do for every index below n, several at a time, and gives the
// first error by index.
func each(ctx context.Context, n, workers int, do func(ctx context.Context, i int) error) error {
	if n <= 1 || workers <= 1 {
		for i := range n {
			if err := do(ctx, i); err != nil {
				return err
			}
		}
		return nil
	}
	errs := make([]error, n)
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(workers, n) {
		wg.Go(func() {
			for i := range next {
				errs[i] = do(ctx, i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
