package interaction

import (
	"context"
	"slices"

	"caseway/fhir"
	"caseway/fhir/store"
)

// identify finds the resources that entries with criteria are about, and gives
// what the commit must hold them to: round by round, in each first what is
// updated, patched and deleted, by what is there before the transaction, then
// what conditional creates find once the transaction's deletions are done
// (https://hl7.org/fhir/R4/http.html#trules).
func (t *transaction) identify(ctx context.Context) ([]store.Precondition, error) {
	t.keyed = map[fhir.Key]*entry{}
	for _, en := range t.entries {
		en.matched = store.Version{}
		if en.keyed() && !en.conditional() {
			t.keyed[en.key] = en
		}
	}
	var preconditions []store.Precondition
	for _, round := range t.rounds {
		if err := t.ask(ctx, round); err != nil {
			return nil, err
		}
		located, err := t.locate(ctx, round)
		if err != nil {
			return nil, err
		}
		matched, err := t.match(ctx, round)
		if err != nil {
			return nil, err
		}
		preconditions = slices.Concat(preconditions, located, matched)
	}
	return preconditions, t.checkFilled()
}

// ask finds what the criteria of entries match.
func (t *transaction) ask(ctx context.Context, entries []*entry) error {
	// What the transaction itself deletes doesn't count for a create.
	limit := 2 + len(t.keyed)
	return each(ctx, len(entries), lookups, func(ctx context.Context, i int) (err error) {
		en := entries[i]
		if en.pending != nil {
			filled := t.targets.filled(t.session.Registry(), en.key.Type, en.pending)
			if en.criteria, err = t.session.criteriaOf(ctx, en.key.Type, filled); err != nil {
				return placed(err, en.criteriaAt())
			}
		}
		if en.asked, err = t.session.asked(ctx, en.criteria); err != nil {
			return placed(err, en.criteriaAt())
		}
		en.found, err = t.session.matches(ctx, en.asked, limit)
		return err
	})
}

// locate gives conditional updates, patches and deletes their keys.
func (t *transaction) locate(ctx context.Context, entries []*entry) ([]store.Precondition, error) {
	var wrong problems
	var preconditions []store.Precondition
	for _, en := range entries {
		if !en.conditional() {
			continue
		}
		if err := t.locateOne(ctx, en, en.found); err != nil {
			fe := asError(err)
			if fe.Kind == fhir.Internal {
				return nil, err
			}
			wrong.add(fe)
			continue
		}
		preconditions = append(preconditions, conditionHolds(en.asked, foundID(en.found))...)
	}
	return preconditions, wrong.error()
}

// match finds out which conditional creates are met by what is there.
func (t *transaction) match(ctx context.Context, entries []*entry) ([]store.Precondition, error) {
	var wrong problems
	var preconditions []store.Precondition
	for _, en := range entries {
		switch {
		case en.verb != "POST":
		case len(en.found) > 1:
			wrong.add(severalMatch(en.criteriaAt()))
		case len(en.found) == 1 && !t.deletes(en.found[0].Key):
			en.matched = en.found[0]
			preconditions = append(preconditions, store.Precondition{Exists: en.matched.Key})
			if err := t.session.decide(ctx, Question{What: Create, Key: en.matched.Key, Before: en.matched, After: en.tree}); err != nil {
				return nil, placed(err, en.criteriaAt())
			}
		default:
			preconditions = append(preconditions, conditionHolds(en.asked, foundID(en.found))...)
		}
	}
	return preconditions, wrong.error()
}

// checkFilled looks again at what only rounds could tell: whether criteria have
// come to be the same, and whether a later round deletes what an earlier one has
// found.
func (t *transaction) checkFilled() error {
	var wrong problems
	first := map[string]*entry{}
	for _, round := range t.rounds {
		for _, en := range round {
			if other := first[en.criteria.key]; other != nil {
				wrong.invalid(fhir.IssueInvalid, en.criteriaAt(), other.at("")+" has the same condition")
			} else {
				first[en.criteria.key] = en
			}
			if en.matched.Exists() && t.deletes(en.matched.Key) {
				wrong.invalid(fhir.IssueInvalid, en.criteriaAt(), t.keyed[en.matched.Key].at("")+
					" deletes the resource that this condition finds, by criteria that hang on others")
			}
		}
	}
	return wrong.error()
}

// locateOne gives a conditional entry its key and what is there of it.
func (t *transaction) locateOne(ctx context.Context, en *entry, found []store.Version) (err error) {
	en.key.ID, en.before = "", store.Version{}
	switch {
	case len(found) > 1:
		return severalMatch(en.at(".request.url"))
	case en.verb == "PUT":
		en.key.ID, en.before, err = t.session.conditionalTarget(ctx, en.criteria, found, en.tree, en.at(".resource"))
		if err != nil {
			return err
		}
	case len(found) == 1:
		en.key, en.before = found[0].Key, found[0]
	case en.verb == "PATCH":
		return notMissing(placed(t.session.patchable(ctx, en.key, en.before, en.ifMatch), en.at(".request.url")))
	default:
		return nil
	}
	if other := t.keyed[en.key]; other != nil {
		return fhir.NewError(fhir.Invalid, fhir.IssueInvalid, other.at("")+" writes the same resource").At(en.at(".request.url"))
	}
	t.keyed[en.key] = en
	return nil
}
