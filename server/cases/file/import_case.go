package file

import (
	"errors"
	"net/http"
	"slices"

	"caseway/fhir"
	"caseway/mapping"
	"caseway/mapping/casemodel"
	"caseway/server/cases/assembly"
	"caseway/server/cases/change"
	"caseway/server/cases/problem"
	"caseway/server/cases/rules"

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
	who, err := w.service.assembler.CallerOf(w.ctx, w.service.server, &casemodel.Case{})
	if err != nil {
		return err
	}
	ids := w.service.assembler.NewIDs()
	step := casemodel.Step{Actor: w.actor(who), At: ids.Now, Why: w.Reason, NewID: ids.Next}
	if c.Adopted {
		received, err := casemodel.Receive(c, step)
		if err != nil {
			return err
		}
		c = received.Case
	}
	a := &assembly.Assembled{Case: c, Versions: map[fhir.Key]int64{}}
	people, err := w.people(a, r.directory, nil)
	if err != nil {
		return err
	}
	lost, err := w.bringIn(a, step, people)
	if err != nil {
		return err
	}
	done.stored(ImportCreated, append(told, change.LossesOf(lost)...), people)
	_, known := w.clients[c.Client.ID]
	if !known && !slices.ContainsFunc(a.Stored, func(m proto.Message) bool { return assembly.KeyOf(m).String() == string(c.Client.ID) }) {
		done.Made = append([]casemodel.Ref{c.Client.ID}, done.Made...)
		if w.DryRun {
			w.clients[c.Client.ID] = c.Client
		}
	}
	w.know(people)
	return nil
}

// actor is who imports, for Provenance.
func (w *importing) actor(who *assembly.Caller) casemodel.Actor {
	if who != nil {
		return who.Actor(who.Roles[0])
	}
	if w.Role == "" {
		return casemodel.Actor{Role: casemodel.RoleSystem, Party: w.By}
	}
	return casemodel.Actor{Role: w.Role, Party: w.By}
}

// bringIn stores a new case. Resources of the client that are there under the
// ids of parts come into the case as they are, where the line says the same of
// them; they are never changed.
func (w *importing) bringIn(a *assembly.Assembled, step casemodel.Step, people *participants) (mapping.Losses, error) {
	for tried := false; ; tried = true {
		writes, lost := mapping.Resources(&a.Case, a.Stored)
		for _, x := range writes {
			if certified, ok := mapping.CertificationsIn(x.Stored); ok && len(certified) == 0 {
				continue // certifications are added where there are none
			}
			if a.Versions[x.Key] > 0 {
				return nil, differs(&a.Case, x.Key)
			}
		}
		_, err := w.service.writer.Commit(w.ctx, w.commit(a, change.WithBrought(writes, a), step, people))
		there := (*rules.ThereAlready)(nil)
		if !errors.As(err, &there) || tried {
			return lost, err
		}
		for _, key := range there.Keys {
			if err := w.find(a, key); err != nil {
				return nil, err
			}
		}
	}
}

// commit is what a line stores: what its case writes, and whoever is made for it.
// Whom the case itself writes to, it makes.
func (w *importing) commit(a *assembly.Assembled, writes []mapping.Write, step casemodel.Step, people *participants) change.Commit {
	c := change.Commit{Case: a, Writes: writes, Action: importAction, Step: step, DryRun: w.DryRun}
	for _, p := range people.made {
		if !slices.ContainsFunc(writes, func(x mapping.Write) bool { return x.Key == p.Key }) {
			c.Made = append(c.Made, p)
		}
	}
	return c
}

// find reads a resource that is there under the id of a part.
func (w *importing) find(a *assembly.Assembled, key fhir.Key) error {
	v, err := w.service.caller.Read(w.ctx, key)
	if err != nil {
		return err
	}
	mine := slices.Contains(assembly.Caseless, key.Type) || slices.Contains(change.SubjectsOf(v.JSON), string(a.Case.Client.ID))
	if key.Type == "EpisodeOfCare" || !mine {
		return differs(&a.Case, key)
	}
	return w.service.assembler.Add(a, key, v.VersionID, v.JSON)
}

// differs refuses a line whose part stands for something else already.
func differs(c *casemodel.Case, key fhir.Key) error {
	p := problem.New(http.StatusConflict, "part-exists", "A resource of this id is there already", "")
	f := problem.Fault{Part: casemodel.Ref(key.String()), Detail: key.String() + " is there already and says something else; nothing is overwritten"}
	for part := range c.Parts() {
		if part.ID == f.Part {
			f.Pointer = problem.Pointer(part.Path)
		}
	}
	return p.With([]problem.Fault{f})
}
