package interaction

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"caseway/fhir"
	"caseway/fhir/budget"
	"caseway/fhir/interaction/indexing"
	"caseway/fhir/store"
)

// draft is a write on its way to the store.
type draft struct {
	at     string // where the request holds the resource, such as "Patient" or "Bundle.entry[3].resource"
	what   Name
	key    fhir.Key
	method store.Method
	body   *fhir.Tree    // nil on delete
	before store.Version // what is there now
	after  *fhir.Tree    // body, or what a guard made of it
	// follows: see Question.
	follows bool
}

// decode reads the body of a single create or update and checks its type.
func (e *core) decode(typ string, body []byte) (*fhir.Tree, error) {
	tree, err := fhir.Decode(e.schema, body, e.limits)
	if tree == nil || tree.Type() == nil || tree.Type().Name == typ {
		return tree, err
	}
	return tree, merge(err, fhir.NewError(fhir.Structure, fhir.IssueStructure,
		"resourceType must be "+typ+", as the URL says").At(tree.Type().Name))
}

// decodeStored reads a resource as the store gave it. A link that was
// rewritten may no longer fit its type, which is no failure.
func (e *core) decodeStored(v store.Version) (*fhir.Tree, error) {
	return fhir.DecodeStored(e.schema, v.JSON)
}

// merge adds an error's issues to those of another. Structure is the kind of
// the whole if either has it, otherwise the first one's kind stays.
func merge(err error, more *fhir.Error) error {
	first := (*fhir.Error)(nil)
	if err == nil {
		return more
	}
	if !errors.As(err, &first) {
		return err
	}
	all := &fhir.Error{Kind: first.Kind, Issues: append(slices.Clone(first.Issues), more.Issues...), Cause: first.Cause}
	if more.Kind == fhir.Structure {
		all.Kind = fhir.Structure
	}
	return all
}

// validate asks the Validator about each draft's body.
func (e *core) validate(ctx context.Context, drafts []*draft) ([]fhir.Issue, error) {
	if e.validator == nil {
		return nil, nil
	}
	var issues []fhir.Issue
	for _, d := range drafts {
		if d.body == nil {
			continue
		}
		for _, is := range e.validator.Validate(ctx, d.body) {
			is.Expression = relocate(is.Expression, d.at)
			issues = append(issues, is)
		}
	}
	return refusal(issues)
}

// relocate turns an expression that begins with a resource type into one that
// begins where the request holds the resource.
func relocate(expression, at string) string {
	if i := strings.IndexByte(expression, '.'); i >= 0 {
		return at + expression[i:]
	}
	return at
}

// refusal makes an error of issues if one of them is of severity error.
func refusal(issues []fhir.Issue) ([]fhir.Issue, error) {
	if slices.ContainsFunc(issues, refuses) {
		return nil, &fhir.Error{Kind: fhir.Unprocessable, Issues: issues}
	}
	return issues, nil
}

// permit asks Access about the drafts of one commit, whose before is filled in.
// Nothing else may be said of what is there before it agrees.
func (s *Session) permit(ctx context.Context, drafts []*draft) error {
	created := createdBy(drafts)
	for _, d := range drafts {
		if err := s.permitOne(ctx, d, created); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) permitOne(ctx context.Context, d *draft, created map[fhir.Key]bool) error {
	err := s.decide(ctx, Question{What: d.what, Key: d.key, Before: d.before, After: d.body, Follows: d.follows, created: created})
	return placed(err, d.at)
}

// createdBy are the resources that drafts create under ids of the server's making.
func createdBy(drafts []*draft) map[fhir.Key]bool {
	created := map[fhir.Key]bool{}
	for _, d := range drafts {
		if d.what == Create {
			created[d.key] = true
		}
	}
	return created
}

// admit asks the Guards about drafts that are permitted, and
// fills in their after. It returns them with the writes that guards added
// behind them.
func (s *Session) admit(ctx context.Context, drafts []*draft, note any) ([]*draft, []fhir.Issue, error) {
	p := &Pending{Note: note, Images: make([]Image, len(drafts))}
	for i, d := range drafts {
		p.Images[i] = Image{At: d.at, Key: d.key, Method: d.method, Before: d.before, After: d.body}
	}
	if err := s.guard(ctx, p); err != nil {
		return nil, nil, err
	}
	for i, d := range drafts {
		d.after = p.Images[i].After
	}
	admitted := slices.Clip(drafts)
	for _, image := range p.Images[len(drafts):] {
		admitted = append(admitted, &draft{key: image.Key, method: image.Method, before: image.Before, after: image.After})
	}
	issues, err := refusal(p.issues)
	return admitted, issues, err
}

// placed tells a Bundle's sender which entry an error is about.
func placed(err error, at string) error {
	fe := (*fhir.Error)(nil)
	if !errors.As(err, &fe) || fe.Issues[0].Expression != "" || !strings.HasPrefix(at, "Bundle.") {
		return err
	}
	here := *fe
	here.Issues = slices.Clone(fe.Issues)
	return here.At(at)
}

// idempotencyKind is the kind of the records that remember a write's key, and
// idempotencyTime how long they do.
const (
	idempotencyKind = "idempotency"
	idempotencyTime = 30 * 24 * time.Hour
)

// notRepeated refuses a write whose idempotency key is known.
func (e *core) notRepeated(ctx context.Context, key string) error {
	if key == "" {
		return nil
	}
	records, err := e.store.Records(ctx, idempotencyKind, key, "", 1)
	if err != nil {
		return err
	}
	if len(records) > 0 && records[0].Key == key {
		return repeated()
	}
	return nil
}

func repeated() error {
	return fhir.NewError(fhir.Duplicate, fhir.IssueDuplicate, "a write with this idempotency key has happened before")
}

// commit stores admitted drafts, each on the version that its before is.
func (e *core) commit(ctx context.Context, drafts []*draft, preconditions []store.Precondition, idempotencyKey string) ([]store.Version, error) {
	if err := e.indexing.Ready(ctx); err != nil {
		return nil, err
	}
	versions, err := e.commitIndexed(ctx, drafts, preconditions, idempotencyKey)
	if err == nil {
		e.indexing.Committed(ctx, writtenBy(drafts))
	}
	return versions, err
}

func (e *core) commitIndexed(ctx context.Context, drafts []*draft, preconditions []store.Precondition, idempotencyKey string) ([]store.Version, error) {
	r := e.writer()
	defer r.writers.Add(-1)
	c := store.Commit{Writes: make([]store.Write, len(drafts)), Preconditions: preconditions}
	work := budget.NewWork(ctx, commitSteps)
	for i, d := range drafts {
		var err error
		if c.Writes[i], err = r.write(work, d); err != nil {
			return nil, err
		}
	}
	if idempotencyKey != "" {
		c.Records = []store.RecordWrite{{
			Kind: idempotencyKind, Key: idempotencyKey, Expires: e.clock().Add(idempotencyTime).UTC().Truncate(time.Millisecond),
		}}
	}
	return e.store.Commit(ctx, c)
}

// commitSteps is what the expressions of search parameters may take on all
// resources of a commit: 10,000 for each entry that a Bundle may have.
const commitSteps = 10_000 * DefaultEntries

func (r *registered) write(work *budget.Work, d *draft) (_ store.Write, err error) {
	w := store.Write{Key: d.key, Method: d.method, Expect: d.before.VersionID}
	if d.after != nil {
		content := d.after.Content()
		w.Content = &content
		if w.Index, err = r.writing.IndexWithin(work, d.after); err != nil {
			return w, err
		}
		w.Generation = r.generation
		w.Compartments = r.compartmentsOf(d.key, w.Index.Terms)
	}
	return w, nil
}

// writtenBy is what drafts have made of their resources.
func writtenBy(drafts []*draft) []indexing.Written {
	all := make([]indexing.Written, len(drafts))
	for i, d := range drafts {
		all[i] = indexing.Written{Key: d.key, After: d.after}
	}
	return all
}
