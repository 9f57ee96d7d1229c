package search

import (
	_ "embed"
	"encoding/csv"
	"strings"
	"sync"
)

// unservedCSV lists the parameters of R4 that aren't even among the embedded
// definitions, by type and code, with the reason that a client gets. A stored
// SearchParameter can take the code.
//
//go:embed data/unserved.csv
var unservedCSV string

var unserved = sync.OnceValue(func() map[string]string {
	rows, err := csv.NewReader(strings.NewReader(unservedCSV)).ReadAll()
	if err != nil {
		panic(err) // the data is part of the program
	}
	byName := map[string]string{}
	for _, row := range rows[1:] {
		byName[row[0]+"."+row[1]] = row[2]
	}
	return byName
})
