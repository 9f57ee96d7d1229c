package search

import "caseway/fhir/definition"

// Parameter is a search parameter as it applies to resources
// (https://hl7.org/fhir/R4/searchparameter.html).
type Parameter struct {
	Code       string // as it stands in a URL: "care-team"
	Type       string // number, date, string, token, reference, composite, quantity, uri, special
	URL        string // canonical
	Definition *definition.SearchParameter
}
