package file

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"caseway/mapping/casemodel"
	"caseway/server/cases/change"
	"caseway/server/cases/form"
	"caseway/server/cases/problem"
)

// records reads the cases of a file one after the other. Its error is io.EOF at
// the end, or one of the file, after which there is nothing more to read.
type records interface {
	next() (record, error)
}

func newRecords(i Importing, body io.Reader) (records, error) {
	in := &lines{r: bufio.NewReaderSize(body, 64<<10), limit: i.MaxLine}
	if i.Format == FormatCSV {
		return newRows(in)
	}
	return &ndjson{in}, nil
}

// LineType is a case with its ETag, as each line of NDJSON has it.
var LineType = func() reflect.Type {
	var fields []reflect.StructField
	for _, t := range []reflect.Type{reflect.TypeFor[lineHead](), reflect.TypeFor[casemodel.Case]()} {
		for i := range t.NumField() {
			fields = append(fields, t.Field(i))
		}
	}
	for i := range fields {
		fields[i].Index, fields[i].Offset = nil, 0
	}
	return reflect.StructOf(fields)
}()

// ndjson reads a case from each line that isn't blank.
type ndjson struct{ in *lines }

func (n *ndjson) next() (record, error) {
	for {
		text, err := n.in.line()
		r := record{line: n.in.n, bytes: n.in.bytes}
		switch {
		case errors.Is(err, errLongLine):
			r.wrong = tooLong(n.in.limit)
			return r, nil
		case err != nil:
			return r, err
		}
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		readLine(&r, text)
		return r, nil
	}
}

// readLine reads a line as a case.
func readLine(r *record, text []byte) {
	if faults := form.Check(text, LineType, ""); len(faults) > 0 {
		for i := range faults {
			faults[i].Detail = strings.Replace(faults[i].Detail, "the body", "the line", 1)
		}
		r.wrong = problem.BadRequest("", faults...)
	}
	var c casemodel.Case
	var more struct {
		ID      string `json:"id"`
		Adopted *bool  `json:"adopted"`
		lineHead
	}
	if r.wrong != nil {
		if json.Unmarshal(text, &more) == nil {
			r.id = shownID(more.ID)
		}
		return
	}
	if json.Unmarshal(text, &more) != nil || json.Unmarshal(text, &c) != nil {
		r.wrong = problem.BadRequest("a value doesn't fit its element")
		return
	}
	if r.id, r.etag, r.client = c.ID, more.ETag, more.ClientIdentifier; r.id == "" {
		r.id = idFor(text)
	}
	c.ID = r.id
	r.directory = more.Directory
	r.make = func(b base) (casemodel.Case, []change.Loss, error) {
		switch {
		case more.Adopted != nil:
		case b.stored != nil:
			c.Adopted = b.stored.Adopted
		default:
			c.Adopted = true
		}
		if faults := b.nameClient(&c); len(faults) > 0 {
			return c, nil, problem.BadRequest("", faults...)
		}
		return c, nil, nil
	}
}

// shownID is an id of which a report may speak though its line can't be read.
func shownID(id string) string {
	if len(id) > 64 || !utf8.ValidString(id) {
		return ""
	}
	return id
}

// idFor is the id of a case that has none: one of its content, so that sending
// the same file again makes no second case.
func idFor(content []byte) string {
	sum := sha256.Sum256(content)
	return "case-" + hex.EncodeToString(sum[:16])
}

// idsFor makes ids of parts that have none, which are the same each time.
func idsFor(id string) func(string) casemodel.Ref {
	n := 0
	return func(resourceType string) casemodel.Ref {
		n++
		sum := sha256.Sum256([]byte(id + "/" + resourceType + "/" + strconv.Itoa(n)))
		return casemodel.Ref(resourceType + "/" + hex.EncodeToString(sum[:16]))
	}
}

func tooLong(limit int) *problem.Problem {
	return problem.New(http.StatusRequestEntityTooLarge, "too-long", "The case is too long",
		fmt.Sprintf("a case may have %d bytes", limit))
}

// lines reads lines up to a limit, and counts.
type lines struct {
	r     *bufio.Reader
	limit int
	n     int   // of the line that was read last
	bytes int64 // up to its end
	began bool
}

var errLongLine = errors.New("the line is longer than the limit")

// byteOrderMark is what some systems put before any text.
var byteOrderMark = []byte("\ufeff")

// line gives the next line with its end; io.EOF where there is none. A longer
// one than the limit is passed over with errLongLine.
func (l *lines) line() ([]byte, error) {
	if !l.began {
		l.began = true
		if mark, err := l.r.Peek(len(byteOrderMark)); err == nil && bytes.Equal(mark, byteOrderMark) {
			_, _ = l.r.Discard(len(byteOrderMark)) // it is buffered
			l.bytes = int64(len(byteOrderMark))
		}
	}
	var text []byte
	long := false
	l.n++
	for {
		piece, err := l.r.ReadSlice('\n')
		l.bytes += int64(len(piece))
		if long = long || len(text)+len(piece) > l.limit; !long {
			text = append(text, piece...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && (len(text) > 0 || long):
		case err != nil:
			return nil, err
		}
		if long {
			return nil, errLongLine
		}
		return text, nil
	}
}
