package mapping

import (
	"encoding/csv"
	"strings"
	"sync"
)

// reasons says why something isn't carried, by its path without indexes; a
// path that begins with "*" counts for every type. The longest path decides.
var reasons = sync.OnceValue(func() map[string]string {
	file, err := tableFiles.Open("tables/lost.csv")
	if err != nil {
		panic(err) // the data is part of the program
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		panic(err)
	}
	all := map[string]string{}
	for _, row := range rows[1:] {
		all[row[0]] = row[1]
	}
	return all
})

func whyNotInCase(path string) string {
	return reasonFor(path, "the case model has no word for it; the stored resource keeps it")
}

func whyNotInFHIR(path string) string {
	return reasonFor(path, "FHIR has no element that holds this value")
}

func reasonFor(path, otherwise string) string {
	path = bare(path)
	_, rest, _ := strings.Cut(path, ".")
	for _, p := range []string{path, "*." + rest} {
		for p != "" {
			if why, ok := reasons()[p]; ok {
				return why
			}
			at := strings.LastIndexByte(p, '.')
			if at < 0 {
				break
			}
			p = p[:at]
		}
	}
	return otherwise
}
