package search

import (
	"strings"

	"caseway/fhir"
)

// Suggest finds the code of a type's parameter that a misspelt one may stand
// for; "" where none is near.
func (r *Registry) Suggest(typ, code string) string {
	best, least := "", min(len(code)/3+2, 4)
	for _, p := range r.Parameters(typ) {
		if d := fhir.Distance(plainCode(code), plainCode(p.Code), least); d < least {
			best, least = p.Code, d
		}
	}
	return best
}

// plainCode leaves out what people mix up: case, hyphens, underscores.
func plainCode(code string) string {
	const longest = 64
	if len(code) > longest {
		code = code[:longest]
	}
	return separators.Replace(strings.ToLower(code))
}

var separators = strings.NewReplacer("-", "", "_", "")
