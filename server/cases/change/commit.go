package change

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
	"caseway/mapping"
	"caseway/mapping/casemodel"
	"caseway/server/cases/assembly"
	"caseway/server/cases/membership"
	"caseway/server/cases/problem"
	"caseway/server/cases/rules"
)

// Commit is what an action stores at once.
type Commit struct {
	Case   *assembly.Assembled
	Writes []mapping.Write
	Action casemodel.Action
	Step   casemodel.Step
	Notes  []string // see casemodel.Result
	// IDs made those of what is new; nil where what is new keeps the ids that it
	// has: then it fails with rules.ThereAlready where something is under one of them.
	IDs *assembly.IDs
	// Result is what the step comes to, where writes may follow from it that the
	// caller doesn't ask for; nil where none does.
	Result *casemodel.Result
	DryRun bool
	// Made are people and organizations that are made beside the case.
	Made []Person
}

// Writer stores what changes cases, for their caller. Safe for concurrent use.
type Writer struct {
	assembler *assembly.Assembler
	caller    assembly.Session
}

// NewWriter makes a writer; caller is the engine as who calls the case API has it.
func NewWriter(a *assembly.Assembler, caller assembly.Session) *Writer {
	return &Writer{assembler: a, caller: caller}
}

// Commit stores the resources of an action in one commit; with DryRun it finds
// out whether they would be. It gives the id of the case. Resources that have
// changed since they were read refuse it. Expressions of what is refused begin
// with the key of a resource, "Task/1.status".
func (s *Writer) Commit(ctx context.Context, c Commit) (id string, err error) {
	d := &rules.Note{Action: c.Action, Step: c.Step, Notes: c.Notes, CaseID: CaseOf(c.Case)}
	if d.CaseID != "" {
		d.Episode = c.Case.Versions[fhir.Key{Type: "EpisodeOfCare", ID: d.CaseID}]
	}
	if c.IDs == nil {
		d.Known = c.Case.Versions
	}
	change, err := s.changeOf(&c)
	if err != nil {
		return "", err
	}
	change.Note, change.DryRun = d, c.DryRun
	_, err = s.caller.Commit(ctx, change)
	if c.Result != nil && fhir.Is(err, fhir.NotFound) {
		// What an action would change itself and its caller doesn't see is no
		// secret: the case is there.
		err = fhir.NewError(fhir.Forbidden, fhir.IssueForbidden, "the action would change what the token may not see")
	}
	return c.Case.Case.ID, err
}

// CaseOf is the id of a stored case, "" for a new one.
func CaseOf(a *assembly.Assembled) string {
	for key := range a.Versions {
		if key.Type == "EpisodeOfCare" && key.ID == a.Case.ID {
			return key.ID
		}
	}
	return ""
}

// changeOf makes the change that a commit comes to. What is new has ids that the
// server made, or whoever wrote the file from which it comes.
func (s *Writer) changeOf(c *Commit) (change interaction.Change, err error) {
	wrong := &fhir.Error{Kind: fhir.Unprocessable}
	follows := &consequences{}
	if !s.assembler.Open { // where nobody logs in, nobody asks
		follows = consequencesOf(c)
	}
	for _, w := range c.Writes {
		is := interaction.Write{Method: store.Put, Key: w.Key, IfMatch: c.Case.Versions[w.Key], Follows: follows.has(w), At: w.Key.String()}
		if is.IfMatch == 0 && c.IDs != nil {
			is.Method = store.Post
			if !c.IDs.Has(casemodel.Ref(w.Key.String())) {
				return change, problem.BadRequest("", problem.Fault{Part: casemodel.Ref(w.Key.String()), Detail: "the case has no such part; leave the id of a new one out"})
			}
		}
		text := w.JSON()
		if !slices.Contains(assembly.Caseless, w.Key.Type) {
			text = fhir.WithTags(text, fhir.Tag{System: membership.CaseSystem, Code: c.Case.Case.ID})
		}
		is.Resource = s.storable(text, is.At, wrong)
		change.Writes = append(change.Writes, is)
	}
	for _, p := range c.Made {
		is := interaction.Write{Method: store.Put, Key: p.Key, At: p.Key.String()}
		is.Resource = s.storable(p.Text, is.At, wrong)
		change.Writes = append(change.Writes, is)
	}
	if len(wrong.Issues) > 0 {
		return change, wrong
	}
	return change, nil
}

// storable decodes what a commit is to write, and adds what is wrong with it, in
// expressions that begin with at.
func (s *Writer) storable(text []byte, at string, wrong *fhir.Error) *fhir.Tree {
	tree, err := fhir.Decode(s.assembler.Schema, text, fhir.Limits{Bytes: len(text)})
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
func consequencesOf(c *Commit) *consequences {
	f := &consequences{}
	if c.Result == nil {
		return f
	}
	itself := mapping.Following(&c.Case.Case, &c.Result.Taken, c.Case.Stored)
	for _, w := range mapping.Following(&c.Result.Taken, &c.Result.Case, c.Case.Stored) {
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

// Refused gives what FHIR has against the resources of a commit as a Problem: each
// fault names the part and its element, which has another name than the case's
// member, and pointer says where in the request the part comes from, "" where it
// doesn't. Errors that are about no resource stay as they are.
func Refused(err error, writes []mapping.Write, title string, pointer func(part casemodel.Ref) string) error {
	fe := (*fhir.Error)(nil)
	if !errors.As(err, &fe) || !fhir.Is(err, fhir.Structure, fhir.Invalid, fhir.Unprocessable) {
		return atTypes(err, writes)
	}
	faults := make([]problem.Fault, len(fe.Issues))
	for i, is := range fe.Issues {
		key, element, found := keyIn(is.Expression, writes)
		if !found {
			return atTypes(err, writes)
		}
		faults[i] = problem.Fault{Part: casemodel.Ref(key.String()), Detail: key.Type + element + ": " + is.Text}
		faults[i].Pointer = pointer(faults[i].Part)
		if rule, _, named := strings.Cut(is.Text, ": "); named && is.Code == fhir.IssueBusinessRule {
			faults[i].Rule = rule
		}
	}
	return problem.New(http.StatusUnprocessableEntity, "not-storable", title, "").With(faults)
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

// Person is somebody who is made of what a line says, an organization too.
type Person struct {
	Key  fhir.Key
	Text []byte // JSON
}
