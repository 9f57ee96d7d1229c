package file

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"caseway/fhir"
)

// separators are what may stand between the fields of a CSV file: the comma of
// RFC 4180, the semicolon of spreadsheets whose decimals have commas, and the tab
// of what is copied out of a spreadsheet.
const separators = ",;\t"

// separatorIn is the separator under which most fields of a header name a
// column, the comma where none does better.
func separatorIn(header string) rune {
	best, most := ',', 0
	for _, separator := range separators {
		fields, _ := splitRecord(header, separator)
		known := 0
		for _, name := range fields {
			if columnNamed(strings.TrimSpace(name)) != nil {
				known++
			}
		}
		if known > most {
			best, most = separator, known
		}
	}
	return best
}

// declaredSeparator reads the line "sep=;", which some spreadsheets write, and ask
// for, before the header.
func declaredSeparator(text string) (separator rune, ok bool) {
	rest, ok := strings.CutPrefix(strings.TrimRight(strings.Trim(text, `"`), "\r\n\""), "sep=")
	if !ok || len(rest) != 1 || !strings.Contains(separators, rest) {
		return 0, false
	}
	return rune(rest[0]), true
}

// readRecord reads the text of a record, which is several lines where a field in
// quotes holds line ends. wrong says what is wrong with it, where the file goes on.
func readRecord(in *lines) (record, wrong string, err error) {
	first := in.n + 1
	text, err := in.line()
	quotes := bytes.Count(text, quote)
	for err == nil && quotes%2 == 1 { // doubled ones count twice
		if len(text) > in.limit {
			return "", "", fhir.NewError(fhir.Structure, fhir.IssueStructure, fmt.Sprintf("a quote that is opened in line %d isn't closed", first))
		}
		var more []byte
		more, err = in.line()
		if errors.Is(err, io.EOF) {
			return "", "has a quote that isn't closed", nil
		}
		text, quotes = append(text, more...), quotes+bytes.Count(more, quote)
	}
	if errors.Is(err, errLongLine) {
		return "", fmt.Sprintf("is longer than the %d bytes that a case may have", in.limit), nil
	}
	if err != nil {
		return "", "", err
	}
	switch {
	case bytes.HasPrefix(text, []byte("\xff\xfe")), bytes.HasPrefix(text, []byte("\xfe\xff")):
		return "", "is UTF-16: save the file as CSV UTF-8", nil
	case !utf8.Valid(text):
		return "", "isn't UTF-8", nil
	case bytes.ContainsRune(text, 0):
		return "", "has a NUL", nil
	}
	return string(text), "", nil
}

var quote = []byte(`"`)

// splitRecord splits a record into fields.
func splitRecord(text string, separator rune) (fields []string, wrong string) {
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord = separator, -1
	fields, err := r.Read()
	switch {
	case errors.Is(err, io.EOF): // a blank line
		return []string{""}, ""
	case errors.Is(err, csv.ErrBareQuote):
		return nil, "has a quote within a field that has none around it"
	case err != nil:
		return nil, "has a quote that isn't closed, or something behind the closing quote of a field"
	}
	return fields, ""
}

// withoutBlankEnd leaves out the blank fields at the end, which spreadsheets
// write where a column beside the table was once in use.
func withoutBlankEnd(fields []string) []string {
	for len(fields) > 0 && strings.TrimSpace(fields[len(fields)-1]) == "" {
		fields = fields[:len(fields)-1]
	}
	return fields
}
