package interaction

import (
	"strings"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// Subset leaves out of a version what a reader doesn't want.
func (e *Engine) Subset(v store.Version, s fhir.Subset) store.Version {
	if !s.Whole() && v.JSON != nil {
		v.JSON = s.Of(e.schema.Type(v.Key.Type), v.JSON)
	}
	return v
}

// ParseSubset reads the parameters of a read or vread: _summary and _elements,
// which work as in searches (https://hl7.org/fhir/R4/search.html#summary).
// _format and _pretty are left to others; anything else is refused.
func (e *Engine) ParseSubset(typ string, pairs []search.Pair) (fhir.Subset, error) {
	var s fhir.Subset
	var wrong problems
	for _, p := range pairs {
		switch p.Name {
		case "_format", "_pretty":
		case "_summary":
			s.Summary = readSummary(p.Value, &wrong)
		case "_elements":
			s.Elements = append(s.Elements, e.readElements(typ, p.Value, &wrong)...)
		default:
			wrong.invalid(fhir.IssueNotSupported, "", "a read takes no parameters but _summary, _elements, _format and _pretty")
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
		wrong.invalid(fhir.IssueValue, "_summary", "the value of _summary on a read is true, text, data or false")
	}
	return fhir.NoSummary
}

func (e *Engine) readElements(typ, value string, wrong *problems) []string {
	names := strings.Split(value, ",")
	for _, name := range names {
		if err := e.Registry().CheckElement(name, typ); err != nil {
			wrong.add(err.At("_elements"))
		}
	}
	return names
}
