package embedded_test

import (
	"slices"
	"testing"

	"caseway/fhir/embedded"
)

func TestRowsHaveNoHead(t *testing.T) {
	rows := embedded.Rows("a,b\n1,2\n\"x, y\",z\n")
	if len(rows) != 2 || !slices.Equal(rows[1], []string{"x, y", "z"}) {
		t.Errorf("got %q, want the two rows below the head", rows)
	}
}

func TestAMalformedTableEndsTheProgram(t *testing.T) {
	for _, table := range []string{"", "a,b\n1\n", "a\n\"x\n"} {
		t.Run(table, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Errorf("got no panic of %q", table)
				}
			}()
			embedded.Rows(table)
		})
	}
}
