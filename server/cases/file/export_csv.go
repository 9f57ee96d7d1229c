package file

import (
	"slices"
	"strings"

	"caseway/server/cases/assembly"
)

// cells are the fields of a case's row, in the order of the columns.
func (s *Service) cells(a *assembly.Assembled, d *directory) ([]string, error) {
	c, err := d.named(a.Case)
	now := s.assembler.Now()
	row := make([]string, len(Columns))
	for i, k := range Columns {
		switch k.Name {
		case "id":
			row[i] = c.ID
		case "etag":
			row[i] = tagOf(a)
		default:
			row[i] = k.Get(&c, now)
		}
	}
	return row, err
}

// csvLine writes a record (RFC 4180): commas, CRLF, quotes where needed.
func csvLine(fields []string) []byte {
	var b strings.Builder
	for i, f := range fields {
		if i > 0 {
			b.WriteByte(',')
		}
		f = harmless(f)
		if f == "" || !strings.ContainsAny(f, "\",\r\n") && strings.TrimSpace(f) == f {
			b.WriteString(f)
			continue
		}
		b.WriteByte('"')
		b.WriteString(strings.ReplaceAll(f, `"`, `""`))
		b.WriteByte('"')
	}
	b.WriteString("\r\n")
	return []byte(b.String())
}

// harmless puts an apostrophe before what a spreadsheet would take for a
// formula, and before what has apostrophes and then such a sign already, so
// that taking one off again gives what it was.
func harmless(v string) string {
	if isFormula(strings.TrimLeft(v, "'")) {
		return "'" + v
	}
	return v
}

// plain takes off what harmless has put before a value.
func plain(v string) string {
	if strings.HasPrefix(v, "'") && isFormula(strings.TrimLeft(v, "'")) {
		return v[1:]
	}
	return v
}

func isFormula(v string) bool {
	return v != "" && slices.Contains([]byte("=+-@\t\r\n"), v[0]) || startsWide(v)
}

// startsWide reports whether a value begins with a full-width form of the signs,
// which some spreadsheets take for them.
func startsWide(v string) bool {
	return slices.ContainsFunc([]string{"＝", "＋", "－", "＠"}, func(sign string) bool { return strings.HasPrefix(v, sign) })
}
