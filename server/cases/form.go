package cases

import (
	"reflect"
	"regexp"
	"slices"
	"strings"

	"caseway/mapping/casemodel"
)

// form is what the values of a type of strings look like: one of codes, or
// whatever fits pattern.
type form struct {
	codes   []string
	pattern *regexp.Regexp
	text    string // for who sends something else
}

func (f *form) valid(v string) bool {
	if f.codes != nil {
		return slices.Contains(f.codes, v)
	}
	return f.pattern.MatchString(v)
}

var dateType = reflect.TypeFor[casemodel.Date]()

// forms are those of casemodel's types.
var forms = map[reflect.Type]*form{}

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

func listed[S ~string](all []S) {
	f := &form{}
	for _, v := range all {
		f.codes = append(f.codes, string(v))
	}
	f.text = "must be one of " + strings.Join(f.codes, ", ")
	forms[reflect.TypeFor[S]()] = f
}

func shaped[S ~string](pattern, text string) {
	forms[reflect.TypeFor[S]()] = &form{pattern: regexp.MustCompile(pattern), text: text}
}
