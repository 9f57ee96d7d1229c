package mapping

import (
	"strings"
	"sync"
)

// reasons says why something isn't carried, by its path without indexes; a
// path that begins with "*" counts for every type. The longest path decides.
var reasons = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for _, row := range rowsOf("lost") {
		all[row[0]] = row[1]
	}
	return all
})

const (
	notInCase = "the case model has no word for it; the stored resource keeps it"
	notInFHIR = "FHIR has no element that holds this value here"
	noPlace   = "the case model has no place for it; the resource stays as it is"
)

func whyNotInCase(path string) string { return reasonFor(path, notInCase) }

func whyNotInFHIR(path string) string { return reasonFor(path, notInFHIR) }

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
