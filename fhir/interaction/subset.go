package interaction

import (
	"strings"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// Subset leaves out of a version what a reader doesn't want.
func (e *core) Subset(v store.Version, s fhir.Subset) store.Version {
	if !s.Whole() && v.JSON != nil {
		v.JSON = s.Of(e.schema.Type(v.Key.Type), v.JSON)
	}
	return v
}

// SubsetOf is Subset for the JSON of a resource that isn't stored.
func (e *core) SubsetOf(typ string, text []byte, s fhir.Subset) []byte {
	return e.Subset(store.Version{Key: fhir.Key{Type: typ}, JSON: text}, s).JSON
}

// ParseSubset reads the parameters _summary and _elements of what gives
// resources without searching for them, which are of one of some types. They work
// as in searches (https://hl7.org/fhir/R4/search.html#summary); parameters that
// have no meaning here are passed over, for nothing is found wrongly by them.
func (e *core) ParseSubset(pairs []search.Pair, types ...string) (fhir.Subset, error) {
	var s fhir.Subset
	var wrong problems
	for _, p := range pairs {
		switch p.Name {
		case "_summary":
			s.Summary = readSummary(p.Value, &wrong)
		case "_elements":
			s.Elements = append(s.Elements, e.readElements(types, p.Value, &wrong)...)
		}
	}
	if s.Summary != fhir.NoSummary && s.Elements != nil {
		wrong.invalid(fhir.IssueInvalid, "_elements", "_summary and _elements ask for different things; use one of them")
	}
	return s, wrong.error()
}

func readSummary(value string, wrong *problems) fhir.Summary {
	switch s := fhir.Summary(value); s {
	case fhir.SummaryTrue, fhir.SummaryText, fhir.SummaryData:
		return s
	case "false":
	default:
		wrong.invalid(fhir.IssueValue, "_summary", "the value of _summary is true, text, data or false, where nothing is searched for")
	}
	return fhir.NoSummary
}

func (e *core) readElements(types []string, value string, wrong *problems) []string {
	names := strings.Split(value, ",")
	for _, name := range names {
		if err := e.Registry().CheckElement(name, types...); err != nil {
			wrong.add(err.At("_elements"))
		}
	}
	return names
}
