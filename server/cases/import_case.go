package cases

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/mapping"
	"caseway/mapping/casemodel"

	practitionerpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/practitioner_go_proto"
	"google.golang.org/protobuf/proto"
)

// create makes the case of a line, in whatever phase it is: what must hold in
// every state holds, and no step is asked for.
func (w *importing) create(r record, done *Imported) error {
	c, told, err := r.make(base{newID: idsFor(r.id)})
	if err != nil {
		return err
	}
	if err := nameParts(&c); err != nil {
		return err
	}
	who, err := w.service.callerOf(w.ctx, &casemodel.Case{})
	if err != nil {
		return err
	}
	now := w.service.now()
	step := casemodel.Step{Actor: w.actor(who), At: now, Why: w.Reason, NewID: newIDs(now)}
	if c.Adopted {
		received, err := casemodel.Receive(c, step)
		if err != nil {
			return err
		}
		c = received.Case
	}
	a := &assembled{c: c, versions: map[fhir.Key]int64{}}
	people, err := w.people(a, r.directory)
	if err != nil {
		return err
	}
	lost, err := w.bringIn(a, step, people)
	if err != nil {
		return err
	}
	done.Result = ImportCreated
	done.Losses = append(append(told, lossesOf(lost)...), people.notes...)
	for _, p := range people.made {
		done.Made = append(done.Made, casemodel.Ref(p.key.String()))
	}
	if p := a.stored; !slices.ContainsFunc(p, func(m proto.Message) bool { return keyOf(m).String() == string(c.Client.ID) }) {
		done.Made = append([]casemodel.Ref{c.Client.ID}, done.Made...)
	}
	w.know(people)
	return nil
}

// actor is who imports, for Provenance.
func (w *importing) actor(who *caller) casemodel.Actor {
	if who != nil {
		return who.actor(who.roles[0])
	}
	if w.Role == "" {
		return casemodel.Actor{Role: casemodel.RoleSystem, Party: w.By}
	}
	return casemodel.Actor{Role: w.Role, Party: w.By}
}

// bringIn stores a new case. Resources of the client that are there under the
// ids of parts come into the case as they are, where the line says the same of
// them; they are never changed.
func (w *importing) bringIn(a *assembled, step casemodel.Step, people *attendance) (mapping.Losses, error) {
	for tried := false; ; tried = true {
		writes, lost := mapping.Resources(&a.c, a.stored)
		for _, x := range writes {
			if p, ok := x.Stored.(*practitionerpb.Practitioner); ok && len(p.GetQualification()) == 0 {
				continue // certifications are added where there are none
			}
			if a.versions[x.Key] > 0 {
				return nil, differs(&a.c, x.Key)
			}
		}
		err := w.store(w.commit(a, withBrought(writes, a), step, people))
		there := (*thereAlready)(nil)
		if !errors.As(err, &there) || tried {
			return lost, err
		}
		for _, key := range there.keys {
			if err := w.find(a, key); err != nil {
				return nil, err
			}
		}
	}
}

// commit is what a line stores: what its case writes, and whoever is made for it.
// Whom the case itself writes to, it makes.
func (w *importing) commit(a *assembled, writes []mapping.Write, step casemodel.Step, people *attendance) commit {
	c := commit{a: a, writes: writes, row: &importAction, step: step, base: w.Base, named: true}
	for _, p := range people.made {
		if !slices.ContainsFunc(writes, func(x mapping.Write) bool { return x.Key == p.key }) {
			c.made = append(c.made, p)
		}
	}
	return c
}

// store commits, and tells of what FHIR refuses in which part it is.
func (w *importing) store(c commit) error {
	_, _, err := w.service.commit(w.ctx, c)
	fe := (*fhir.Error)(nil)
	if !errors.As(err, &fe) {
		return err
	}
	located := *fe
	located.Issues = slices.Clone(fe.Issues)
	for i := range located.Issues {
		is := &located.Issues[i]
		n, rest := 0, ""
		if _, err := fmt.Sscanf(is.Expression, "Bundle.entry[%d].resource", &n); err != nil || n >= len(c.writes) {
			continue
		}
		_, rest, _ = strings.Cut(is.Expression, ".resource")
		is.Expression = c.writes[n].Key.String() + rest
	}
	return &located
}

// find reads a resource that is there under the id of a part.
func (w *importing) find(a *assembled, key fhir.Key) error {
	v, err := w.service.engine().Read(w.ctx, key)
	if err != nil {
		return err
	}
	mine := slices.Contains(apart, key.Type) || slices.Contains(subjectsOf(v.JSON), string(a.c.Client.ID))
	if key.Type == "EpisodeOfCare" || !mine {
		return differs(&a.c, key)
	}
	return w.service.add(a, v.JSON)
}

// differs refuses a line whose part stands for something else already.
func differs(c *casemodel.Case, key fhir.Key) error {
	p := newProblem(http.StatusConflict, "part-exists", "A resource of this id is there already", "")
	f := Fault{Part: casemodel.Ref(key.String()), Detail: key.String() + " is there already and says something else; nothing is overwritten"}
	for part := range c.Parts() {
		if part.ID == f.Part {
			f.Pointer = pointerOf(part.Path)
		}
	}
	return p.found([]Fault{f})
}

// change changes a case that is there already to what the line says. It is the
// same step as a change by FHIR, and held to the same rules.
func (w *importing) change(r record, seen *assembled, done *Imported) error {
	shown := seen.c
	if w.Format == FormatCSV {
		var err error
		if shown, err = w.names.named(seen.c); err != nil {
			return err
		}
	}
	c, told, err := r.make(base{&seen.c, &shown, idsFor(r.id)})
	if err != nil {
		return err
	}
	if c.Client.ID == "" {
		c.Client.ID = seen.c.Client.ID
	}
	if c.Client.ID != seen.c.Client.ID {
		p := newProblem(http.StatusConflict, "client-differs", "The client is somebody else", "")
		return p.found([]Fault{{Pointer: "/client/id", Detail: "the case that is there is another client's"}})
	}
	if err := samePerson(c.Client, seen.c.Client); err != nil {
		return err
	}
	c.Client = seen.c.Client
	if err := nameParts(&c); err != nil {
		return err
	}
	keep(&c, &seen.c)
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
		if whole, err = w.service.load(inside(w.ctx), r.id); err != nil {
			return err
		}
	}
	laid := slices.Clone(whole.stored)
	for _, x := range writes {
		if at := slices.IndexFunc(laid, func(m proto.Message) bool { return keyOf(m) == x.Key }); at >= 0 {
			laid[at] = x.Resource
		} else {
			laid = append(laid, x.Resource)
		}
	}
	after := mapping.AssembleOnly(laid)
	a := &assembled{c: after, stored: slices.Clone(whole.stored), versions: whole.versions}
	people, err := w.people(a, r.directory)
	if err != nil {
		return err
	}
	result, step, err := w.apply(whole.c, after)
	if err != nil {
		return err
	}
	writes, _ = mapping.Resources(&result.Case, a.stored)
	if err = w.store(w.commit(a, writes, step, people)); err != nil {
		if there := (*thereAlready)(nil); errors.As(err, &there) {
			return differs(&after, there.keys[0])
		}
		return err
	}
	done.Result, done.Losses = ImportChanged, append(append(told, lossesOf(lost)...), people.notes...)
	for _, p := range people.made {
		done.Made = append(done.Made, casemodel.Ref(p.key.String()))
	}
	w.know(people)
	return nil
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
	who, err := w.service.callerOf(w.ctx, &before)
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
	now := w.service.now()
	var first error
	for _, actor := range actors {
		step := casemodel.Step{Actor: actor, At: now, Why: w.Reason, NewID: newIDs(now)}
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

// thereAlready are resources under the ids of what was to be new.
type thereAlready struct{ keys []fhir.Key }

// Error implements error.
func (t *thereAlready) Error() string { return "resources are there already" }

// checkNew makes sure that what a commit is to make new isn't there.
func (d *doing) checkNew(images []interaction.Image) error {
	t := &thereAlready{}
	for _, image := range images {
		free := !image.Before.Exists() || image.Before.Deleted()
		if d.known != nil && image.At != "" && !free && d.known[image.Key] == 0 {
			t.keys = append(t.keys, image.Key)
		}
	}
	if len(t.keys) > 0 {
		return t
	}
	return nil
}
