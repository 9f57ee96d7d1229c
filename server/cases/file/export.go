package file

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/mapping"
	"caseway/mapping/casemodel"
	"caseway/server/cases"
	"caseway/server/cases/assembly"
	"caseway/server/cases/change"
	"caseway/server/cases/problem"

	"google.golang.org/protobuf/proto"
)

// Format is how a file of cases is written.
type Format string

// The formats.
const (
	FormatNDJSON Format = "ndjson" // a case whole in each line
	FormatCSV    Format = "csv"    // a row for each case, for spreadsheets
)

// MediaTypes are the media types of each format, the one that answers have first.
func (f Format) MediaTypes() []string {
	if f == FormatCSV {
		return []string{"text/csv"}
	}
	return []string{"application/x-ndjson", "application/ndjson", "application/jsonl"}
}

// Formats lists the formats, the default first.
func Formats() []Format { return []Format{FormatNDJSON, FormatCSV} }

// Exporting is an export that was asked for.
type Exporting struct {
	Format  Format
	listing cases.Filters
	mark    bool // begin with a byte order mark
}

// ReadExport understands the parameters of an export: those of the list but for
// its paging, and bom.
func ReadExport(format Format, pairs []search.Pair) (Exporting, error) {
	e := Exporting{Format: format}
	var faults []problem.Fault
	for _, p := range pairs {
		if p.Name == "bom" && (format != FormatCSV || p.Value != "true" && p.Value != "false") {
			faults = append(faults, problem.Fault{Detail: "the parameter bom goes with format=csv, and must be true or false"})
		}
		e.mark = e.mark || p.Name == "bom" && p.Value == "true"
		if p.Name == "count" || p.Name == "cursor" {
			faults = append(faults, problem.Fault{Detail: "the parameter " + p.Name + ": an export has no pages; it gives all cases"})
		}
	}
	if len(faults) > 0 {
		return Exporting{}, problem.BadRequest("", faults...)
	}
	pairs = slices.DeleteFunc(slices.Clone(pairs), func(p search.Pair) bool { return p.Name == "bom" })
	var err error
	e.listing, err = cases.ReadFilters(pairs)
	return e, err
}

// Service reads and writes files of cases. Safe for concurrent use.
type Service struct {
	assembler      *assembly.Assembler
	writer         *change.Writer
	caller, server assembly.Session
}

// New makes a Service of what a cases.Service is made of too.
func New(c cases.Config) *Service {
	a := c.Guard.Assembler()
	return &Service{assembler: a, writer: change.NewWriter(a, c.Caller), caller: c.Caller, server: c.Server}
}

// Export writes each case that the caller sees and the filters let through, as
// it is when it is written, once (GET /cases/export). It gives how many it has
// written, also where it fails; what was refused as a whole has written nothing.
// Memory grows by a few dozen bytes with each case, to tell which were given.
func (s *Service) Export(ctx context.Context, e Exporting, to io.Writer) (int, error) {
	w := exporting{
		service: s, ctx: ctx, to: to, given: map[[16]byte]bool{}, csv: e.Format == FormatCSV, mark: e.mark,
		directory: directory{service: s, ctx: ctx, known: map[fhir.Key]casemodel.Party{}},
	}
	e.listing.At(s.assembler.Now())
	for cursor := ""; ; {
		var ids []string
		var err error
		if ids, cursor, err = s.exportPage(ctx, &e.listing, cursor); err != nil {
			return w.cases, err
		}
		for _, id := range ids {
			if err := w.export(id); err != nil {
				return w.cases, err
			}
		}
		if cursor == "" {
			return w.cases, w.begin()
		}
	}
}

// exportPage gives the ids of a page of the list, and the cursor of the next.
func (s *Service) exportPage(ctx context.Context, l *cases.Filters, cursor string) (ids []string, next string, err error) {
	parameters := slices.Clone(l.Parameters)
	if cursor != "" {
		parameters = append(parameters, search.Pair{Name: interaction.CursorParameter, Value: cursor})
	}
	found, err := s.caller.Find(ctx, interaction.SearchRequest{Type: "EpisodeOfCare", Parameters: parameters})
	if err != nil {
		return nil, "", l.InAskedNames(err)
	}
	a := &assembly.Assembled{Versions: map[fhir.Key]int64{}}
	if err := s.assembler.AddHits(a, found.Matches); err != nil {
		return nil, "", err
	}
	for _, m := range a.Stored {
		if c := mapping.AssembleOnly([]proto.Message{m}); c.ID != "" {
			ids = append(ids, c.ID)
		}
	}
	return ids, found.Next, nil
}

// exporting is an export under way.
type exporting struct {
	service *Service
	ctx     context.Context
	to      io.Writer
	csv     bool
	mark    bool // begin with a byte order mark
	begun   bool
	cases   int
	// given are hashes of the ids of what was written: a case that changes
	// meanwhile moves to the end of the list, and would come twice.
	given     map[[16]byte]bool
	directory directory
}

func (w *exporting) export(id string) error {
	sum := sha256.Sum256([]byte(id))
	hash := [16]byte(sum[:16])
	if w.given[hash] {
		return nil
	}
	w.given[hash] = true
	a, err := w.service.assembler.Load(w.ctx, w.service.caller, id)
	if fhir.Is(err, fhir.NotFound, fhir.Gone) {
		return nil // deleted since it was listed
	}
	if err != nil {
		return err
	}
	if err := w.begin(); err != nil {
		return err
	}
	line, err := w.line(a)
	if err != nil {
		return err
	}
	if _, err := w.to.Write(line); err != nil {
		return err
	}
	w.cases++
	return nil
}

// begin writes what stands before the first case.
func (w *exporting) begin() error {
	if w.begun {
		return nil
	}
	w.begun = true
	var header []byte
	if w.csv {
		header = csvLine(columnNames())
		if w.mark {
			header = append(slices.Clone(byteOrderMark), header...)
		}
	}
	_, err := w.to.Write(header) // also where it is empty: from here on it is an answer
	return err
}

func (w *exporting) line(a *assembly.Assembled) ([]byte, error) {
	if w.csv {
		row, err := w.service.cells(a, &w.directory)
		return csvLine(row), err
	}
	people, err := w.directory.of(&a.Case)
	if err != nil {
		return nil, err
	}
	return jsonLine(a, people)
}

// lineHead is what a line has beside its case.
type lineHead struct {
	// ETag is by which an import can change the case again.
	ETag string `json:"etag,omitempty"`
	// ClientIdentifier is an identifier of the client, as system|value, by which an
	// import finds the Patient where client has no id. An export leaves it out.
	ClientIdentifier string `json:"clientIdentifier,omitempty"`
	// Directory says who the people and organizations are that the case names.
	Directory []casemodel.Party `json:"directory,omitempty"`
}

// jsonLine is a case with what another server needs to take it.
func jsonLine(a *assembly.Assembled, people []casemodel.Party) ([]byte, error) {
	head, err := json.Marshal(lineHead{ETag: tagOf(a), Directory: people})
	if err != nil {
		return nil, fmt.Errorf("who a case names: %w", err)
	}
	text, err := json.Marshal(a.Case)
	if err != nil {
		return nil, fmt.Errorf("a case as JSON: %w", err)
	}
	var b bytes.Buffer
	b.Write(head[:len(head)-1])
	b.WriteByte(',')
	b.Write(text[1:])
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// tagOf is a case's ETag without its quotes.
func tagOf(a *assembly.Assembled) string { return strings.Trim(a.ETag(), `"`) }

// Unfinished is the last line of an NDJSON export that broke off.
func Unfinished(p *problem.Problem) []byte {
	text, err := json.Marshal(struct {
		Problem *problem.Problem `json:"problem"`
	}{p})
	if err != nil {
		return nil // strings always marshal
	}
	return append(text, '\n')
}
