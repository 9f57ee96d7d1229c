package server

import (
	"iter"
	"strings"

	"caseway/fhir"
	"caseway/fhir/interaction"
)

// preferences are the members of Prefer (RFC 7240).
func (x *exchange) preferences() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, value := range x.c.Request.Header["Prefer"] {
			for member := range strings.FieldsFuncSeq(value, func(r rune) bool { return r == ',' || r == ';' }) {
				name, wish, _ := strings.Cut(strings.TrimSpace(member), "=")
				if !yield(strings.ToLower(strings.TrimSpace(name)), strings.Trim(strings.TrimSpace(wish), `"`)) {
					return
				}
			}
		}
	}
}

// returns are the values of Prefer's return (https://hl7.org/fhir/R4/http.html#ops).
var returns = map[string]interaction.Return{
	"minimal":          interaction.ReturnMinimal,
	"representation":   interaction.ReturnRepresentation,
	"OperationOutcome": interaction.ReturnOutcome,
}

// prefer reads Prefer and says in Preference-Applied what was followed.
// Preferences that aren't known are passed over, as RFC 7240 wants.
func (x *exchange) prefer() interaction.Return {
	for name, wish := range x.preferences() {
		if r, known := returns[wish]; known && name == "return" {
			x.c.Writer.Header().Set("Preference-Applied", "return="+wish)
			return r
		}
	}
	return interaction.ReturnDefault
}

// lenient reports whether unknown search parameters are passed over: as Prefer:
// handling=lenient or strict says, else as the server is set
// (https://hl7.org/fhir/R4/search.html#errors).
func (x *exchange) lenient() bool {
	for name, wish := range x.preferences() {
		if name == "handling" && (wish == "lenient" || wish == "strict") {
			x.c.Writer.Header().Add("Preference-Applied", "handling="+wish)
			return wish == "lenient"
		}
	}
	return x.server.isLenient
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
