package cases

import (
	"errors"
	"net/http"
	"slices"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/mapping"
	"caseway/mapping/casemodel"

	"google.golang.org/protobuf/proto"
)

// create makes the case of a line, in whatever phase it is: what must hold in
// every state holds, and no step is asked for.
func (w *importing) create(r record, done *Imported) error {
	client, err := w.clientBy(r.client)
	if err != nil {
		return err
	}
	c, told, err := r.make(base{client: client, newID: idsFor(r.id)})
	if err != nil {
		return err
	}
	if err := nameParts(&c); err != nil {
		return err
	}
	who, err := w.service.callerOf(w.ctx, w.service.server, &casemodel.Case{})
	if err != nil {
		return err
	}
	ids := w.service.newIDs()
	step := casemodel.Step{Actor: w.actor(who), At: ids.now, Why: w.Reason, NewID: ids.next}
	if c.Adopted {
		received, err := casemodel.Receive(c, step)
		if err != nil {
			return err
		}
		c = received.Case
	}
	a := &assembled{c: c, versions: map[fhir.Key]int64{}}
	people, err := w.people(a, r.directory, nil)
	if err != nil {
		return err
	}
	lost, err := w.bringIn(a, step, people)
	if err != nil {
		return err
	}
	done.stored(ImportCreated, append(told, lossesOf(lost)...), people)
	_, known := w.clients[c.Client.ID]
	if !known && !slices.ContainsFunc(a.stored, func(m proto.Message) bool { return keyOf(m).String() == string(c.Client.ID) }) {
		done.Made = append([]casemodel.Ref{c.Client.ID}, done.Made...)
		if w.DryRun {
			w.clients[c.Client.ID] = c.Client
		}
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
func (w *importing) bringIn(a *assembled, step casemodel.Step, people *participants) (mapping.Losses, error) {
	for tried := false; ; tried = true {
		writes, lost := mapping.Resources(&a.c, a.stored)
		for _, x := range writes {
			if certified, ok := mapping.CertificationsIn(x.Stored); ok && len(certified) == 0 {
				continue // certifications are added where there are none
			}
			if a.versions[x.Key] > 0 {
				return nil, differs(&a.c, x.Key)
			}
		}
		_, err := w.service.commit(w.ctx, w.commit(a, withBrought(writes, a), step, people))
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
func (w *importing) commit(a *assembled, writes []mapping.Write, step casemodel.Step, people *participants) commit {
	c := commit{a: a, writes: writes, row: &importAction, step: step, dryRun: w.DryRun}
	for _, p := range people.made {
		if !slices.ContainsFunc(writes, func(x mapping.Write) bool { return x.Key == p.key }) {
			c.made = append(c.made, p)
		}
	}
	return c
}

// find reads a resource that is there under the id of a part.
func (w *importing) find(a *assembled, key fhir.Key) error {
	v, err := w.service.caller.Read(w.ctx, key)
	if err != nil {
		return err
	}
	mine := slices.Contains(caseless, key.Type) || slices.Contains(subjectsOf(v.JSON), string(a.c.Client.ID))
	if key.Type == "EpisodeOfCare" || !mine {
		return differs(&a.c, key)
	}
	return w.service.add(a, key, v.VersionID, v.JSON)
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
