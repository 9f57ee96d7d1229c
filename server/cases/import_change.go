package cases

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"caseway/mapping"
	"caseway/mapping/casemodel"

	"google.golang.org/protobuf/proto"
)

// change changes a case that is there already to what the line says. It is the
// same step as a change by FHIR, and held to the same rules.
func (w *importing) change(r record, seen *assembled, done *Imported) error {
	c, told, err := w.wanted(r, seen)
	if err != nil {
		return err
	}
	removed := removedParts(&seen.c, &c)
	writes, lost := mapping.Resources(&c, seen.stored)
	if len(writes) == 0 && len(removed) == 0 {
		done.Result, done.Losses = ImportUnchanged, told
		return nil
	}
	if err := w.mayChange(r, seen); err != nil {
		return err
	}
	if len(removed) > 0 {
		return removed
	}
	whole := seen
	if !w.service.open {
		if whole, err = w.service.load(w.ctx, w.service.server, r.id); err != nil {
			return err
		}
	}
	people, err := w.changeTo(whole, mapping.AssembleOnly(laid(whole.stored, writes)), r.directory)
	if err != nil {
		return (&partial{seen: seen, whole: whole}).tell(err)
	}
	done.stored(ImportChanged, append(told, lossesOf(lost)...), people)
	w.know(people)
	return nil
}

// wanted is the case as the line has it.
func (w *importing) wanted(r record, seen *assembled) (c casemodel.Case, told []Loss, err error) {
	shown := seen.c
	if w.Format == FormatCSV {
		if shown, err = w.names.named(seen.c); err != nil {
			return c, nil, err
		}
	}
	client, err := w.clientBy(r.client)
	if err != nil {
		return c, nil, err
	}
	if c, told, err = r.make(base{&seen.c, &shown, client, idsFor(r.id)}); err != nil {
		return c, nil, err
	}
	if id := c.Client.ID; id != "" && id != seen.c.Client.ID {
		p := newProblem(http.StatusConflict, "client-differs", "The client is somebody else", "")
		return c, nil, p.found([]Fault{{Pointer: "/client/id", Detail: "the case that is there is another client's"}})
	}
	if err := samePerson(c.Client, seen.c.Client); err != nil {
		return c, nil, err
	}
	c.Client = seen.c.Client
	keep(&c, &seen.c)
	return c, told, nameParts(&c)
}

// laid are resources with writes in their places.
func laid(stored []proto.Message, writes []mapping.Write) []proto.Message {
	all := slices.Clone(stored)
	for _, x := range writes {
		if at := slices.IndexFunc(all, func(m proto.Message) bool { return keyOf(m) == x.Key }); at >= 0 {
			all[at] = x.Resource
		} else {
			all = append(all, x.Resource)
		}
	}
	return all
}

// changeTo judges what a case is to become, and stores it with what follows.
func (w *importing) changeTo(whole *assembled, after casemodel.Case, known []casemodel.Party) (*participants, error) {
	a := &assembled{c: after, stored: slices.Clone(whole.stored), versions: whole.versions}
	people, err := w.people(a, known, &whole.c)
	if err != nil {
		return nil, err
	}
	result, step, err := w.apply(whole.c, a.c)
	if err != nil {
		return nil, err
	}
	writes, _ := mapping.Resources(&result.Case, a.stored)
	c := w.commit(a, writes, step, people)
	c.result = &result
	_, err = w.service.commit(w.ctx, c)
	if there := (*thereAlready)(nil); errors.As(err, &there) {
		return nil, differs(&after, there.keys[0])
	}
	return people, err
}

// mayChange holds a change to the state that the line was made of.
func (w *importing) mayChange(r record, seen *assembled) error {
	switch {
	case r.etag != "":
		if strings.Trim(strings.TrimPrefix(r.etag, "W/"), `"`) == tagOf(seen) {
			return nil
		}
		p := newProblem(http.StatusPreconditionFailed, "version-conflict", "The case has changed", "")
		return p.found([]Fault{{Pointer: "/etag", Detail: "the case isn't in the state that the etag names; export it again"}})
	case w.Change:
		return nil
	}
	p := newProblem(http.StatusConflict, "case-exists", "There is such a case already", "")
	return p.found([]Fault{{Pointer: "/id", Detail: "the case is there already and differs; the line changes it with the etag of the case as it is, or with existing=change"}})
}

var partRemoved = "Nothing is taken out of a case; what was wrong is marked as entered in error."

// removedParts refuses to take parts out of a case by leaving them away.
func removedParts(before, after *casemodel.Case) (found casemodel.Errors) {
	for _, change := range casemodel.Diff(*before, *after) {
		if change.How == "removed" {
			found = append(found, &casemodel.RuleError{Rule: "part-removed", Path: change.Path, Part: change.ID, Text: partRemoved})
		}
	}
	return found
}

// apply judges a change in each role of the caller's: one that may take it is
// enough.
func (w *importing) apply(before, after casemodel.Case) (casemodel.Result, casemodel.Step, error) {
	who, err := w.service.callerOf(w.ctx, w.service.server, &before)
	if err != nil {
		return casemodel.Result{}, casemodel.Step{}, err
	}
	actors := []casemodel.Actor{w.actor(nil)}
	if who != nil {
		actors = actors[:0]
		for _, role := range who.roles {
			actors = append(actors, who.actor(role))
		}
	}
	ids := w.service.newIDs()
	var first error
	for _, actor := range actors {
		step := casemodel.Step{Actor: actor, At: ids.now, Why: w.Reason, NewID: ids.next}
		result, err := casemodel.Apply(before, after, step)
		if err == nil {
			return result, step, nil
		}
		if first == nil {
			first = err
		}
	}
	return casemodel.Result{}, casemodel.Step{}, first
}
