package form

import (
	"caseway/fhir/search"
	"caseway/server/cases/problem"
)

// Each has each parameter of a request read, once. read says what is wrong
// with one, "" for nothing; all that is wrong is told in one answer.
func Each(pairs []search.Pair, read func(search.Pair) (wrong string)) error {
	var faults []problem.Fault
	seen := map[string]bool{}
	for _, p := range pairs {
		wrong := "is there twice"
		if !seen[p.Name] {
			seen[p.Name] = true
			wrong = read(p)
		}
		if wrong != "" {
			faults = append(faults, problem.Fault{Detail: "the parameter " + p.Name + ": " + wrong})
		}
	}
	if len(faults) > 0 {
		return problem.BadRequest("", faults...)
	}
	return nil
}
