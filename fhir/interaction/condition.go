package interaction

import (
	"context"
	"sync"

	"caseway/fhir"
	"caseway/fhir/store"
)

// condition is what the conditional references of a transaction ask for that
// have the same criteria.
type condition struct {
	criteria *criteria
	at       []string        // where the references stand
	found    []store.Version // before the transaction
	target   fhir.Key        // what the references lead to
	stored   bool            // target was there before and isn't written here
}

func (c *condition) refer(at string) { c.at = append(c.at, at) }

// conditions are those of one transaction, each once.
type conditions struct {
	read   func(typ, query string) (*criteria, error)
	byText map[string]*condition // as written
	byKey  map[string]*condition // by what is asked
	all    []*condition          // in the order in which they were met
}

func (e *Engine) newConditions(ctx context.Context) *conditions {
	read := func(typ, query string) (*criteria, error) { return e.criteria(ctx, typ, query) }
	return &conditions{read: read, byText: map[string]*condition{}, byKey: map[string]*condition{}}
}

// of gives the condition that a conditional reference states.
func (cs *conditions) of(typ, query string) (*condition, *fhir.Error) {
	text := typ + "?" + query
	if c := cs.byText[text]; c != nil {
		return c, nil
	}
	criteria, err := cs.read(typ, query)
	if err != nil {
		return nil, asError(err)
	}
	c := cs.byKey[criteria.key]
	if c == nil {
		c = &condition{criteria: criteria}
		cs.byKey[criteria.key] = c
		cs.all = append(cs.all, c)
	}
	cs.byText[text] = c
	return c, nil
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
