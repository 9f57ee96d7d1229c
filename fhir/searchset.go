package fhir

import "encoding/json"

// Matches gives the resources of a searchset that the search itself found, in
// their order, without what was included and what was said about it
// (https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.entry.search.mode).
func Matches(searchset []byte) ([]json.RawMessage, error) {
	var b struct {
		Entry []struct {
			Resource json.RawMessage `json:"resource"`
			Search   struct {
				Mode string `json:"mode"`
			} `json:"search"`
		} `json:"entry"`
	}
	if err := json.Unmarshal(searchset, &b); err != nil {
		return nil, err
	}
	var found []json.RawMessage
	for _, e := range b.Entry {
		if e.Search.Mode == "match" {
			found = append(found, e.Resource)
		}
	}
	return found, nil
}
