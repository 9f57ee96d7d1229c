package cases

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"caseway/fhir"
	"caseway/mapping/casemodel"
)

// rows reads a case from each record of CSV (RFC 4180) behind the header.
type rows struct {
	in      *lines
	columns []*column
}

// newRows reads the header.
func newRows(in *lines) (*rows, error) {
	fields, wrong, err := readRecord(in)
	switch {
	case errors.Is(err, io.EOF):
		return nil, badRequest("", Fault{Detail: "the file is empty: its first line names the columns"})
	case err != nil:
		return nil, err
	case wrong != "":
		return nil, badRequest("", Fault{Detail: "the first line, which names the columns, " + wrong})
	}
	r := &rows{in: in}
	var faults []Fault
	for i, name := range fields {
		k := columnNamed(strings.TrimSpace(name))
		switch {
		case k == nil:
			faults = append(faults, Fault{Column: shownName(name), Detail: unknownColumn(name, len(fields))})
		case slices.Contains(r.columns, k):
			faults = append(faults, Fault{Column: k.name, Detail: fmt.Sprintf("the column is there twice, at %d again", i+1)})
		}
		r.columns = append(r.columns, k)
	}
	if len(faults) == 0 && !slices.Contains(r.columns, columnNamed("id")) && !slices.Contains(r.columns, columnNamed("client")) {
		faults = append(faults, Fault{Column: "client", Detail: "the column client is needed, and phase, to make cases; or id, to change those that are there"})
	}
	if len(faults) > 0 {
		return nil, badRequest("", faults...)
	}
	return r, nil
}

// shownName is the name of a column as a report may show it.
func shownName(name string) string {
	if !utf8.ValidString(name) {
		return "?"
	}
	if r := []rune(name); len(r) > 64 {
		return string(r[:64]) + "…"
	}
	return name
}

func unknownColumn(name string, n int) string {
	for _, k := range columns {
		if strings.EqualFold(k.name, strings.TrimSpace(name)) {
			return "there is no such column; " + k.name + " is"
		}
	}
	if n == 1 && strings.ContainsAny(name, ";\t") {
		return "columns are separated by commas"
	}
	return "there is no such column; there are " + strings.Join(columnNames(), ", ")
}

func (r *rows) next() (record, error) {
	for {
		line := r.in.n + 1
		fields, wrong, err := readRecord(r.in)
		at := record{line: line, bytes: r.in.bytes}
		switch {
		case err != nil:
			return at, err
		case wrong != "":
			at.wrong = badRequest("", Fault{Detail: "the row " + wrong})
			return at, nil
		case len(fields) == 1 && fields[0] == "":
			continue // a blank line
		case len(fields) != len(r.columns):
			at.wrong = badRequest("", Fault{Detail: fmt.Sprintf("the row has %d fields, the header %d", len(fields), len(r.columns))})
			return at, nil
		}
		r.read(&at, fields)
		return at, nil
	}
}

// read reads a row as a case, or as what changes in one.
func (r *rows) read(at *record, fields []string) {
	for i := range fields {
		fields[i] = plain(fields[i])
		switch r.columns[i].name {
		case "id":
			at.id = fields[i]
		case "etag":
			at.etag = fields[i]
		}
	}
	if at.id == "" {
		at.id = idFor([]byte(strings.Join(fields, "\x00")))
	}
	id := at.id
	at.place = r.place
	at.directory = r.directory(fields)
	at.make = func(b base) (casemodel.Case, []Loss, error) {
		c := casemodel.Case{ID: id, Adopted: true}
		if b.stored != nil {
			c = b.stored.Clone()
		}
		lost, faults := r.lay(&row{&c, b.stored, b.newID}, fields, b.shown)
		if len(faults) > 0 {
			return c, nil, badRequest("", faults...)
		}
		return c, lost, nil
	}
}

// lay sets what the fields of a row say otherwise than a case does.
func (r *rows) lay(to *row, fields []string, shown *casemodel.Case) (lost []Loss, faults []Fault) {
	for i, k := range r.columns {
		v := fields[i]
		switch {
		case k.get == nil, shown == nil && v == "":
			continue
		case k.set == nil && shown == nil:
			if v == "0" || v == "false" {
				continue
			}
			lost = append(lost, Loss{Path: k.name, Reason: "is computed from the parts of a case"})
			continue
		case k.set == nil:
			continue // as it was when it was shown
		case shown != nil && k.get(shown, time.Time{}) == v:
			continue
		}
		if wrong := k.set(to, v); wrong != "" {
			faults = append(faults, Fault{Column: k.name, Detail: wrong})
		}
	}
	return lost, faults
}

// directory is who a row says that those with a name are.
func (r *rows) directory(fields []string) (all []casemodel.Party) {
	cell := func(name string) string {
		if at := slices.Index(r.columns, columnNamed(name)); at >= 0 {
			return fields[at]
		}
		return ""
	}
	for _, name := range []string{"manager", "organization", "planApprovedBy"} {
		if ref, known := cell(name), cell(name+"Name"); ref != "" && known != "" {
			all = append(all, casemodel.Party{Ref: casemodel.Ref(ref), Name: known})
		}
	}
	return all
}

// place names the column in which a fault of a case lies: the one that carries
// most of the way there.
func (r *rows) place(f *Fault) {
	path := withoutIndexes(f.Pointer) + "."
	length := 0
	for _, k := range columns {
		under := strings.HasPrefix(path, k.path+".") || strings.HasPrefix(k.path+".", path)
		if k.path != "" && len(path) > 1 && under && min(len(k.path), len(path)) > length {
			f.Column, length = k.name, min(len(k.path), len(path))
		}
	}
}

// withoutIndexes writes a JSON Pointer as the path of a column.
func withoutIndexes(pointer string) string {
	var names []string
	for name := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		if name != "" && (name[0] < '0' || name[0] > '9') {
			names = append(names, name)
		}
	}
	return strings.Join(names, ".")
}

// readRecord reads a record, which is several lines where a field in quotes
// holds line ends. wrong says what is wrong with it, where the file goes on.
func readRecord(in *lines) (fields []string, wrong string, err error) {
	first := in.n + 1
	text, err := in.line()
	quotes := bytes.Count(text, quote)
	for err == nil && quotes%2 == 1 { // doubled ones count twice
		if len(text) > in.limit {
			return nil, "", fhir.NewError(fhir.Structure, fhir.IssueStructure, fmt.Sprintf("a quote that is opened in line %d isn't closed", first))
		}
		var more []byte
		more, err = in.line()
		if errors.Is(err, io.EOF) {
			return nil, "has a quote that isn't closed", nil
		}
		text, quotes = append(text, more...), quotes+bytes.Count(more, quote)
	}
	if errors.Is(err, errLongLine) {
		return nil, fmt.Sprintf("is longer than the %d bytes that a case may have", in.limit), nil
	}
	if err != nil {
		return nil, "", err
	}
	switch {
	case !utf8.Valid(text):
		return nil, "isn't UTF-8", nil
	case strings.ContainsRune(string(text), 0):
		return nil, "has a NUL", nil
	}
	fields, wrong = splitRecord(strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r"))
	return fields, wrong, nil
}

var quote = []byte(`"`)

// splitRecord splits a record into fields.
func splitRecord(text string) (fields []string, wrong string) {
	for {
		var field string
		if !strings.HasPrefix(text, `"`) {
			end := strings.IndexByte(text, ',')
			if end < 0 {
				end = len(text)
			}
			field, text = text[:end], text[end:]
			if strings.Contains(field, `"`) {
				return nil, fmt.Sprintf("has a quote within field %d, which has none around it", len(fields)+1)
			}
		} else if field, text, wrong = quotedField(text[1:]); wrong != "" {
			return nil, fmt.Sprintf("%s %d", wrong, len(fields)+1)
		}
		fields = append(fields, field)
		if text == "" {
			return fields, ""
		}
		text = text[1:] // the comma
	}
}

// quotedField reads a field behind its opening quote.
func quotedField(text string) (field, rest, wrong string) {
	var b strings.Builder
	for {
		before, after, _ := strings.Cut(text, `"`)
		b.WriteString(before)
		if !strings.HasPrefix(after, `"`) {
			if after != "" && after[0] != ',' {
				return "", "", "has something behind the closing quote of field"
			}
			return strings.ReplaceAll(b.String(), "\r\n", "\n"), after, ""
		}
		b.WriteByte('"')
		text = after[1:]
	}
}
