package search

import (
	_ "embed"
	"sync"

	"caseway/fhir/embedded"
)

// unservedCSV lists the parameters of R4 that aren't even among the embedded
// definitions, by type and code, with the reason that a client gets. A stored
// SearchParameter can take the code.
//
//go:embed data/unserved.csv
var unservedCSV string

var unserved = sync.OnceValue(func() map[string]string {
	byName := map[string]string{}
	for _, row := range embedded.Rows(unservedCSV) {
		byName[row[0]+"."+row[1]] = row[2]
	}
	return byName
})
