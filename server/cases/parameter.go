package cases

import "caseway/fhir/search"

// readEach has each parameter of a request read, once. read says what is wrong
// with one, "" for nothing; all that is wrong is told in one answer.
func readEach(pairs []search.Pair, read func(search.Pair) (wrong string)) error {
	var faults []Fault
	seen := map[string]bool{}
	for _, p := range pairs {
		wrong := "is there twice"
		if !seen[p.Name] {
			seen[p.Name] = true
			wrong = read(p)
		}
		if wrong != "" {
			faults = append(faults, Fault{Detail: "the parameter " + p.Name + ": " + wrong})
		}
	}
	if len(faults) > 0 {
		return badRequest("", faults...)
	}
	return nil
}
