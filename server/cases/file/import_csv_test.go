package file

import (
	"bufio"
	"bytes"
	stdcsv "encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// recordsIn are all records of a text, and the first thing that is wrong.
func recordsIn(text string) (all [][]string, wrong string, err error) {
	in := &lines{r: bufio.NewReader(strings.NewReader(text)), limit: 1 << 20}
	for {
		text, wrong, err := readRecord(in)
		var fields []string
		if wrong == "" && err == nil {
			fields, wrong = splitRecord(text, ',')
		}
		switch {
		case errors.Is(err, io.EOF):
			return all, "", nil
		case err != nil || wrong != "":
			return all, wrong, err
		}
		all = append(all, fields)
	}
}

// TestWhatIsWrittenIsRead: any fields come back, and no line of theirs begins as a
// formula in a spreadsheet. Line ends within fields are read as \n.
func TestWhatIsWrittenIsRead(t *testing.T) {
	field := rapid.StringOf(rapid.OneOf(rapid.RuneFrom([]rune("'\"=+-@,;\t\r\n a1é＝")), rapid.Rune()))
	rapid.Check(t, func(t *rapid.T) {
		fields := rapid.SliceOfN(field, 1, 5).Draw(t, "fields")
		for i := range fields {
			fields[i] = strings.ReplaceAll(strings.ToValidUTF8(fields[i], ""), "\x00", "")
		}
		fields[0] = strings.TrimLeft(fields[0], "\ufeff") // what begins a file with it is the header
		line := csvLine(fields)
		all, wrong, err := recordsIn(string(line))
		if err != nil || wrong != "" || len(all) != 1 || len(all[0]) != len(fields) {
			t.Fatalf("%q is read as %q: %s %v", line, all, wrong, err)
		}
		theirs, err := stdcsv.NewReader(bytes.NewReader(line)).Read()
		if err != nil && !(len(fields) == 1 && fields[0] == "") {
			t.Fatalf("%q isn't CSV: %v", line, err)
		}
		for i, got := range all[0] {
			if theirs != nil && theirs[i] != got {
				t.Errorf("%q: field %d is %q for us, %q for others", line, i, got, theirs[i])
			}
			if isFormula(got) {
				t.Errorf("%q: field %d is a formula", line, i)
			}
			if want := strings.ReplaceAll(fields[i], "\r\n", "\n"); plain(got) != want {
				t.Errorf("%q came back as %q", want, plain(got))
			}
		}
	})
}

// TestRecords of all kinds are read as RFC 4180 has them.
func TestRecords(t *testing.T) {
	for _, row := range []struct {
		text  string
		want  [][]string
		wrong string
	}{
		{"a,b\r\nc,d\r\n", [][]string{{"a", "b"}, {"c", "d"}}, ""},
		{"a,b\nc,d", [][]string{{"a", "b"}, {"c", "d"}}, ""},
		{"\ufeffa,b\n", [][]string{{"a", "b"}}, ""},
		{"\"a,\"\"b\",\"c\r\nd\"\n,\n", [][]string{{"a,\"b", "c\nd"}, {"", ""}}, ""},
		{"a,\n", [][]string{{"a", ""}}, ""},
		{"\n", [][]string{{""}}, ""},
		{"", nil, ""},
		{"a,b\"c\n", nil, "has a quote that isn't closed"},
		{"a,b\"c\"\n", nil, "has a quote within a field that has none around it"},
		{"a,\"b\"c\n", nil, "has a quote that isn't closed, or something behind the closing quote of a field"},
		{"\xff\xfea\x00\n", nil, "is UTF-16: save the file as CSV UTF-8"},
		{"a,\"b\nc,d\n", nil, "has a quote that isn't closed"},
		{"a,\x00\n", nil, "has a NUL"},
		{"a,\xff\n", nil, "isn't UTF-8"},
		{strings.Repeat("x", 2<<20) + "\n", nil, "is longer than the 1048576 bytes that a case may have"},
	} {
		t.Run(row.text, func(t *testing.T) {
			got, wrong, err := recordsIn(row.text)
			if !slices.EqualFunc(got, row.want, slices.Equal[[]string]) || wrong != row.wrong || err != nil {
				t.Errorf("%.40q: %q, %q, %v", row.text, got, wrong, err)
			}
		})
	}
	if _, _, err := recordsIn("a,\"b" + strings.Repeat("\n", 2<<20)); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("a quote that swallows the file: %v", err)
	}
}

// TestColumnNamesStay: names and order are what files out there have.
func TestColumnNamesStay(t *testing.T) {
	want := "id,etag,adopted,phase,queued,model,setting,targetPopulation,client,clientName,clientBirthDate,clientGender," +
		"manager,managerName,organization,organizationName,start,end,diagnosis,diagnosisCode,contactKind,contactDays," +
		"plan,planApprovedBy,planApprovedByName,planApprovedAt,holdFrom,holdReason,closureReason,closureSummary,handOver," +
		"cancellationReason,insurers,overdue,nextDue,nextDueKind,problems,goals,services,servicesOpen,tasksOpen,lastContact,clientIdentifier"
	if got := strings.Join(columnNames(), ","); got != want {
		t.Errorf("%s\nnot\n%s", got, want)
	}
}
