package search

import (
	"regexp"
	"strings"

	"caseway/fhir/definition"
	"caseway/fhir/fhirpath"
)

// Implementation guides write a choice as JSON does, valueDateTime, where
// FHIRPath has value.ofType(dateTime).

// choiceName is a member that may be a choice's name in JSON.
var choiceName = regexp.MustCompile(`\.([a-z][A-Za-z0-9]*[A-Z][A-Za-z0-9]*)\b`)

// withChoices gives the definition with such names rewritten, where the
// expression can't be used without; else the definition itself.
func (r *Registry) withChoices(d *definition.SearchParameter) *definition.SearchParameter {
	parts := splitUnion(d.Expression)
	changed := false
	for i, text := range parts {
		typ := d.Base[0]
		if path, ok := parsePath(text); ok && path.root != "" {
			typ = path.root
		}
		if better := r.rewriteChoices(text, typ); better != text {
			parts[i], changed = better, true
		}
	}
	if !changed {
		return d
	}
	copied := *d
	copied.Expression = strings.Join(parts, " | ")
	return &copied
}

func (r *Registry) rewriteChoices(text, typ string) string {
	works := func(text string) bool {
		_, err := fhirpath.Compile(text, fhirpath.Lenient(), fhirpath.For(r.set, typ))
		return err == nil
	}
	if works(text) {
		return text
	}
	better := choiceName.ReplaceAllStringFunc(text, func(member string) string {
		for i := 2; i < len(member); i++ {
			if c := member[i]; c < 'A' || c > 'Z' {
				continue
			}
			for _, name := range []string{member[i:], strings.ToLower(member[i:i+1]) + member[i+1:]} {
				if r.set.Type(name) != nil {
					return member[:i] + ".ofType(" + name + ")"
				}
			}
		}
		return member
	})
	if works(better) {
		return better
	}
	return text
}
