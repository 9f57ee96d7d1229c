package search

import (
	_ "embed"
	"sync"

	"caseway/fhir/embedded"
)

// refusedCSV lists the parameters of R4 that don't work, by URL, with the
// reason that a client gets.
//
//go:embed data/refused.csv
var refusedCSV string

var refused = sync.OnceValue(func() map[string]string {
	byURL := map[string]string{}
	for _, row := range embedded.Rows(refusedCSV) {
		byURL[row[0]] = row[1]
	}
	return byURL
})

// adjusted are the expressions of R4 that can't be right as they stand, with
// what is used instead.
var adjusted = map[string]string{
	// FHIR's type is dateTime; DateTime is FHIRPath's own, which no element has.
	"value.as(DateTime) | value.as(Period)": "value.as(dateTime) | value.as(Period)",
}

// adjustedComponents are the expressions of R4's composites, by URL, that belong
// to one another's definition.
var adjustedComponents = map[string][]string{
	"http://hl7.org/fhir/SearchParameter/DocumentReference-relationship": {"target", "code"},
}

// phonetic are the parameters that compare how words sound.
var phonetic = map[string]bool{
	"http://hl7.org/fhir/SearchParameter/individual-phonetic":   true,
	"http://hl7.org/fhir/SearchParameter/Organization-phonetic": true,
}
