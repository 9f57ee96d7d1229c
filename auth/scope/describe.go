package scope

import (
	"strings"
	"unicode"
)

// words are names of resource types as patients know them; the others are
// named after their type.
var words = map[string]string{
	"AllergyIntolerance":   "allergies",
	"Communication":        "messages",
	"Condition":            "health conditions",
	"Coverage":             "insurance",
	"Device":               "devices",
	"DiagnosticReport":     "test reports",
	"DocumentReference":    "documents",
	"Encounter":            "visits",
	"EpisodeOfCare":        "cases",
	"ExplanationOfBenefit": "insurance bills and payments",
	"FamilyMemberHistory":  "family history",
	"Flag":                 "warnings",
	"Immunization":         "vaccinations",
	"MedicationRequest":    "prescriptions",
	"MedicationStatement":  "medicines taken",
	"Observation":          "measurements and test results",
	"Patient":              "personal details",
	"RelatedPerson":        "family and other related people",
	"ServiceRequest":       "orders and referrals",
	Any:                    "all health records",
}

// otherWords say what scopes that aren't about resources let an app do.
var otherWords = map[string]string{
	"openid":           "Know who you are",
	"fhirUser":         "Know who you are",
	"profile":          "Know who you are",
	"offline_access":   "Stay connected when you aren't using it, until you take that back",
	"online_access":    "Stay connected as long as you are signed in",
	"launch":           "Know what you were looking at when you started it",
	"launch/patient":   "Know which patient it is used for",
	"launch/encounter": "Know which visit it is used for",
}

// Describe says in plain words what a scope lets an app do, as the end of "This
// app wants to": "See your care plans". own is set where the user is the
// patient.
func (s Scope) Describe(own bool) string {
	what := s.noun()
	switch {
	case s.Context == Patient && own:
		what = "your " + strings.TrimPrefix(what, "all ")
	case s.Context == Patient:
		what = "the patient's " + strings.TrimPrefix(what, "all ")
	case s.Context == User:
		what += " that you have access to"
	}
	text := upper(s.Permissions.verbs()) + " " + what
	if s.Query != "" {
		text += ", only where " + s.condition()
	}
	return text
}

// DescribeOther does the same for a scope that isn't about resources; "" for
// one that isn't known.
func DescribeOther(name string) string { return otherWords[name] }

// verbs are what permissions allow: "see, add and change".
func (p Permissions) verbs() string {
	var all []string
	for _, v := range []struct {
		of   Permissions
		verb string
	}{{Read | Search, "see"}, {Create, "add"}, {Update, "change"}, {Delete, "delete"}} {
		if p&v.of != 0 {
			all = append(all, v.verb)
		}
	}
	last := len(all) - 1
	if last < 1 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:last], ", ") + " and " + all[last]
}

// noun names the resources of a type.
func (s Scope) noun() string {
	if w := words[s.Type]; w != "" {
		return w
	}
	var b strings.Builder
	for i, r := range s.Type {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return plural(b.String())
}

func plural(noun string) string {
	switch {
	case strings.HasSuffix(noun, "s"):
		return noun
	case strings.HasSuffix(noun, "y"):
		return noun[:len(noun)-1] + "ies"
	}
	return noun + "s"
}

// condition puts the search parameters into words.
func (s Scope) condition() string {
	var all []string
	for _, pair := range Pairs(s.Query) {
		name, modifier, _ := strings.Cut(pair[0], ":")
		is := " is "
		if modifier != "" {
			is = " (" + modifier + ") is "
		}
		var values []string
		for _, v := range alternatives(pair[1]) {
			values = append(values, v[strings.LastIndexByte(v, '|')+1:])
		}
		all = append(all, strings.TrimPrefix(name, "_")+is+strings.Join(values, " or "))
	}
	return strings.Join(all, " and ")
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
