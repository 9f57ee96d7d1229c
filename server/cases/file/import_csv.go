package file

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"caseway/mapping/casemodel"
	"caseway/server/cases/change"
	"caseway/server/cases/problem"
)

// rows reads a case from each record of CSV (RFC 4180) behind the header.
type rows struct {
	in        *lines
	separator rune
	columns   []*Column
}

// newRows reads the header.
func newRows(in *lines) (*rows, error) {
	r := &rows{in: in}
	fields, err := r.header()
	if err != nil {
		return nil, err
	}
	var faults []problem.Fault
	for i, name := range fields {
		k := columnNamed(strings.TrimSpace(name))
		switch {
		case k == nil:
			faults = append(faults, problem.Fault{Column: shownName(name), Detail: unknownColumn(name)})
		case slices.Contains(r.columns, k):
			faults = append(faults, problem.Fault{Column: k.Name, Detail: fmt.Sprintf("the column is there twice, at %d again", i+1)})
		}
		r.columns = append(r.columns, k)
	}
	if len(faults) == 0 && !r.has("id") && !r.has("client") && !r.has("clientIdentifier") {
		faults = append(faults, problem.Fault{
			Column: "client",
			Detail: "the column client or clientIdentifier is needed, and phase, to make cases; or id, to change those that are there",
		})
	}
	if len(faults) > 0 {
		return nil, problem.BadRequest("", faults...)
	}
	return r, nil
}

// header reads the names of the columns, and finds out what separates fields.
func (r *rows) header() (fields []string, err error) {
	declared := false
	for {
		text, wrong, err := readRecord(r.in)
		if wrong == "" && err == nil {
			if separator, ok := declaredSeparator(text); ok && !declared {
				r.separator, declared = separator, true
				continue
			}
			if !declared {
				r.separator = separatorIn(text)
			}
			fields, wrong = splitRecord(text, r.separator)
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil, problem.BadRequest("", problem.Fault{Detail: "the file is empty: its first line names the columns"})
		case err != nil:
			return nil, err
		case wrong != "":
			return nil, problem.BadRequest("", problem.Fault{Detail: "the first line, which names the columns, " + wrong})
		}
		return withoutBlankEnd(fields), nil
	}
}

func (r *rows) has(column string) bool { return slices.Contains(r.columns, columnNamed(column)) }

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

func unknownColumn(name string) string {
	for _, k := range Columns {
		if strings.EqualFold(k.Name, strings.TrimSpace(name)) {
			return "there is no such column; " + k.Name + " is"
		}
	}
	return "there is no such column; there are " + strings.Join(columnNames(), ", ")
}

func (r *rows) next() (record, error) {
	for {
		line := r.in.n + 1
		text, wrong, err := readRecord(r.in)
		at := record{line: line, bytes: r.in.bytes}
		switch {
		case err != nil:
			return at, err
		case wrong != "":
			at.wrong = problem.BadRequest("", problem.Fault{Detail: "the row " + wrong})
			return at, nil
		}
		fields, wrong := splitRecord(text, r.separator)
		switch filled := len(withoutBlankEnd(fields)); {
		case wrong != "":
			at.wrong = problem.BadRequest("", problem.Fault{Detail: "the row " + wrong})
		case filled == 0:
			continue // a blank line
		case len(fields) < len(r.columns):
			at.wrong = problem.BadRequest("", problem.Fault{Detail: fmt.Sprintf("the row has %d fields, the header %d", len(fields), len(r.columns))})
		case filled > len(r.columns):
			at.wrong = problem.BadRequest("", problem.Fault{Detail: fmt.Sprintf("the row has something in field %d, the header has %d columns", filled, len(r.columns))})
		default:
			r.read(&at, fields[:len(r.columns)])
		}
		return at, nil
	}
}

// read reads a row as a case, or as what changes in one.
func (r *rows) read(at *record, fields []string) {
	for i := range fields {
		fields[i] = strings.TrimSpace(plain(fields[i]))
		switch r.columns[i].Name {
		case "id":
			at.id = fields[i]
		case "etag":
			at.etag = fields[i]
		case "clientIdentifier":
			at.client = fields[i]
		}
	}
	if at.id == "" {
		at.id = idFor([]byte(strings.Join(fields, "\x00")))
	}
	id := at.id
	at.place = r.place
	at.directory = r.directory(fields)
	at.make = func(b base) (casemodel.Case, []change.Loss, error) {
		c := casemodel.Case{ID: id, Adopted: true}
		if b.stored != nil {
			c = b.stored.Clone()
		}
		lost, faults := r.lay(&row{&c, b.stored, b.newID}, fields, b.shown)
		faults = append(faults, b.nameClient(&c)...)
		if len(faults) > 0 {
			return c, nil, problem.BadRequest("", faults...)
		}
		return c, lost, nil
	}
}

// lay sets what the fields of a row say otherwise than a case does. A blank cell
// says nothing.
func (r *rows) lay(to *row, fields []string, shown *casemodel.Case) (lost []change.Loss, faults []problem.Fault) {
	for i, k := range r.columns {
		v := fields[i]
		switch {
		case k.Get == nil, v == "":
			continue
		case k.Set == nil && shown == nil:
			if yes, known := flags[strings.ToLower(v)]; known && !yes {
				continue
			}
			lost = append(lost, change.Loss{Path: k.Name, Reason: "is computed from the parts of a case"})
			continue
		case k.Set == nil:
			continue // as it was when it was shown
		case shown != nil && strings.TrimSpace(k.Get(shown, time.Time{})) == v:
			continue
		}
		if wrong := k.Set(to, v); wrong != "" {
			faults = append(faults, problem.Fault{Column: k.Name, Detail: wrong})
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
func (r *rows) place(f *problem.Fault) {
	path := withoutIndexes(f.Pointer) + "."
	length := 0
	for _, k := range Columns {
		under := strings.HasPrefix(path, k.path+".") || strings.HasPrefix(k.path+".", path)
		if k.path != "" && len(path) > 1 && under && min(len(k.path), len(path)) > length {
			f.Column, length = k.Name, min(len(k.path), len(path))
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
