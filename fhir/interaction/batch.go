package interaction

import (
	"context"
	"slices"
	"strings"

	"caseway/fhir"
)

// batchWorkers is how many entries of a batch happen side by side, so that
// their commits can share a group.
const batchWorkers = 8

// batch does each entry by itself.
type batch struct {
	session *Session
	request BundleRequest
	entries []*entry
	errs    []error
}

func (s *Session) batch(ctx context.Context, r BundleRequest, bundle *fhir.Tree, wrong error) (fhir.Text, error) {
	if err := s.decide(ctx, Question{What: Batch, After: bundle}); err != nil {
		return fhir.Text{}, err
	}
	b := &batch{session: s, request: r}
	if err := b.parse(ctx, bundle, wrong); err != nil {
		return fhir.Text{}, err
	}
	for _, verbs := range phases {
		if err := b.run(ctx, phase(b.entries, verbs...)); err != nil {
			return fhir.Text{}, err
		}
	}
	return b.answer(), nil
}

// parse reads the entries. What decoding found wrong outside of entries fails
// the whole.
func (b *batch) parse(ctx context.Context, bundle *fhir.Tree, wrong error) error {
	byEntry, err := partIssues(wrong)
	if err != nil {
		return err
	}
	parser := entryParser{ctx: ctx, session: b.session, bundle: bundle, base: b.request.Base, lenient: b.request.Lenient, elsewhere: b.request.Elsewhere}
	for n := range bundle.Root().All("entry") {
		en, err := b.parseEntry(parser, n, byEntry)
		b.entries = append(b.entries, en)
		b.errs = append(b.errs, err)
		delete(byEntry, en.at(""))
	}
	if len(byEntry) > 0 { // entries that aren't even objects can't be answered in their place
		return wrong
	}
	b.checkDependencies(ctx)
	return nil
}

func (b *batch) parseEntry(parser entryParser, n fhir.Node, byEntry map[string]*fhir.Error) (*entry, error) {
	en := &entry{index: parser.first + n.Index()}
	if !parser.bundle.Listed(n) {
		return b.parseAlone(parser, n)
	}
	if err := byEntry[en.at("")]; err != nil {
		return en, err
	}
	en, more := parser.parse(n)
	return en, more.error()
}

// parseAlone reads an entry by itself: those before it have more problems than
// are listed, so that nothing is known of this one yet.
func (b *batch) parseAlone(parser entryParser, n fhir.Node) (*entry, error) {
	text := slices.Concat([]byte(`{"resourceType":"Bundle","type":"batch","entry":[`), n.Raw(), []byte(`]}`))
	alone, wrong := fhir.Decode(b.session.schema, text, b.session.limits)
	en := &entry{index: n.Index()}
	byEntry, err := partIssues(wrong)
	if err != nil {
		return en, err
	}
	parser.bundle, parser.first = alone, n.Index()
	if err := byEntry["Bundle.entry[0]"]; err != nil {
		for i, is := range err.Issues {
			err.Issues[i].Expression = en.at(strings.TrimPrefix(is.Expression, "Bundle.entry[0]"))
		}
		return en, err
	}
	en, more := parser.parse(alone.Root().Child("entry"))
	return en, more.error()
}

// partIssues parts a decoding error by entry. It gives the error back where
// an issue stands outside of entries.
func partIssues(wrong error) (map[string]*fhir.Error, error) {
	if wrong == nil {
		return nil, nil
	}
	all := asError(wrong)
	byEntry := map[string]*fhir.Error{}
	for _, is := range all.Issues {
		if is.Severity == fhir.SeverityInformation {
			continue // how many aren't listed
		}
		end := strings.IndexByte(is.Expression, ']')
		if !strings.HasPrefix(is.Expression, "Bundle.entry[") || end < 0 {
			return nil, wrong
		}
		at := is.Expression[:end+1]
		e := byEntry[at]
		if e == nil {
			e = &fhir.Error{Kind: fhir.Unprocessable}
			byEntry[at] = e
		}
		if is.Code == fhir.IssueStructure {
			e.Kind = fhir.Structure
		}
		e.Issues = append(e.Issues, is)
	}
	return byEntry, nil
}

// checkDependencies refuses entries that refer to a resource which another
// entry creates, or by a name that only this Bundle gives it: entries of a
// batch know nothing of one another.
func (b *batch) checkDependencies(ctx context.Context) {
	t := targets{byURL: map[string]*entry{}, types: b.session.types, bases: []string{b.request.Base, b.session.base}}
	for _, en := range b.entries {
		if en.verb == "POST" && en.fullURL != "" && en.call == nil || en.verb == "PUT" && strings.HasPrefix(en.fullURL, "urn:") {
			t.byURL[en.fullURL] = en
		}
	}
	for i, en := range b.entries {
		if b.errs[i] != nil || en.tree == nil || len(t.byURL) == 0 {
			continue
		}
		links, _ := t.find(en, b.session.newConditions(ctx))
		for _, l := range links {
			if l.to == nil || !isReference(l.node) {
				continue
			}
			b.errs[i] = fhir.NewError(fhir.Invalid, fhir.IssueInvalid,
				"the reference is to an entry of the same batch, where entries can't depend on one another; a transaction can do that",
			).At(relocate(l.node.Path(), en.at(".resource")))
			break
		}
	}
}

// run does the entries of a phase, one after the other where two name the same
// resource.
func (b *batch) run(ctx context.Context, entries []*entry) error {
	workers := batchWorkers
	seen := map[fhir.Key]bool{}
	for _, en := range entries {
		if en.key.ID != "" && seen[en.key] {
			workers = 1
		}
		seen[en.key] = true
	}
	return each(ctx, len(entries), workers, func(ctx context.Context, i int) error {
		en := entries[i]
		if b.errs[en.index] == nil {
			b.errs[en.index] = b.do(ctx, en)
		}
		return ctx.Err()
	})
}

func (b *batch) do(ctx context.Context, en *entry) (err error) {
	e, at, idempotencyKey := b.session, en.at(".resource"), b.idempotencyKey(en)
	if err := e.notRepeated(ctx, idempotencyKey); err != nil {
		return err
	}
	if en.call != nil {
		en.answered, err = b.call(ctx, en)
		return err
	}
	switch en.verb {
	case "DELETE":
		en.result, err = e.delete(ctx, DeleteRequest{Key: en.key, Criteria: en.condition, IfMatch: en.ifMatch}, at)
	case "POST":
		en.result, err = e.create(ctx, CreateRequest{
			Type: en.key.Type, IfNoneExist: en.condition, IdempotencyKey: idempotencyKey,
		}, en.tree, at)
	case "PUT":
		en.result, err = e.update(ctx, UpdateRequest{
			Key: en.key, Criteria: en.condition, IfMatch: en.ifMatch, IdempotencyKey: idempotencyKey,
		}, en.tree, at)
	case "PATCH":
		en.result, err = e.patch(ctx, PatchRequest{
			Key: en.key, Criteria: en.condition, IfMatch: en.ifMatch, IdempotencyKey: idempotencyKey,
		}, en.change, at)
	default:
		err = b.read(ctx, en)
	}
	return err
}

func (b *batch) read(ctx context.Context, en *entry) (err error) {
	done, err := b.session.turn(ctx)
	if err != nil {
		return err
	}
	defer done()
	if err := b.request.Answer.Err(); err != nil {
		return err
	}
	switch {
	case en.search != nil:
		en.search.Answer = b.request.Answer
		en.answered, err = b.session.Search(ctx, *en.search)
		return err
	case en.versionID != "":
		en.result.Version, err = b.session.VRead(ctx, en.key, en.versionID)
	default:
		en.result.Version, err = b.session.Read(ctx, en.key)
	}
	if err != nil {
		return err
	}
	en.result.Version = b.session.Subset(en.result.Version, en.subset)
	if !en.shows(b.request.Return) {
		en.result.Version.JSON = nil
	}
	err = b.request.Answer.Take(len(en.result.Version.JSON))
	if err != nil {
		en.result.Version.JSON = nil // which nobody has accounted for
	}
	return err
}

// call refuses a POST that may not happen twice: an operation keeps no key.
func (b *batch) call(ctx context.Context, en *entry) ([]byte, error) {
	if en.verb == "POST" && b.request.IdempotencyKey != "" {
		return nil, fhir.NewError(fhir.Invalid, fhir.IssueNotSupported,
			"an operation in a batch can't be held to an idempotency key; call it by itself").At(en.at(".request.url"))
	}
	done, err := b.session.turn(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	return b.session.call(ctx, b.request, *en.call)
}

// turn waits until an entry may be read: however many batches there are, they
// leave room for who asks for one thing. Done is called when it has been.
func (e *core) turn(ctx context.Context) (done func(), err error) {
	select {
	case e.turns <- struct{}{}:
		return func() { <-e.turns }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// idempotencyKey is an entry's own: entries of a batch succeed one by one.
func (b *batch) idempotencyKey(en *entry) string {
	if b.request.IdempotencyKey == "" || en.call != nil || !slices.Contains([]string{"POST", "PUT", "PATCH"}, en.verb) {
		return ""
	}
	return b.request.IdempotencyKey + en.at("")
}

func (b *batch) answer() fhir.Text {
	a := newAnswer("batch-response", b.request, b.entries)
	for i, en := range b.entries {
		if b.errs[i] == nil {
			a.entry(en)
			continue
		}
		a.failure(b.session.shownError(en, b.errs[i]))
	}
	return a.bundle.Text()
}

// shownError is what a client may see of an entry's error. What no client can
// act on goes to the log.
func (e *core) shownError(en *entry, err error) *fhir.Error {
	fe := asError(err)
	if fe.Kind == fhir.Internal {
		e.log.Error("a batch entry failed", "entry", en.index, "error", err)
		return fhir.NewError(fhir.Internal, fhir.IssueException, "internal error")
	}
	return fe
}
