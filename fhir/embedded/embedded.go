// Package embedded reads the tables that are part of the program: CSV with a head.
package embedded

import (
	"encoding/csv"
	"fmt"
	"strings"
)

// Rows are the rows of a table without its head. It panics where the table isn't
// CSV with rows of one length: the table is part of the program.
func Rows(table string) [][]string {
	rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil || len(rows) == 0 {
		panic(fmt.Errorf("a table of the program: %d rows, %w", len(rows), err))
	}
	return rows[1:]
}
