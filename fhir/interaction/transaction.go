package interaction

import (
	"context"
	"slices"

	"caseway/fhir"
	"caseway/fhir/budget"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// transaction is a transaction Bundle on its way.
type transaction struct {
	session    *Session
	request    BundleRequest
	entries    []*entry
	targets    targets
	conditions *conditions
	keyed      map[fhir.Key]*entry // those with PUT, PATCH and DELETE
	written    *written
	rounds     [][]*entry    // those with criteria, in the order in which they can be resolved
	after      search.Source // what is there once everything is written; nil where no condition needs it
	room       *budget.Share // of what is read of entries
}

// transaction does a decoded Bundle whole or not at all.
func (s *Session) transaction(ctx context.Context, r BundleRequest, bundle *fhir.Tree) (fhir.Text, error) {
	if err := s.decide(ctx, Question{What: Transaction, After: bundle}); err != nil {
		return fhir.Text{}, err
	}
	t := &transaction{session: s, request: r, conditions: s.newConditions(ctx), room: r.Answer.Share()}
	t.conditions.targets = &t.targets
	if err := t.parse(ctx, bundle); err != nil {
		return fhir.Text{}, err
	}
	release, err := s.locks.take(ctx, t.lockNames()...)
	if err != nil {
		return fhir.Text{}, err
	}
	defer release()
	if err := s.retry(ctx, func() error { return t.try(ctx) }); err != nil || r.DryRun {
		return fhir.Text{}, err
	}
	return t.answer(), nil
}

// parse reads all entries and what can be said of them without the store.
func (t *transaction) parse(ctx context.Context, bundle *fhir.Tree) error {
	var wrong problems
	parser := entryParser{ctx: ctx, session: t.session, bundle: bundle, base: t.request.Base, whole: true, lenient: t.request.Lenient, elsewhere: t.request.Elsewhere}
	for n := range bundle.Root().All("entry") {
		en, more := parser.parse(n)
		for i := range more.issues {
			wrong.add(&fhir.Error{Kind: more.kind, Issues: more.issues[i : i+1]})
		}
		t.entries = append(t.entries, en)
	}
	t.checkFullURLs(&wrong)
	t.checkIdentities(&wrong)
	if wrong.any() {
		return wrong.error()
	}
	t.assign()
	if err := t.order(); err != nil {
		return err
	}
	return t.findLinks()
}

// checkFullURLs: two entries with one fullUrl would make links to it ambiguous.
func (t *transaction) checkFullURLs(wrong *problems) {
	first := map[string]*entry{}
	for _, en := range t.entries {
		if en.fullURL == "" {
			continue
		}
		if other := first[en.fullURL]; other != nil {
			wrong.invalid(fhir.IssueInvalid, en.at(".fullUrl"), other.at("")+" has the same fullUrl")
			continue
		}
		first[en.fullURL] = en
	}
}

// checkIdentities: two entries that write one resource, or that would create
// one resource under one condition, have no order among them
// (https://hl7.org/fhir/R4/http.html#trules).
func (t *transaction) checkIdentities(wrong *problems) {
	first := map[string]*entry{}
	for _, en := range t.entries {
		identity, at, text := "", en.at(".request.url"), " writes the same resource"
		switch {
		case en.conditional():
			identity, text = en.criteria.key, " has the same condition"
		case en.keyed():
			identity = en.key.String()
		case en.criteria != nil:
			identity, at, text = en.criteria.key, en.at(".request.ifNoneExist"), " has the same condition"
		default:
			continue
		}
		if other := first[identity]; other != nil {
			wrong.invalid(fhir.IssueInvalid, at, other.at("")+text)
			continue
		}
		first[identity] = en
	}
}

// assign gives each POST its id, and fullUrls the entries they stand for.
func (t *transaction) assign() {
	t.targets = targets{byURL: map[string]*entry{}, types: t.session.types, bases: []string{t.request.Base, t.session.base}}
	now := t.session.clock()
	for _, en := range t.entries {
		if en.verb == "POST" {
			en.key.ID = fhir.NewID(now)
		}
		if en.fullURL != "" && (en.verb == "POST" || en.verb == "PUT" || en.verb == "PATCH") {
			t.targets.byURL[en.fullURL] = en
		}
	}
}

func (t *transaction) findLinks() error {
	var wrong problems
	for _, en := range t.entries {
		if en.tree == nil {
			continue
		}
		links, more := t.targets.find(en, t.conditions)
		for _, p := range more {
			wrong.add(p)
		}
		en.links = links
	}
	return wrong.error()
}

// lockNames are what other writers of this process are to wait for.
func (t *transaction) lockNames() []string {
	var names []string
	for _, en := range t.entries {
		switch {
		case en.criteria != nil:
			names = append(names, en.criteria.key)
		case en.keyed():
			names = append(names, en.key.String())
		}
	}
	return names
}

// try resolves everything against the store as it is now, and commits.
func (t *transaction) try(ctx context.Context) error {
	t.room.Keep(0)
	identified, err := t.identify(ctx)
	if err != nil {
		return err
	}
	if err := t.readBefore(ctx); err != nil {
		return err
	}
	if err := t.patch(ctx); err != nil {
		return err
	}
	preconditions, err := t.resolve(ctx)
	if err != nil {
		return err
	}
	preconditions = append(preconditions, identified...)
	drafts, writers, err := t.drafts(ctx)
	if err != nil {
		return err
	}
	warnings, err := t.session.validate(ctx, drafts)
	if err != nil {
		return err
	}
	if err := t.permit(ctx, drafts); err != nil {
		return err
	}
	admitted, more, err := t.session.admit(ctx, drafts, nil)
	if err != nil {
		return err
	}
	if err := t.admitReads(ctx); err != nil || t.request.DryRun {
		return err
	}
	var versions []store.Version
	if len(admitted) > 0 {
		if versions, err = t.session.commit(ctx, admitted, preconditions, t.request.IdempotencyKey); err != nil {
			return err
		}
	}
	t.settle(ctx, writers, versions, slices.Concat(warnings, more))
	return t.search(ctx, len(admitted) > 0)
}

// drafts are the writes, in the order of processing, with links rewritten.
func (t *transaction) drafts(ctx context.Context) ([]*draft, []*entry, error) {
	var drafts []*draft
	var writers []*entry
	for _, verbs := range phases {
		for _, en := range phase(t.entries, verbs...) {
			if !en.writes() {
				continue
			}
			d := &draft{at: en.at(".resource"), key: en.key, before: en.before, method: store.Method(en.verb)}
			var err error
			switch en.verb {
			case "POST":
				d.what, d.body = Create, t.targets.rewrite(en)
			case "PUT":
				d.what, d.body = Update, t.targets.rewrite(en)
				if en.conditional() {
					d.what = updateOrCreate(en.tree, en.before)
				}
			case "PATCH":
				d.what = Update
				d.body, err = t.rewritePatched(ctx, en)
			case "DELETE":
				d.what = Delete
			}
			if err != nil {
				return nil, nil, err
			}
			drafts = append(drafts, d)
			writers = append(writers, en)
		}
	}
	return drafts, writers, nil
}

// settle gives each entry its result. Reads see what the others wrote.
func (t *transaction) settle(ctx context.Context, writers []*entry, versions []store.Version, warnings []fhir.Issue) {
	written := make(map[fhir.Key]store.Version, len(versions))
	for i, en := range writers {
		created := en.verb != "DELETE" && (!en.before.Exists() || en.before.Deleted())
		en.result = Result{Version: versions[i], Created: created, Issues: append(issuesAt(warnings, en.at("")), en.issues...)}
		written[en.key] = versions[i]
	}
	t.room.Keep(0) // what was read of entries that aren't shown isn't needed any more
	for _, en := range t.entries {
		if en.writes() {
			en.before.JSON = nil
			continue
		}
		en.result.Version = t.session.Subset(en.before, en.subset)
		if en.matched.Exists() {
			en.result = Result{Version: en.matched, Matched: true}
		}
		if v, ok := written[en.target()]; ok && en.versionID == "" {
			if en.verb != "POST" {
				en.failed = t.session.decide(ctx, Question{What: Read, Key: v.Key, Before: v})
			}
			en.result.Version = t.session.Subset(v, en.subset)
		}
		if en.before.JSON = nil; !en.shows(t.request.Return) {
			en.result.Version.JSON = nil
		}
		if en.failed == nil && !t.room.Take(len(en.result.Version.JSON)) {
			en.failed = t.room.Refusal()
		}
	}
}

// search runs searches and calls, which see what was written. One that fails
// fails the transaction; but where something was written, it can't undo that any
// more, and fails alone.
func (t *transaction) search(ctx context.Context, written bool) error {
	for _, en := range t.entries {
		var err error
		switch {
		case en.prepared != nil:
			en.prepared.answer = t.request.Answer
			en.answered, err = whole(en.prepared.run(ctx))
		case en.call != nil:
			en.answered, err = t.session.call(ctx, t.request, *en.call)
		default:
			continue
		}
		if err != nil && !written {
			return notMissing(placed(err, en.at(".request.url")))
		}
		en.failed = err
	}
	return nil
}

// answer is the response Bundle.
func (t *transaction) answer() fhir.Text {
	a := newAnswer("transaction-response", t.request, t.entries)
	for _, en := range t.entries {
		if en.failed != nil {
			a.failure(t.session.shownError(en, en.failed))
			continue
		}
		a.entry(en)
	}
	return a.bundle.Text()
}
