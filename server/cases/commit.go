package cases

import (
	"context"
	"errors"
	"slices"
	"strings"

	"caseway/server/cases/membership"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
	"caseway/mapping"
	"caseway/mapping/casemodel"
)

// commit is what an action stores at once.
type commit struct {
	a      *assembled
	writes []mapping.Write
	row    *action
	step   casemodel.Step
	notes  []string // see casemodel.Result
	// ids made those of what is new; nil where what is new keeps the ids that it
	// has: then it fails with thereAlready where something is under one of them.
	ids *newIDs
	// result is what the step comes to, where writes may follow from it that the
	// caller doesn't ask for; nil where none does.
	result *casemodel.Result
	dryRun bool
	// made are people and organizations that are made beside the case.
	made []person
}

// commit stores the resources of an action in one commit; with dryRun it finds
// out whether they would be. It gives the id of the case. Resources that have
// changed since they were read refuse it. Expressions of what is refused begin
// with the key of a resource, "Task/1.status".
func (s *Service) commit(ctx context.Context, c commit) (id string, err error) {
	d := &doing{action: c.row.name, step: c.step, notes: c.notes, caseID: caseOf(c.a)}
	if d.caseID != "" {
		d.episode = c.a.versions[fhir.Key{Type: "EpisodeOfCare", ID: d.caseID}]
	}
	if c.ids == nil {
		d.known = c.a.versions
	}
	change, err := s.changeOf(&c)
	if err != nil {
		return "", err
	}
	change.Note, change.DryRun = d, c.dryRun
	_, err = s.caller.Commit(ctx, change)
	if c.result != nil && fhir.Is(err, fhir.NotFound) {
		// What an action would change itself and its caller doesn't see is no
		// secret: the case is there.
		err = fhir.NewError(fhir.Forbidden, fhir.IssueForbidden, "the action would change what the token may not see")
	}
	return c.a.c.ID, err
}

// caseOf is the id of a stored case, "" for a new one.
func caseOf(a *assembled) string {
	for key := range a.versions {
		if key.Type == "EpisodeOfCare" && key.ID == a.c.ID {
			return key.ID
		}
	}
	return ""
}

// changeOf makes the change that a commit comes to. What is new has ids that the
// server made, or whoever wrote the file from which it comes.
func (s *Service) changeOf(c *commit) (change interaction.Change, err error) {
	wrong := &fhir.Error{Kind: fhir.Unprocessable}
	follows := &consequences{}
	if !s.open { // where nobody logs in, nobody asks
		follows = consequencesOf(c)
	}
	for _, w := range c.writes {
		is := interaction.Write{Method: store.Put, Key: w.Key, IfMatch: c.a.versions[w.Key], Follows: follows.has(w), At: w.Key.String()}
		if is.IfMatch == 0 && c.ids != nil {
			is.Method = store.Post
			if !c.ids.made[casemodel.Ref(w.Key.String())] {
				return change, badRequest("", Fault{Part: casemodel.Ref(w.Key.String()), Detail: "the case has no such part; leave the id of a new one out"})
			}
		}
		text := w.JSON()
		if !slices.Contains(caseless, w.Key.Type) {
			text = fhir.WithTags(text, fhir.Tag{System: membership.CaseSystem, Code: c.a.c.ID})
		}
		is.Resource = s.storable(text, is.At, wrong)
		change.Writes = append(change.Writes, is)
	}
	for _, p := range c.made {
		is := interaction.Write{Method: store.Put, Key: p.key, At: p.key.String()}
		is.Resource = s.storable(p.text, is.At, wrong)
		change.Writes = append(change.Writes, is)
	}
	if len(wrong.Issues) > 0 {
		return change, wrong
	}
	return change, nil
}

// storable decodes what a commit is to write, and adds what is wrong with it, in
// expressions that begin with at.
func (s *Service) storable(text []byte, at string, wrong *fhir.Error) *fhir.Tree {
	tree, err := fhir.Decode(s.schema, text, fhir.Limits{Bytes: len(text)})
	if fe := (*fhir.Error)(nil); errors.As(err, &fe) {
		for _, is := range fe.Issues {
			_, rest, inside := strings.Cut(is.Expression, ".")
			if is.Expression = at; inside {
				is.Expression += "." + rest
			}
			wrong.Issues = append(wrong.Issues, is)
		}
		if fe.Kind == fhir.Structure {
			wrong.Kind = fe.Kind
		}
	}
	return tree
}

// consequences are what an action writes that its caller didn't ask for: it
// follows by the rules of cases. Where somebody accepts an offer, those to others
// are taken back, though they don't see them.
type consequences struct {
	changed []fhir.Key
	made    []string // types of what is new
}

// consequencesOf are those of a step that the step itself doesn't make.
func consequencesOf(c *commit) *consequences {
	f := &consequences{}
	if c.result == nil {
		return f
	}
	itself := mapping.Following(&c.a.c, &c.result.Taken, c.a.stored)
	for _, w := range mapping.Following(&c.result.Taken, &c.result.Case, c.a.stored) {
		if slices.ContainsFunc(itself, func(own mapping.Write) bool {
			return own.Key == w.Key || w.Stored == nil && own.Stored == nil && own.Key.Type == w.Key.Type
		}) {
			continue
		}
		if w.Stored == nil {
			f.made = append(f.made, w.Key.Type)
		} else {
			f.changed = append(f.changed, w.Key)
		}
	}
	return f
}

// has reports whether a write is one of them. What is new has another id by now,
// and is known by its type, where the step itself makes nothing of that.
func (f *consequences) has(w mapping.Write) bool {
	if w.Stored == nil {
		return slices.Contains(f.made, w.Key.Type)
	}
	return slices.Contains(f.changed, w.Key)
}

// atTypes says of what is refused at which element of which type it is.
func atTypes(err error, writes []mapping.Write) error {
	return relocated(err, func(expression string) string {
		if key, rest, ok := keyIn(expression, writes); ok {
			return key.Type + rest
		}
		return expression
	})
}

// keyIn finds the resource of a commit with whose key an expression begins.
func keyIn(expression string, writes []mapping.Write) (key fhir.Key, rest string, ok bool) {
	for _, w := range writes {
		rest, found := strings.CutPrefix(expression, w.Key.String())
		if found && (rest == "" || rest[0] == '.') && len(w.Key.ID) > len(key.ID) {
			key, ok = w.Key, true
		}
	}
	return key, strings.TrimPrefix(expression, key.String()), ok
}

// relocated gives an error other expressions.
func relocated(err error, to func(expression string) string) error {
	fe := (*fhir.Error)(nil)
	if !errors.As(err, &fe) {
		return err
	}
	told := *fe
	told.Issues = slices.Clone(fe.Issues)
	for i := range told.Issues {
		told.Issues[i].Expression = to(told.Issues[i].Expression)
	}
	return &told
}
