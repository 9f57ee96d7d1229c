package interaction

import (
	"slices"
	"strings"

	"caseway/fhir"
)

// resourceTypes are the types that have a RESTful endpoint.
type resourceTypes struct {
	known map[string]bool
	names []string // sorted
}

func newResourceTypes(names []string) resourceTypes {
	r := resourceTypes{known: make(map[string]bool, len(names)), names: slices.Sorted(slices.Values(names))}
	for _, n := range names {
		r.known[n] = true
	}
	return r
}

// checkType refuses a type without an endpoint with kind NotFound and the
// names that are nearest.
func (e *core) checkType(typ string) error {
	if e.types.known[typ] {
		return nil
	}
	text := "no resource type with an endpoint has this name"
	if near := e.types.near(typ); len(near) > 0 {
		text += "; near it: " + strings.Join(near, ", ")
	}
	return fhir.NewError(fhir.NotFound, fhir.IssueNotFound, text)
}

// checkKey refuses an unknown type and what can't be an id. A reader hears
// that there is no such resource, for there can't be one.
func (e *core) checkKey(key fhir.Key) error {
	if err := e.checkType(key.Type); err != nil {
		return err
	}
	if !fhir.IsID(key.ID) {
		return fhir.NewError(fhir.NotFound, fhir.IssueNotFound, "no resource has this id: an id has 1 to 64 of A-Z, a-z, 0-9, - and .")
	}
	return nil
}

// near gives up to three names that few changes of letters make of s.
func (r resourceTypes) near(s string) []string {
	const most = 3
	if len(s) > 64 {
		return nil
	}
	lower := strings.ToLower(s)
	var near []string
	for distance := 0; distance <= most && len(near) == 0; distance++ {
		for _, n := range r.names {
			if len(near) < most && fhir.Distance(strings.ToLower(n), lower, most+1) == distance {
				near = append(near, n)
			}
		}
	}
	return near
}
