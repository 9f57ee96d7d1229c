package mapping

import (
	"embed"
	"strings"

	"caseway/mapping/fhirproto"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// The code tables. A row ties a code of the case model to one of FHIR:
// "both" ways, only "to-fhir" (a finer state of the case, which an extension
// then keeps apart), or only "to-case" (a finer state of FHIR, which the
// stored resource keeps).
//
//go:embed tables/*.csv
var tableFiles embed.FS

// table is one code table.
type table struct {
	name           string
	toFHIR, toCase map[string]string
	rows           [][3]string // case, fhir, direction
}

func tableOf(name string) *table {
	t := &table{name: name, toFHIR: map[string]string{}, toCase: map[string]string{}}
	for _, row := range rowsOf(name) {
		t.add(row[0], row[1], row[2])
	}
	return t
}

func (t *table) add(ours, theirs, direction string) {
	put := func(m map[string]string, from, to string) {
		if _, double := m[from]; double {
			panic("table " + t.name + ": two rows for " + from)
		}
		m[from] = to
	}
	t.rows = append(t.rows, [3]string{ours, theirs, direction})
	if direction != "to-case" {
		put(t.toFHIR, ours, theirs)
	}
	if direction != "to-fhir" {
		put(t.toCase, theirs, ours)
	}
	if !strings.Contains("both to-fhir to-case", direction) {
		panic("table " + t.name + ": direction " + direction)
	}
}

// coded is the codec of a code with a table. A code that the table lacks is
// not carried.
func coded[S ~string](t *table) codec[S] {
	return codec[S]{
		read:  func(m protoreflect.Message) S { return S(t.toCase[fhirproto.Text(m)]) },
		write: func(m protoreflect.Message, v S) { fhirproto.SetText(m, t.toFHIR[string(v)]) },
	}
}
