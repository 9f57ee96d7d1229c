package form

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"caseway/mapping/casemodel"
)

// Form is what the values of a type of strings look like: one of codes, or
// whatever fits pattern.
type Form struct {
	Codes   []string
	Pattern *regexp.Regexp
	Text    string // for who sends something else
}

// Valid reports whether a value looks like that.
func (f *Form) Valid(v string) bool {
	if f.Codes != nil {
		return slices.Contains(f.Codes, v)
	}
	return f.Pattern.MatchString(v)
}

// Date is the type of dates of the case model.
var Date = reflect.TypeFor[casemodel.Date]()

// forms are those of casemodel's types.
var forms = map[reflect.Type]*Form{}

func init() {
	listed(casemodel.Phases())
	listed(casemodel.Models())
	listed(casemodel.Settings())
	listed(casemodel.Roles())
	listed(casemodel.ContactKinds())
	listed(casemodel.StrengthSources())
	listed(casemodel.Requirements())
	listed([]casemodel.RoundKind{casemodel.RoundOffer, casemodel.RoundCounterOffer, casemodel.RoundAgreement})
	listed([]casemodel.Trigger{casemodel.TriggerOpening, casemodel.TriggerLeaving})
	listed([]casemodel.ExchangeKind{
		casemodel.ExchangeUpdate, casemodel.ExchangeAuthorized, casemodel.ExchangeDenied, casemodel.ExchangePended,
	})
	shaped[casemodel.Date](`^\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2}))?)?)?$`,
		"must be a year, a month, a day or an instant, such as 2026-11-22 or 2026-11-22T10:30:00Z")
	shaped[casemodel.Decimal](`^-?(0|[1-9]\d{0,17})(\.\d{1,17})?$`, "must be a decimal number as a string, such as 12.50")
	shaped[casemodel.Ref](`^([A-Z][A-Za-z]*/[A-Za-z0-9.\-]{1,64}|(https?|urn):\S+)$`,
		"must be Type/id, such as Goal/g1, or an absolute URL")
}

// Of gives the form of a type, nil for one whose values may be anything.
func Of(t reflect.Type) *Form { return forms[t] }

func listed[S ~string](all []S) {
	f := &Form{}
	for _, v := range all {
		f.Codes = append(f.Codes, string(v))
	}
	f.Text = "must be one of " + strings.Join(f.Codes, ", ")
	forms[reflect.TypeFor[S]()] = f
}

func shaped[S ~string](pattern, text string) {
	forms[reflect.TypeFor[S]()] = &Form{Pattern: regexp.MustCompile(pattern), Text: text}
}

// Joined writes codes as people list them.
func Joined[S ~string](all []S) string {
	texts := make([]string, len(all))
	for i, s := range all {
		texts[i] = string(s)
	}
	return strings.Join(texts, ", ")
}
