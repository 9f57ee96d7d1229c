package search

import (
	"slices"
	"strings"

	"caseway/fhir"
)

// total reads _total (https://hl7.org/fhir/R4/search.html#total).
func (p *requestParser) total(_, value string) (string, error) {
	totals := map[string]Total{"none": NoTotal, "estimate": EstimatedTotal, "accurate": AccurateTotal}
	t, ok := totals[value]
	if !ok {
		return "", malformed("_total", "the value is none, estimate or accurate")
	}
	p.request.Total = t
	return value, p.once("_total")
}

// summary reads _summary (https://hl7.org/fhir/R4/search.html#summary).
func (p *requestParser) summary(_, value string) (string, error) {
	switch s := Summary(value); s {
	case SummaryTrue, SummaryText, SummaryData, SummaryCount:
		p.request.Summary = s
	case "false":
		p.request.Summary = NoSummary
	default:
		return "", malformed("_summary", "the value is true, text, data, count or false")
	}
	return value, p.once("_summary")
}

// contained reads _contained and _containedType: contained resources are never
// results (https://hl7.org/fhir/R4/search.html#contained).
func (p *requestParser) contained(_, value string) (string, error) {
	switch value {
	case "false":
		return value, nil
	case "true", "both", "container", "contained":
		return "", notSupported("contained resources can't be searched for; _contained=false is how every search works")
	}
	return "", malformed("_contained", "the value is true, false or both, and of these false works")
}

// elements reads _elements (https://hl7.org/fhir/R4/search.html#elements).
func (p *requestParser) elements(_, value string) (string, error) {
	var names []string
	var wrong []fhir.Issue
	for _, name := range strings.Split(value, ",") {
		err := p.registry.CheckElement(name, p.types...)
		switch {
		case err == nil:
			names = append(names, name)
		case p.options.Lenient:
			p.ignore("_elements", ignorable{strict: err, known: true})
		case len(wrong) < mostFindings:
			wrong = append(wrong, err.Issues...)
		}
	}
	if wrong != nil {
		return "", ignorable{strict: &fhir.Error{Kind: fhir.Invalid, Issues: wrong}, known: true}
	}
	for _, name := range names {
		if !slices.Contains(p.request.Elements, name) {
			p.request.Elements = append(p.request.Elements, name)
		}
	}
	return strings.Join(names, ","), nil
}

// CheckElement refuses a name in _elements that none of the types has at its
// root: as the definition spells it, or as JSON does (value, valueQuantity).
func (r *Registry) CheckElement(name string, types ...string) *fhir.Error {
	if slices.ContainsFunc(types, func(typ string) bool { return r.hasElement(typ, name) }) {
		return nil
	}
	of, what := "none of the searched types has", "one of the elements"
	if len(types) == 1 {
		of = types[0] + " doesn't have"
	}
	hint := "; names of elements at the root of the resource are given, with commas between them"
	if near := r.nearElement(name, types); near != "" {
		what, hint = shown(name), didYouMean(near)
	}
	return fhir.NewError(fhir.Invalid, fhir.IssueNotSupported, "the parameter _elements: "+of+" "+what+hint)
}

func (r *Registry) hasElement(typ, name string) bool {
	t := r.set.Type(typ)
	if t == nil {
		return false
	}
	_, is := t.Property([]byte(name))
	return is || t.Element(name) != nil || name == "resourceType"
}

// nearElement is the element that a name may stand for: the choice of value[x],
// the root of a path, or one that is spelt alike; "" where none is near.
func (r *Registry) nearElement(name string, types []string) string {
	var names []string
	for _, typ := range types {
		if t := r.set.Type(typ); t != nil {
			for _, e := range t.Elements {
				names = append(names, e.Name)
			}
		}
	}
	root, _, _ := strings.Cut(strings.TrimSuffix(name, "[x]"), ".")
	if slices.Contains(names, root) {
		return root
	}
	return nearest(name, names)
}

// mostSorts is how many parameters a search can be sorted by.
const mostSorts = 10

// sort reads _sort (https://hl7.org/fhir/R4/search.html#sort).
func (p *requestParser) sort(_, value string) (string, error) {
	var used []string
	for _, text := range strings.Split(value, ",") {
		key, err := p.sortKey(text)
		if err != nil {
			if _, ok := err.(ignorable); ok && p.options.Lenient {
				p.ignore("_sort", err)
				continue
			}
			return "", err
		}
		p.request.Sort = append(p.request.Sort, key)
		used = append(used, text)
	}
	if len(p.request.Sort) > mostSorts {
		return "", malformed("_sort", "at most 10 parameters can be sorted by")
	}
	return strings.Join(used, ","), nil
}

func (p *requestParser) sortKey(text string) (SortKey, error) {
	code, descending := strings.CutPrefix(text, "-")
	switch code {
	case "":
		return SortKey{}, malformed("_sort", "the value is codes of search parameters with commas between them, each with - before it for descending order")
	case fieldID, fieldLastUpdated:
		return SortKey{Field: code, Descending: descending}, nil
	case "_score":
		return SortKey{}, notSupported("the parameter _sort: there are no scores; matches either fit or don't")
	}
	if code, _, modified := strings.Cut(code, ":"); modified {
		return SortKey{}, malformed("_sort", "it takes codes of search parameters without modifiers"+sortDirection(code))
	}
	param, err := p.sortParameter(code)
	return SortKey{Param: param, Descending: descending}, err
}

// sortParameter is the parameter of the first type; the others have one of the
// same kind.
func (p *requestParser) sortParameter(code string) (*Parameter, error) {
	var first *Parameter
	for _, typ := range p.types {
		param, err := p.parameter(typ, code)
		switch {
		case err != nil:
			return nil, p.sharedBy(p.types, err)
		case !param.Sortable():
			return nil, notSupported("the parameter _sort: " + code + " is of type " + param.Type + ", which has no order")
		case first == nil:
			first = param
		case first.Type != param.Type:
			return nil, notSupported("the parameter _sort: " + code + " is of type " + first.Type + " for " + first.Resource + " and of type " +
				param.Type + " for " + typ + ", which have no common order")
		}
	}
	return first, nil
}

// sortHint helps those who know an older way of sorting.
func sortHint(code string) string {
	if code == "_sort" {
		return "; descending order is written _sort=-[parameter]"
	}
	return ""
}

func sortDirection(code string) string {
	return "; descending order is written -" + shown(code)
}

// checkTogether refuses parameters that contradict one another.
func (p *requestParser) checkTogether() {
	r := p.request
	shortened := r.Summary == SummaryTrue || r.Summary == SummaryText || r.Summary == SummaryData
	switch {
	case r.Summary == SummaryText && len(r.Includes) > 0:
		_ = p.findings.add("_summary", fhir.NewError(fhir.Invalid, fhir.IssueInvalid, "_summary=text can't go with _include or _revinclude"))
	case shortened && len(r.Elements) > 0:
		_ = p.findings.add("_elements", fhir.NewError(fhir.Invalid, fhir.IssueInvalid, "_elements and _summary="+string(r.Summary)+" ask for different things; use one of them"))
	}
	if r.Summary == SummaryCount {
		r.Count = 0
	}
	if r.Count == 0 && r.Total != EstimatedTotal {
		r.Total = AccurateTotal
	}
}
