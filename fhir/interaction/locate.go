package interaction

import (
	"context"

	"caseway/fhir"
	"caseway/fhir/store"
)

// locate finds the resources that conditional updates, patches and deletes are about,
// by what is there before the transaction, and gives what the commit must hold
// them to (https://hl7.org/fhir/R4/http.html#trules).
func (t *transaction) locate(ctx context.Context) ([]store.Precondition, error) {
	t.keyed = map[fhir.Key]*entry{}
	var conditional []*entry
	for _, en := range t.entries {
		switch {
		case en.conditional():
			conditional = append(conditional, en)
		case en.keyed():
			t.keyed[en.key] = en
		}
	}
	found := make([][]store.Version, len(conditional))
	asked := make([]*criteria, len(conditional))
	err := each(ctx, len(conditional), lookups, func(ctx context.Context, i int) (err error) {
		if asked[i], err = t.engine.asked(ctx, conditional[i].criteria); err != nil {
			return placed(err, conditional[i].at(".request.url"))
		}
		found[i], err = t.engine.matches(ctx, asked[i], 2)
		return err
	})
	if err != nil {
		return nil, err
	}
	var wrong problems
	var preconditions []store.Precondition
	for i, en := range conditional {
		if err := t.locateOne(ctx, en, found[i]); err != nil {
			fe := asError(err)
			if fe.Kind == fhir.Internal {
				return nil, err
			}
			wrong.add(fe)
			continue
		}
		preconditions = append(preconditions, conditionHolds(asked[i], foundID(found[i]))...)
	}
	return preconditions, wrong.error()
}

// locateOne gives a conditional entry its key and what is there of it.
func (t *transaction) locateOne(ctx context.Context, en *entry, found []store.Version) (err error) {
	en.key.ID, en.before = "", store.Version{}
	switch {
	case len(found) > 1:
		return severalMatch(en.at(".request.url"))
	case en.verb == "PUT":
		en.key.ID, en.before, err = t.engine.conditionalTarget(ctx, en.criteria, found, en.tree, en.at(".resource"))
		if err != nil {
			return err
		}
	case len(found) == 1:
		en.key, en.before = found[0].Key, found[0]
	case en.verb == "PATCH":
		return notMissing(placed(t.engine.patchable(ctx, en.key, en.before, en.ifMatch), en.at(".request.url")))
	default:
		return nil
	}
	if other := t.keyed[en.key]; other != nil {
		return fhir.NewError(fhir.Invalid, fhir.IssueInvalid, other.at("")+" writes the same resource").At(en.at(".request.url"))
	}
	t.keyed[en.key] = en
	return nil
}
