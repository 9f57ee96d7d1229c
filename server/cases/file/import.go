package file

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/mapping/casemodel"
	"caseway/server/cases/change"
	"caseway/server/cases/form"
	"caseway/server/cases/problem"
)

// Importing says how the cases of a file are to be imported.
type Importing struct {
	Format Format
	// Change lets a case that is there be changed without its ETag.
	Change bool
	// DryRun reports what an import would do, and stores nothing.
	DryRun bool
	Role   casemodel.Role
	By     casemodel.Party
	Reason string
	// MaxLine is how many bytes a case may have in the file.
	MaxLine int
}

// ReadImport understands the parameters of an import.
func ReadImport(format Format, pairs []search.Pair) (Importing, error) {
	i := Importing{Format: format}
	err := form.Each(pairs, i.read)
	return i, err
}

func (i *Importing) read(p search.Pair) (wrong string) {
	switch p.Name {
	case "existing":
		i.Change = p.Value == "change"
		if !i.Change && p.Value != "refuse" {
			return "must be refuse, which is the default, or change"
		}
	case "dry-run":
		i.DryRun = p.Value == "true"
		if !i.DryRun && p.Value != "false" {
			return "must be true or false, which is the default"
		}
	case "reason":
		i.Reason = p.Value
	case "role":
		return setText(&i.Role, p.Value)
	case "by":
		return setText(&i.By.Ref, p.Value)
	default:
		return "isn't known; an import takes existing, dry-run, reason, role and by"
	}
	return ""
}

// Imported is what came of a line of an import. A report has one for each line,
// in their order, and each is written when the line is.
type Imported struct {
	// Line is where the case begins in the file, 1 for the first line.
	Line int `json:"line"`
	// ID is that of the case, also where it was given none.
	ID     string          `json:"id,omitempty"`
	Result ImportedAs      `json:"result"`
	Made   []casemodel.Ref `json:"made,omitempty"`
	Losses []change.Loss   `json:"losses,omitempty"`
	// Problem is why the line was refused.
	Problem *problem.Problem `json:"problem,omitempty"`
	// Bytes is how much of the file has been dealt with.
	Bytes int64 `json:"bytes"`
}

// stored notes what came of a line that was stored.
func (d *Imported) stored(as ImportedAs, lost []change.Loss, people *participants) {
	d.Result, d.Losses = as, append(lost, people.notes...)
	for _, p := range people.made {
		d.Made = append(d.Made, casemodel.Ref(p.Key.String()))
	}
}

// ImportedAs is what was done with a line.
type ImportedAs string

// What is done with lines.
const (
	ImportCreated   ImportedAs = "created"
	ImportChanged   ImportedAs = "changed"
	ImportUnchanged ImportedAs = "unchanged" // the case is there already as the line has it
	ImportRefused   ImportedAs = "refused"
)

// Summary ends the report of an import. A report without one broke off.
type Summary struct {
	// Complete says that the file was read to its end; otherwise Problem says why not.
	Complete  bool  `json:"complete"`
	Lines     int   `json:"lines"`
	Created   int   `json:"created"`
	Changed   int   `json:"changed"`
	Unchanged int   `json:"unchanged"`
	Refused   int   `json:"refused"`
	Bytes     int64 `json:"bytes"`
	// DryRun says that nothing was stored: the counts are of what would have been.
	DryRun  bool             `json:"dryRun,omitempty"`
	Problem *problem.Problem `json:"problem,omitempty"`
}

// lastLine is the last of a report.
type lastLine struct {
	Summary Summary `json:"summary"`
}

// importAction names in Provenance what an import does.
const importAction casemodel.Action = "import"

// Import reads a file of cases and stores each line for itself, in one commit
// (POST /cases/import). report is called for each line of the report. Lines that
// are refused don't stop it; a body that can't be read on, or a store that
// doesn't answer, does, and the summary says so. Its error is one from before
// the first line.
func (s *Service) Import(ctx context.Context, i Importing, body io.Reader, report func([]byte)) error {
	read, err := newRecords(i, body)
	if err != nil {
		return err
	}
	w := importing{
		Importing: i, service: s, ctx: ctx, lines: map[string]int{}, there: map[fhir.Key]bool{},
		names:   directory{service: s, ctx: ctx, known: map[fhir.Key]casemodel.Party{}},
		clients: map[casemodel.Ref]casemodel.Client{}, sum: Summary{DryRun: i.DryRun},
	}
	for first := true; ; first = false {
		r, err := read.next()
		if errors.Is(err, io.EOF) {
			w.sum.Complete = true
			break
		}
		if first && err != nil {
			return err
		}
		if err == nil {
			err = w.deal(r, report)
		}
		if err != nil {
			w.sum.Problem = stopped(err)
			break
		}
	}
	text, err := json.Marshal(lastLine{w.sum})
	if err != nil {
		return fmt.Errorf("the end of a report: %w", err)
	}
	report(text)
	return nil
}

// stopped is the problem that ends an import.
func stopped(err error) *problem.Problem {
	fe := (*fhir.Error)(nil)
	switch {
	case errors.As(err, &fe) && fe.Kind == fhir.Transient:
		return problem.Of(err, http.StatusServiceUnavailable)
	case errors.As(err, &fe) && fe.Kind == fhir.TooLarge:
		return problem.Of(err, http.StatusRequestEntityTooLarge)
	case errors.As(err, &fe):
		return problem.Of(err, http.StatusBadRequest)
	}
	return problem.Of(err, http.StatusInternalServerError)
}

// importing is an import under way.
type importing struct {
	Importing
	service *Service
	ctx     context.Context
	sum     Summary
	lines   map[string]int // where each case of the file is
	names   directory
	there   map[fhir.Key]bool // people and organizations that are known to be there
	// clients are those whom a dry run would have made.
	clients map[casemodel.Ref]casemodel.Client
}

// record is a case as a file has it.
type record struct {
	line     int
	bytes    int64 // of the file up to its end
	id, etag string
	client   string           // an identifier of the client as system|value, or ""
	wrong    *problem.Problem // it can't be read
	// directory says who people and organizations are that the case names.
	directory []casemodel.Party
	// make makes the case. lost says what of the line a case doesn't take.
	make func(base) (c casemodel.Case, lost []change.Loss, err error)
	// place says where in the line a fault lies.
	place func(*problem.Fault)
}

// base is what a case is made over.
type base struct {
	stored *casemodel.Case // nil for a new case
	shown  *casemodel.Case // stored, with the names of those whom it names
	client casemodel.Ref   // whom the record's identifier names, or ""
	// newID gives ids to parts that have none.
	newID func(resourceType string) casemodel.Ref
}

// deal deals with a line. Its error ends the import.
func (w *importing) deal(r record, report func([]byte)) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	done := Imported{Line: r.line, ID: r.id, Result: ImportRefused, Bytes: r.bytes}
	err := error(r.wrong)
	if r.wrong == nil {
		err = w.take(r, &done)
	}
	if w.ctx.Err() != nil || fhir.Is(err, fhir.Transient) {
		return err
	}
	if err != nil {
		done.Result, done.Made, done.Losses = ImportRefused, nil, nil
		done.Problem = problemOfLine(err)
		if r.place != nil {
			for i := range done.Problem.Errors {
				r.place(&done.Problem.Errors[i])
			}
		}
	}
	w.count(done)
	text, err := json.Marshal(done)
	if err != nil {
		return fmt.Errorf("a line of a report: %w", err)
	}
	report(text)
	return nil
}

func (w *importing) count(done Imported) {
	w.sum.Lines++
	w.sum.Bytes = done.Bytes
	switch done.Result {
	case ImportCreated:
		w.sum.Created++
	case ImportChanged:
		w.sum.Changed++
	case ImportUnchanged:
		w.sum.Unchanged++
	default:
		w.sum.Refused++
	}
}

// lineStatus are the statuses that problems of lines have where FHIR's own
// errors stand behind them.
var lineStatus = map[fhir.Kind]int{
	fhir.Structure: http.StatusBadRequest, fhir.Invalid: http.StatusBadRequest, fhir.Unprocessable: http.StatusUnprocessableEntity,
	fhir.Forbidden: http.StatusForbidden, fhir.NotFound: http.StatusNotFound, fhir.Gone: http.StatusGone,
	fhir.Duplicate: http.StatusConflict, fhir.VersionConflict: http.StatusPreconditionFailed, fhir.TooLarge: http.StatusRequestEntityTooLarge,
	fhir.TooCostly: http.StatusForbidden, fhir.MultipleMatches: http.StatusPreconditionFailed,
}

func problemOfLine(err error) *problem.Problem {
	status := http.StatusInternalServerError
	if fe := (*fhir.Error)(nil); errors.As(err, &fe) && lineStatus[fe.Kind] != 0 {
		status = lineStatus[fe.Kind]
	}
	p := *problem.Of(err, status)
	p.Errors = slices.Clone(p.Errors)
	if p.Type == problem.Base+"invalid-request" {
		p.Title = "The line isn't a case as it should be"
	}
	if p.Title == problem.StoreRefuses {
		p.Title = "What the line would store isn't accepted"
	}
	return &p
}

// names of this API below /cases, which no case can be shown under.
var reservedIDs = []string{"export", "import", "openapi.json"}

// take stores the case of a line.
func (w *importing) take(r record, done *Imported) error {
	if !fhir.IsID(r.id) || slices.Contains(reservedIDs, r.id) {
		return problem.BadRequest("", problem.Fault{Pointer: "/id", Detail: "must be 1 to 64 of A-Z, a-z, 0-9, - and ., and none of " + strings.Join(reservedIDs, ", ")})
	}
	if first := w.lines[r.id]; first > 0 {
		p := problem.New(http.StatusConflict, "id-twice", "The file has the case twice", "")
		return p.With([]problem.Fault{{Pointer: "/id", Detail: fmt.Sprintf("the case of line %d has the same id", first)}})
	}
	w.lines[r.id] = r.line
	// First by a read, which bears witness of no denial where nothing is.
	_, err := w.service.caller.Read(w.ctx, fhir.Key{Type: "EpisodeOfCare", ID: r.id})
	if fhir.Is(err, fhir.NotFound, fhir.Gone) {
		return w.create(r, done)
	}
	if err != nil {
		return err
	}
	seen, err := w.service.assembler.Load(w.ctx, w.service.caller, r.id)
	if err != nil {
		return err
	}
	return w.change(r, seen, done)
}
