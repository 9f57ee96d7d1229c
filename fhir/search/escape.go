package search

import "strings"

var escapes = strings.NewReplacer(`\`, `\\`, `,`, `\,`, `$`, `\$`, `|`, `\|`)

// Escape writes a value so that a search takes it as it is
// (https://hl7.org/fhir/R4/search.html#escaping).
func Escape(value string) string { return escapes.Replace(value) }
