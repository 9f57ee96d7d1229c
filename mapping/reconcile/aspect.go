package reconcile

import (
	_ "embed"
	"strings"
	"sync"

	"caseway/fhir"
	"caseway/fhir/embedded"
)

// aspectCSV says what is compared of each type of subject. Column as:
//
//   - code: a subject is told by its concepts; measure: by them, if by nothing else
//   - text: a subject is told by these words
//   - one: a single value; many: a set of values; status: where it stands
//   - flag: a boolean, false where it isn't given
//   - X parts: members, each told by its element X
//
//go:embed aspect.csv
var aspectCSV string

// stateCSV says which statuses of different types come to the same.
//
//go:embed state.csv
var stateCSV string

// aspect is a line of the table of aspects.
type aspect struct {
	name string
	path []string // of the element, from the subject
	as   string
	by   string // of parts: by which of their elements they are told
}

var aspects = sync.OnceValue(func() map[string][]aspect {
	all := map[string][]aspect{}
	for _, line := range embedded.Rows(aspectCSV) {
		a := aspect{name: line[1], path: strings.Split(line[2], "."), as: line[3]}
		if by, parts := strings.CutSuffix(a.as, " parts"); parts {
			a.as, a.by = "parts", by
		}
		all[line[0]] = append(all[line[0]], a)
	}
	return all
})

var states = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for _, line := range embedded.Rows(stateCSV) {
		all[line[1]] = line[0]
	}
	return all
})

// aspectsOf are the aspects of a subject's type.
func aspectsOf(subject fhir.Node) []aspect {
	if !subject.Valid() {
		return nil
	}
	if of := aspects()[subject.Type().Name]; of != nil {
		return of
	}
	if subject.Type().Kind == fhir.ResourceType {
		return aspects()["*"]
	}
	return nil
}

// named gives the aspect of a name, false for none.
func named(all []aspect, name string) (aspect, bool) {
	for _, a := range all {
		if a.name == name {
			return a, true
		}
	}
	return aspect{}, false
}

// at are the elements at a path below an element.
func at(n fhir.Node, path []string) []fhir.Node {
	if len(path) == 0 {
		return []fhir.Node{n}
	}
	var found []fhir.Node
	for c := range n.All(path[0]) {
		found = append(found, at(c, path[1:])...)
	}
	return found
}

// valuesOf are an aspect's values in a subject.
func (a aspect) valuesOf(subject fhir.Node) []fhir.Node { return at(subject, a.path) }
