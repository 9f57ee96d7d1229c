package fhirpath

import (
	"slices"

	"caseway/fhir"
)

func functionNames() []string {
	names := []string{"is", "as", "ofType"}
	for name := range functions {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// suggest names the known word that is nearest to a misspelt one.
func suggest(word string, known []string) string {
	best, least := "", len(word)/3+2
	for _, k := range known {
		if d := fhir.Distance(word, k, least); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return ": did you mean " + best + "?"
}
