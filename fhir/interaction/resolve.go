package interaction

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/fhir/store"
)

// readBefore reads what is there of the resources that entries name.
func (t *transaction) readBefore(ctx context.Context) error {
	var named []*entry
	var keys []fhir.Key
	seen := map[fhir.Key]int{}
	for _, en := range t.entries {
		if en.verb == "POST" || en.versionID != "" || en.search != nil || en.call != nil || en.conditional() {
			continue
		}
		named = append(named, en)
		if _, twice := seen[en.key]; !twice {
			seen[en.key] = len(keys)
			keys = append(keys, en.key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	versions, err := t.session.store.ReadWithin(ctx, t.room, keys...)
	if err != nil {
		return err
	}
	for _, en := range named {
		en.before = versions[seen[en.key]]
	}
	return nil
}

// permit asks Access about all that is to be written or deleted, and about
// deletions of what isn't there, and then holds what is there against the
// entries' demands.
func (t *transaction) permit(ctx context.Context, drafts []*draft) error {
	created := createdBy(drafts)
	byPlace := map[string]*draft{}
	for _, d := range drafts {
		byPlace[d.at] = d
	}
	for _, verbs := range phases {
		for _, en := range phase(t.entries, verbs...) {
			d := byPlace[en.at(".resource")]
			if d == nil && en.verb == "DELETE" { // asked as if there were something
				d = &draft{at: en.at(".resource"), what: Delete, key: en.key, before: en.before}
			}
			if d == nil {
				continue
			}
			if err := t.session.permitOne(ctx, d, created); err != nil {
				return notMissing(err)
			}
		}
	}
	var wrong problems
	for _, en := range t.entries {
		if err := checkMatch(en.ifMatch, en.before); err != nil {
			wrong.add(asError(err).At(en.at(".request.ifMatch")))
		}
	}
	return wrong.error()
}

// notMissing takes the code away from an error of kind NotFound that says
// something else in a transaction: a conditional reference finds nothing.
func notMissing(err error) error {
	fe := (*fhir.Error)(nil)
	if !errors.As(err, &fe) || fe.Kind != fhir.NotFound {
		return err
	}
	other := *fe
	other.Issues = slices.Clone(fe.Issues)
	other.Issues[0].Code = fhir.IssueInvalid
	return &other
}

// resolve finds out what conditional references lead to, by what is there once
// everything is written, and gives what the commit must hold them to. It refuses
// conditional creates that would get in each other's way.
func (t *transaction) resolve(ctx context.Context) ([]store.Precondition, error) {
	if err := t.conditions.fill(ctx); err != nil {
		return nil, err
	}
	if err := t.foresee(ctx); err != nil {
		return nil, err
	}
	var wrong problems
	for _, en := range t.entries {
		created := en.verb == "POST" && !en.matched.Exists() || en.verb == "PUT" && !en.before.Exists()
		if en.criteria == nil || !created {
			continue
		}
		if err := t.checkOrder(ctx, en, &wrong); err != nil {
			return nil, err
		}
	}
	if wrong.any() {
		return nil, wrong.error()
	}
	limit := 2 + len(t.keyed) // what the transaction itself changes doesn't count
	err := each(ctx, len(t.conditions.all), lookups, func(ctx context.Context, i int) (err error) {
		c := t.conditions.all[i]
		c.found, err = t.referenced(ctx, c.criteria, limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := t.resolveReferences(ctx); err != nil {
		return nil, err
	}
	return t.targetsStay(), nil
}

// checkOrder refuses a conditional write that creates, where another entry
// writes what its condition asks for.
func (t *transaction) checkOrder(ctx context.Context, en *entry, wrong *problems) error {
	matching, err := t.matching(ctx, en.criteria)
	for _, other := range matching {
		if other != en {
			wrong.invalid(fhir.IssueInvalid, en.criteriaAt(), other.at("")+
				" writes a resource that meets this condition, so that the outcome would hang on the order of the entries")
			break
		}
	}
	return err
}

func (t *transaction) deletes(key fhir.Key) bool {
	en := t.keyed[key]
	return en != nil && en.verb == "DELETE"
}

// resolveReferences gives each condition its target.
func (t *transaction) resolveReferences(ctx context.Context) error {
	var wrong problems
	for _, c := range t.conditions.all {
		matching, err := t.matching(ctx, c.criteria)
		if err != nil {
			return err
		}
		left := slices.DeleteFunc(slices.Clone(c.found), func(v store.Version) bool { return t.keyed[v.Key] != nil })
		switch n := len(left) + len(matching); {
		case n > 1:
			wrong.add(severalMatch(c.at[0]))
		case n == 0:
			wrong.add(unmet(c))
		case len(left) == 1:
			c.target, c.stored = left[0].Key, true
		default:
			c.target, c.stored = matching[0].key, false
		}
	}
	return wrong.error()
}

// unmet is the error of a conditional reference that finds nothing. Those who
// load bundles in no order know it by its code and try again later.
func unmet(c *condition) *fhir.Error {
	text := "nothing matches the conditional reference to " + c.criteria.typ
	if more := len(c.at) - 1; more > 0 {
		text += fmt.Sprintf("; %d more references ask for the same", more)
	}
	return fhir.NewError(fhir.Unprocessable, fhir.IssueNotFound, text).At(c.at[0])
}

// targetsStay makes the commit check that what conditional references found is
// still there.
func (t *transaction) targetsStay() []store.Precondition {
	var p []store.Precondition
	seen := map[fhir.Key]bool{}
	for _, c := range t.conditions.all {
		if c.stored && !seen[c.target] {
			seen[c.target] = true
			p = append(p, store.Precondition{Exists: c.target})
		}
	}
	return p
}

// admitReads asks Access about GET and HEAD, and fails the transaction where
// there is nothing to read.
func (t *transaction) admitReads(ctx context.Context) error {
	var wrong problems
	for _, en := range phase(t.entries, "GET", "HEAD") {
		err := t.admitRead(ctx, en)
		if fe := asError(err); err != nil && fe.Kind == fhir.Internal {
			return err
		} else if err != nil {
			code := fe.Issues[0].Code
			if code == fhir.IssueNotFound { // which says something else in a transaction
				code = fhir.IssueInvalid
			}
			wrong.add(&fhir.Error{Kind: fe.Kind, Issues: []fhir.Issue{{Code: code, Expression: en.at(".request.url"), Text: fe.Issues[0].Text}}})
		}
	}
	return wrong.error()
}

func (t *transaction) admitRead(ctx context.Context, en *entry) (err error) {
	if en.call != nil {
		return nil // which decides for itself
	}
	if en.search != nil {
		en.prepared, err = t.session.prepare(ctx, *en.search)
		return err
	}
	if en.versionID != "" {
		v, err := t.session.VRead(ctx, en.key, en.versionID)
		if err == nil && !t.room.Take(len(v.JSON)) {
			err = t.room.Refusal()
		}
		en.before = v
		return err
	}
	switch other := t.keyed[en.key]; {
	case other == nil:
	case other.verb == "PUT" || other.verb == "PATCH":
		return nil // decided when it is written
	case other.writes():
		return fhir.NewError(fhir.Gone, fhir.IssueDeleted, other.at("")+" deletes the resource")
	}
	_, err = t.session.shown(ctx, Read, en.key, en.before)
	return err
}

// issuesAt gives the issues whose expressions stand in an entry.
func issuesAt(issues []fhir.Issue, at string) []fhir.Issue {
	var some []fhir.Issue
	for _, is := range issues {
		if strings.HasPrefix(is.Expression, at+".") {
			some = append(some, is)
		}
	}
	return some
}
