package interaction

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"caseway/fhir"
	"caseway/fhir/store"
)

// Change is what code inside the process stores by one commit, whole or not at
// all.
type Change struct {
	Writes []Write
	// Note is what Guards are to know of the change: who makes it, and why.
	Note any
	// DryRun does everything but commit: what refuses the change does so.
	DryRun bool
}

// Write is one resource of a Change. No two of a Change have one key.
type Write struct {
	// Method is POST for a new resource, PUT for a new version or a resource
	// under an id that somebody else chose, DELETE for a tombstone.
	Method store.Method
	// Key is the resource's; for a POST with an id that fhir.NewID made.
	Key fhir.Key
	// Resource is what is stored, under Key's id, which it needn't have yet. It
	// belongs to the engine from then on; nil on delete.
	Resource *fhir.Tree
	// IfMatch is the version that must be current; 0: any.
	IfMatch int64
	// Follows says that the caller didn't ask for the write: a rule lets it
	// follow from the others. See Question.
	Follows bool
	// At is what stands for the resource in the expressions of issues; "": its
	// type.
	At string
}

// Committed is what came of a Change.
type Committed struct {
	// Versions are what is stored now, or the tombstones, in the order of the
	// writes; none of a dry run.
	Versions []store.Version
	Issues   []fhir.Issue // warnings and information
}

// Commit stores a Change. Links are stored as they are: who makes resources that
// refer to one another gives them their ids beforehand. It fails as the
// interactions do that the writes stand for; a version that isn't current fails
// with kind VersionConflict. Deleting what isn't there is no error.
func (s *Session) Commit(ctx context.Context, c Change) (Committed, error) {
	t := &committing{session: s, Change: c}
	if err := t.check(); err != nil || len(c.Writes) == 0 {
		return Committed{}, err
	}
	var names []string
	for _, w := range c.Writes {
		if w.Method != store.Post {
			names = append(names, w.Key.String())
		}
	}
	release, err := s.locks.take(ctx, names...)
	if err != nil {
		return Committed{}, err
	}
	defer release()
	var done Committed
	err = s.retry(ctx, func() (err error) {
		done, err = t.try(ctx)
		return err
	})
	return done, err
}

// committing is a Change on its way to the store.
type committing struct {
	session *Session
	Change
	drafts []*draft
}

// check refuses what is wrong with a Change whatever is stored.
func (c *committing) check() error {
	if len(c.Writes) > c.session.entries {
		return fhir.NewError(fhir.TooLarge, fhir.IssueTooLong, fmt.Sprintf("the change has %d writes; at most %d happen at once", len(c.Writes), c.session.entries))
	}
	for _, w := range c.Writes {
		d := &draft{at: cmp.Or(w.At, w.Key.Type), key: w.Key, method: w.Method, body: w.Resource, follows: w.Follows}
		switch w.Method {
		case store.Post:
			d.what = Create
		case store.Delete:
			d.what = Delete
		default:
			d.what = Update
		}
		if err := c.session.checkKey(w.Key); err != nil {
			return located(err, d.at)
		}
		if w.Resource != nil {
			if err := c.session.noConditionalReferences(w.Resource, d.at); err != nil {
				return err
			}
		}
		c.drafts = append(c.drafts, d)
	}
	return nil
}

// try reads what is there, decides and commits.
func (c *committing) try(ctx context.Context) (done Committed, err error) {
	s := c.session
	if err := c.readBefore(ctx); err != nil {
		return done, err
	}
	warnings, err := s.validate(ctx, c.drafts)
	if err != nil {
		return done, err
	}
	if err := s.permit(ctx, c.drafts); err != nil {
		return done, err
	}
	for i, w := range c.Writes {
		if err := checkMatch(w.IfMatch, c.drafts[i].before); err != nil {
			return done, located(err, c.drafts[i].at)
		}
	}
	admitted, more, err := s.admit(ctx, c.drafts, c.Note)
	if err != nil {
		return done, err
	}
	done.Issues = slices.Concat(warnings, more)
	if c.DryRun {
		return done, nil
	}
	versions, err := s.commit(ctx, admitted, nil, "")
	if err != nil {
		return done, err
	}
	done.Versions = versions[:len(c.drafts)]
	return done, nil
}

// readBefore reads what is there of the resources that aren't new.
func (c *committing) readBefore(ctx context.Context) error {
	var keys []fhir.Key
	var stored []*draft
	for _, d := range c.drafts {
		if d.method != store.Post {
			keys, stored = append(keys, d.key), append(stored, d)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	versions, err := c.session.store.Read(ctx, keys...)
	if err != nil {
		return err
	}
	for i, d := range stored {
		d.before = versions[i]
	}
	return nil
}

// located puts an error that says of no place where it is at one.
func located(err error, at string) error {
	fe := (*fhir.Error)(nil)
	if !errors.As(err, &fe) || fe.Issues[0].Expression != "" {
		return err
	}
	here := *fe
	here.Issues = slices.Clone(fe.Issues)
	return here.At(at)
}
