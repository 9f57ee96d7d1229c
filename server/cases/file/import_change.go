package file

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"caseway/mapping"
	"caseway/mapping/casemodel"
	"caseway/server/cases/assembly"
	"caseway/server/cases/change"
	"caseway/server/cases/problem"
	"caseway/server/cases/rules"

	"google.golang.org/protobuf/proto"
)

// change changes a case that is there already to what the line says. It is the
// same step as a change by FHIR, and held to the same rules.
func (w *importing) change(r record, seen *assembly.Assembled, done *Imported) error {
	c, told, err := w.wanted(r, seen)
	if err != nil {
		return err
	}
	removed := removedParts(&seen.Case, &c)
	writes, lost := mapping.Resources(&c, seen.Stored)
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
	if !w.service.assembler.Open {
		if whole, err = w.service.assembler.Load(w.ctx, w.service.server, r.id); err != nil {
			return err
		}
	}
	people, err := w.changeTo(whole, mapping.AssembleOnly(laid(whole.Stored, writes)), r.directory)
	if err != nil {
		return (&change.Partial{Seen: seen, Whole: whole}).Tell(err)
	}
	done.stored(ImportChanged, append(told, change.LossesOf(lost)...), people)
	w.know(people)
	return nil
}

// wanted is the case as the line has it.
func (w *importing) wanted(r record, seen *assembly.Assembled) (c casemodel.Case, told []change.Loss, err error) {
	shown := seen.Case
	if w.Format == FormatCSV {
		if shown, err = w.names.named(seen.Case); err != nil {
			return c, nil, err
		}
	}
	client, err := w.clientBy(r.client)
	if err != nil {
		return c, nil, err
	}
	if c, told, err = r.make(base{&seen.Case, &shown, client, idsFor(r.id)}); err != nil {
		return c, nil, err
	}
	if id := c.Client.ID; id != "" && id != seen.Case.Client.ID {
		p := problem.New(http.StatusConflict, "client-differs", "The client is somebody else", "")
		return c, nil, p.With([]problem.Fault{{Pointer: "/client/id", Detail: "the case that is there is another client's"}})
	}
	if err := samePerson(c.Client, seen.Case.Client); err != nil {
		return c, nil, err
	}
	c.Client = seen.Case.Client
	keep(&c, &seen.Case)
	return c, told, nameParts(&c)
}

// laid are resources with writes in their places.
func laid(stored []proto.Message, writes []mapping.Write) []proto.Message {
	all := slices.Clone(stored)
	for _, x := range writes {
		if at := slices.IndexFunc(all, func(m proto.Message) bool { return assembly.KeyOf(m) == x.Key }); at >= 0 {
			all[at] = x.Resource
		} else {
			all = append(all, x.Resource)
		}
	}
	return all
}

// changeTo judges what a case is to become, and stores it with what follows.
func (w *importing) changeTo(whole *assembly.Assembled, after casemodel.Case, known []casemodel.Party) (*participants, error) {
	a := &assembly.Assembled{Case: after, Stored: slices.Clone(whole.Stored), Versions: whole.Versions}
	people, err := w.people(a, known, &whole.Case)
	if err != nil {
		return nil, err
	}
	result, step, err := w.apply(whole.Case, a.Case)
	if err != nil {
		return nil, err
	}
	writes, _ := mapping.Resources(&result.Case, a.Stored)
	c := w.commit(a, writes, step, people)
	c.Result = &result
	_, err = w.service.writer.Commit(w.ctx, c)
	if there := (*rules.ThereAlready)(nil); errors.As(err, &there) {
		return nil, differs(&after, there.Keys[0])
	}
	return people, err
}

// mayChange holds a change to the state that the line was made of.
func (w *importing) mayChange(r record, seen *assembly.Assembled) error {
	switch {
	case r.etag != "":
		if strings.Trim(strings.TrimPrefix(r.etag, "W/"), `"`) == tagOf(seen) {
			return nil
		}
		p := problem.New(http.StatusPreconditionFailed, "version-conflict", "The case has changed", "")
		return p.With([]problem.Fault{{Pointer: "/etag", Detail: "the case isn't in the state that the etag names; export it again"}})
	case w.Change:
		return nil
	}
	p := problem.New(http.StatusConflict, "case-exists", "There is such a case already", "")
	return p.With([]problem.Fault{{Pointer: "/id", Detail: "the case is there already and differs; the line changes it with the etag of the case as it is, or with existing=change"}})
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
	who, err := w.service.assembler.CallerOf(w.ctx, w.service.server, &before)
	if err != nil {
		return casemodel.Result{}, casemodel.Step{}, err
	}
	actors := []casemodel.Actor{w.actor(nil)}
	if who != nil {
		actors = actors[:0]
		for _, role := range who.Roles {
			actors = append(actors, who.Actor(role))
		}
	}
	ids := w.service.assembler.NewIDs()
	var first error
	for _, actor := range actors {
		step := casemodel.Step{Actor: actor, At: ids.Now, Why: w.Reason, NewID: ids.Next}
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
