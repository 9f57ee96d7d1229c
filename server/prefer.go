package server

import (
	"strings"

	"caseway/fhir"
	"caseway/fhir/interaction"
)

// returns are the values of Prefer's return (https://hl7.org/fhir/R4/http.html#ops).
var returns = map[string]interaction.Return{
	"minimal":          interaction.ReturnMinimal,
	"representation":   interaction.ReturnRepresentation,
	"OperationOutcome": interaction.ReturnOutcome,
}

// prefer reads Prefer and says in Preference-Applied what was followed.
// Preferences that aren't known are passed over, as RFC 7240 wants.
func (x *exchange) prefer() interaction.Return {
	for _, value := range x.c.Request.Header["Prefer"] {
		for member := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == ',' || r == ';' }) {
			name, wish, _ := strings.Cut(strings.TrimSpace(member), "=")
			wish = strings.Trim(strings.TrimSpace(wish), `"`)
			if r, known := returns[wish]; known && strings.EqualFold(strings.TrimSpace(name), "return") {
				x.c.Writer.Header().Set("Preference-Applied", "return="+wish)
				return r
			}
		}
	}
	return interaction.ReturnDefault
}

// answerWrite answers a create or an update as the client prefers.
func (x *exchange) answerWrite(status int, r interaction.Result) {
	x.setVersionHeaders(r.Version)
	switch x.prefer() {
	case interaction.ReturnMinimal:
		x.setWarnings(r.Issues)
		x.c.Writer.WriteHeader(status)
	case interaction.ReturnOutcome:
		x.writeJSON(status, fhir.Outcome(r.Issues...))
	default:
		x.setWarnings(r.Issues)
		x.writeJSON(status, r.Version.JSON)
	}
}
