package definition

import (
	"errors"
	"regexp"
	"strings"

	"golang.org/x/text/language"

	"caseway/fhir"
)

// rule is a value set that can't be enumerated: whole code systems with a
// grammar or with a list of their own.
type rule struct {
	system string // the one code system of the set
	// holds reports whether a code is one of the system; nil where nobody
	// can tell here.
	holds func(code string) bool
	// why says what is checked, and what isn't.
	why string
}

// rules are the value sets without a list of codes, by URL.
var rules = map[string]*rule{
	"http://hl7.org/fhir/ValueSet/currencies": {
		"urn:iso:std:iso:4217", isCurrency,
		"the three-letter codes of ISO 4217, those of the past among them",
	},
	"http://hl7.org/fhir/ValueSet/mimetypes": {
		"urn:ietf:bcp:13", isMIMEType,
		"syntax of a media type with parameters, whose values may go unquoted; the registry of names is open",
	},
	"http://hl7.org/fhir/ValueSet/ucum-units": {
		"http://unitsofmeasure.org", isUCUM,
		"syntax of a unit; the names of unit atoms aren't looked up",
	},
	"http://hl7.org/fhir/ValueSet/all-languages": {
		"urn:ietf:bcp:47", isLanguage,
		"a well-formed language tag; its subtags needn't be registered",
	},
	"http://loinc.org/vs/LL379-9": {
		"http://loinc.org", nil,
		"LOINC's answer list of structural variant types is part of no FHIR release and of no package that may be shipped here",
	},
}

// Contains implements fhir.CodeSet.
func (r *rule) Contains(system, code string) fhir.Membership {
	switch {
	case r.holds == nil:
		return fhir.Unknown
	case system != "" && system != r.system, !r.holds(code):
		return fhir.NotMember
	}
	return fhir.Member
}

// Systems lists the one code system, if it has the code.
func (r *rule) Systems(code string) []string {
	if r.Contains(r.system, code) != fhir.Member {
		return nil
	}
	return []string{r.system}
}

// A media type as RFC 6838, section 4.2, names it, with parameters. HL7's own
// examples leave spaces and slashes in their values unquoted.
const (
	mimeName  = `[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}`
	mimeParam = `\s*;\s*[A-Za-z0-9!#$%&'*+.^_|~-]+=(?:"(?:[^"\\]|\\.)*"|[^\s;"][^;"]*)`
)

var mimeType = regexp.MustCompile(`^` + mimeName + `/` + mimeName + `(?:` + mimeParam + `)*$`)

// isMIMEType also takes the short names of FHIR's own formats: an element such
// as CapabilityStatement.format is bound to media types and says "json".
func isMIMEType(code string) bool {
	return code == "json" || code == "xml" || code == "ttl" || mimeType.MatchString(code)
}

// isLanguage takes what BCP 47 calls well-formed. The parser also reads the
// underscores of other conventions, which BCP 47 doesn't know.
func isLanguage(code string) bool {
	if code == "" || strings.Contains(code, "_") {
		return false
	}
	_, err := language.Parse(code)
	var unregistered language.ValueError
	return err == nil || errors.As(err, &unregistered)
}
