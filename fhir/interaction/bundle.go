package interaction

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"caseway/fhir"
)

// DefaultEntries is how many entries a Bundle may have where Config says nothing
// else.
const DefaultEntries = 2000

// Bundle does a batch or a transaction and returns the response Bundle as JSON,
// its entries in the order of the request's
// (https://hl7.org/fhir/R4/http.html#transaction).
//
// A transaction happens whole or fails whole, with an error whose issues name
// the entries. It is processed by verb: DELETE, POST, PUT and PATCH,
// then GET and HEAD, which see what the others wrote. A conditional reference that finds nothing
// fails with kind Unprocessable, code not-found, at an expression inside the
// Bundle; no other issue of a transaction has that code.
//
// In a transaction a history, a search and an operation by GET are answered
// when everything has been written, and then fail alone; where nothing is
// written, they fail the transaction. A batch takes operations by POST too.
//
// A batch fails as a whole only where it can't be read; otherwise each entry
// has its own answer.
func (s *Session) Bundle(ctx context.Context, r BundleRequest) ([]byte, error) {
	return whole(s.BundleText(ctx, r))
}

// BundleText is Bundle that doesn't put the answer together.
func (s *Session) BundleText(ctx context.Context, r BundleRequest) (fhir.Text, error) {
	if err := s.notRepeated(ctx, r.IdempotencyKey); err != nil {
		return fhir.Text{}, err
	}
	if err := s.checkEntries(r.Body); err != nil {
		return fhir.Text{}, err
	}
	tree, wrong, err := s.decodeBundle(ctx, r)
	switch {
	case err != nil:
		return fhir.Text{}, err
	case tree.Root().Child("type").Text() == "batch":
		return s.batch(ctx, r, tree, wrong)
	}
	return s.transaction(ctx, r, tree)
}

// leastEntry is how few bytes an entry can have: {},
const leastEntry = 3

// checkEntries refuses a Bundle of too many entries before it is decoded, which
// costs some 20 times as much memory as its text.
func (e *core) checkEntries(body []byte) error {
	if len(body) < leastEntry*e.entries {
		return nil
	}
	if n := fhir.CountItems(body, "entry"); n > e.entries {
		return fhir.NewError(fhir.TooLarge, fhir.IssueTooLong,
			fmt.Sprintf("the Bundle has %d entries; at most %d are processed at once", n, e.entries)).At("Bundle.entry")
	}
	return nil
}

// decodeBundle reads a batch or transaction. Wrong is what is wrong within the
// entries of a batch.
func (s *Session) decodeBundle(ctx context.Context, r BundleRequest) (_ *fhir.Tree, wrong, err error) {
	tree, wrong := fhir.Decode(s.schema, r.Body, s.limits)
	if tree == nil || tree.Type() == nil {
		return nil, nil, wrong
	}
	typ := tree.Root().Child("type").Text()
	switch {
	case tree.Type().Name != "Bundle":
		return nil, nil, merge(wrong, fhir.NewError(fhir.Structure, fhir.IssueStructure,
			"the body must be a Bundle of type batch or transaction").At(tree.Type().Name))
	case wrong != nil && typ == "transaction":
		return nil, nil, s.alsoWrong(ctx, r, tree, wrong)
	case wrong != nil && typ != "batch":
		return nil, nil, wrong
	case typ != "batch" && typ != "transaction":
		return nil, nil, fhir.NewError(fhir.Invalid, fhir.IssueValue,
			"only Bundles of type batch and transaction are processed; to store another one, POST it to Bundle").At("Bundle.type")
	}
	return tree, wrong, nil
}

// alsoWrong adds to what decoding found wrong in a transaction the problems of
// those entries that are sound as JSON, so that a client hears of all at once.
func (s *Session) alsoWrong(ctx context.Context, r BundleRequest, bundle *fhir.Tree, wrong error) error {
	byEntry, err := partIssues(wrong)
	if err != nil {
		return wrong
	}
	var all problems
	all.add(asError(wrong))
	parser := entryParser{ctx: ctx, session: s, bundle: bundle, base: r.Base, whole: true}
	for n := range bundle.Root().All("entry") {
		if !bundle.Listed(n) || byEntry[(&entry{index: n.Index()}).at("")] != nil {
			continue
		}
		if _, more := parser.parse(n); more.any() {
			all.add(&fhir.Error{Kind: more.kind, Issues: more.issues})
		}
	}
	return all.error()
}

// phases are the verbs in the order in which a Bundle is processed.
var phases = [][]string{{"DELETE"}, {"POST"}, {"PUT", "PATCH"}, {"GET", "HEAD"}}

// phase gives the entries with one of the verbs.
func phase(entries []*entry, verbs ...string) []*entry {
	var some []*entry
	for _, en := range entries {
		if slices.Contains(verbs, en.verb) {
			some = append(some, en)
		}
	}
	return some
}

// asError is the client's error in err, or an internal one that hides it.
func asError(err error) *fhir.Error {
	if fe := (*fhir.Error)(nil); errors.As(err, &fe) {
		return fe
	}
	return fhir.NewError(fhir.Internal, fhir.IssueException, "internal error").Because(err)
}
