package search

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"caseway/fhir"
)

// deepestChain is how many chains and _has may follow one another.
const deepestChain = 10

// chainCost is what a step of a chain counts, in terms.
const chainCost = 200

// onType makes the condition of one parameter for resources of one type. The
// name may have a modifier, chains and _has.
func (p *requestParser) onType(typ, name, value string, depth int) (Expr, error) {
	if depth > deepestChain {
		return nil, fhir.NewError(fhir.TooCostly, fhir.IssueTooCostly, "chains and _has may follow one another 10 times at most")
	}
	if name == "_has" || strings.HasPrefix(name, "_has:") {
		return p.has(typ, name, value, depth)
	}
	head, rest, chained := strings.Cut(name, ".")
	code, modifier, modified := strings.Cut(head, ":")
	param, err := p.parameter(typ, code)
	if err != nil {
		return nil, err
	}
	if chained {
		return p.chain(param, modifier, rest, func(target string) (Expr, error) {
			return p.onType(target, rest, value, depth+1)
		})
	}
	if modified && modifier == "" {
		return nil, fhir.NewError(fhir.Invalid, fhir.IssueInvalid, "a colon behind "+code+" begins a modifier, and there is none")
	}
	if err := p.spend(terms(param, value)); err != nil {
		return nil, err
	}
	return p.registry.Condition(p.ctx, param, modifier, value, p.options.Env)
}

// terms estimates how many terms a value comes to: a reference by its id alone
// can lead to each of the parameter's targets.
func terms(p *Parameter, value string) int {
	n := strings.Count(value, ",") + 1
	if p.Type == "reference" && strings.Count(value, "/") < n {
		n *= max(1, len(p.Targets()))
	}
	return n
}

// parameter finds a parameter of a type that can be used.
func (p *requestParser) parameter(typ, code string) (*Parameter, error) {
	param := p.registry.Parameter(typ, code)
	if why := unserved()[typ+"."+code]; param == nil && why != "" {
		return nil, notSupported("the parameter " + code + " isn't supported: " + why + "; a SearchParameter of your own can have this code")
	}
	if param == nil {
		return nil, unknown(typ+" has no search parameter "+shown(code), func() string { return didYouMean(p.nearby(typ, code)) })
	}
	if param.Refused != "" {
		return nil, p.refused(param)
	}
	return param, (&conditioner{p: param}).usable()
}

// refused says why a parameter doesn't work. That of _query is never left out
// (https://hl7.org/fhir/R4/search.html#query).
func (p *requestParser) refused(param *Parameter) error {
	text := "the parameter " + param.Code + " isn't supported: " + strings.TrimPrefix(param.Refused, param.Code+": ")
	if param.Code == "_query" {
		return fhir.NewError(fhir.Invalid, fhir.IssueNotSupported, text)
	}
	return notSupported(text)
}

// nearby suggests a parameter for a misspelt one. Those of all resources begin
// with an underscore, which people forget.
func (p *requestParser) nearby(typ, code string) string {
	hint := p.registry.Suggest(typ, code)
	if !strings.HasPrefix(code, "_") {
		if strings.HasPrefix(hint, "_") && plainCode(hint) != plainCode(code) {
			return ""
		}
		return hint
	}
	names := []string{"_id", "_lastUpdated", "_tag", "_profile", "_security", "_source", "_has"}
	for name := range controls {
		names = append(names, name)
	}
	slices.Sort(names)
	if hint = nearest(code, names); hint == code {
		return "" // which isn't for where it stands
	}
	return hint
}

// chain follows a reference parameter to the types that it can lead to
// (https://hl7.org/fhir/R4/search.html#chaining). Without a type as modifier
// these are all types of its targets that know the rest of the chain.
func (p *requestParser) chain(param *Parameter, modifier, rest string, inner func(target string) (Expr, error)) (Expr, error) {
	targets, err := p.chainTargets(param, modifier)
	if err != nil {
		return nil, err
	}
	p.request.Chained = true
	var any Or
	var closest error
	code, _, _ := strings.Cut(rest, ".")
	code, _, _ = strings.Cut(code, ":")
	for _, target := range targets {
		if err := p.spend(1); err != nil {
			return nil, err
		}
		if len(targets) > 1 && code != "_has" && p.registry.Parameter(target, code) == nil {
			continue
		}
		where, err := inner(target)
		e := ignorable{}
		switch {
		case err == nil:
			any = append(any, Chain{Param: param, Type: target, Where: where}, Contained{Param: param, Type: target, Where: where})
			if err := p.spend(chainCost); err != nil {
				return nil, err
			}
		case !errors.As(err, &e) || e.known || len(targets) == 1:
			return nil, ambiguous(err, param, target, len(targets))
		case closest == nil:
			closest = err
		}
	}
	switch {
	case len(any) > 0:
		return any, nil
	case closest != nil:
		return nil, closest
	}
	return nil, p.deadEnd(param, targets, code)
}

func (p *requestParser) chainTargets(param *Parameter, modifier string) ([]string, error) {
	if param.Type != "reference" {
		return nil, notSupported("the parameter " + param.Code + " of " + param.Resource + " is of type " + param.Type +
			"; only references can be followed by a dot and a parameter of their target")
	}
	targets := param.Targets()
	switch {
	case modifier == "":
		return targets, nil
	case slices.Contains(targets, modifier):
		return []string{modifier}, nil
	case slices.Contains(modifiers["reference"], modifier):
		return nil, fhir.NewError(fhir.Invalid, fhir.IssueNotSupported, "with the modifier :"+modifier+" the parameter "+param.Code+" can't be chained")
	}
	text := "the parameter " + param.Code + " of " + param.Resource + " doesn't lead to such a type" + didYouMean(nearest(modifier, targets))
	if len(param.certainTargets()) > 0 {
		text += "; it leads to " + strings.Join(targets, ", ")
	}
	return nil, fhir.NewError(fhir.Invalid, fhir.IssueInvalid, text)
}

// ambiguous tells at which of several types a chain fails.
func ambiguous(err error, param *Parameter, target string, targets int) error {
	fe := (*fhir.Error)(nil)
	if targets == 1 || !errors.As(err, &fe) || fe.Kind != fhir.Invalid || strings.HasPrefix(fe.Issues[0].Text, "where ") {
		return err
	}
	told := fhir.NewError(fe.Kind, fe.Issues[0].Code, "where "+param.Code+" leads to "+target+": "+fe.Issues[0].Text+
		"; to follow it to one type alone, write "+param.Code+":[type]")
	if e := (ignorable{}); errors.As(err, &e) {
		return ignorable{strict: told, known: e.known}
	}
	return told
}

// deadEnd: none of the targets knows the next parameter.
func (p *requestParser) deadEnd(param *Parameter, targets []string, code string) error {
	text := "none of the types that " + param.Code + " leads to"
	if len(param.certainTargets()) > 0 {
		text += " (" + strings.Join(targets, ", ") + ")"
	}
	text += " has a search parameter " + shown(code)
	return unknown(text, func() string { return p.nearbyOf(targets, code) })
}

// nearbyOf suggests a parameter of one of several types.
func (p *requestParser) nearbyOf(types []string, code string) string {
	of := map[string]string{} // the type that has it
	for _, typ := range types {
		if hint := p.nearby(typ, code); hint != "" && of[hint] == "" {
			of[hint] = typ
		}
	}
	hint := nearest(code, slices.Sorted(maps.Keys(of)))
	if hint == "" {
		return ""
	}
	return didYouMean(hint + " of " + of[hint])
}

// has reads _has:Type:parameter:condition
// (https://hl7.org/fhir/R4/search.html#has).
func (p *requestParser) has(typ, name, value string, depth int) (Expr, error) {
	parts := strings.SplitN(name, ":", 4)
	if len(parts) < 4 || parts[1] == "" || parts[2] == "" || parts[3] == "" {
		return nil, fhir.NewError(fhir.Invalid, fhir.IssueInvalid,
			"_has is written _has:[type]:[reference parameter of that type]:[parameter of that type], such as _has:Observation:patient:code")
	}
	from, code, rest := parts[1], parts[2], parts[3]
	if !p.registry.set.IsResourceType(from) {
		return nil, notSupported("_has names a resource type that doesn't exist" + p.typeHint(from))
	}
	param, err := p.parameter(from, code)
	if err != nil {
		return nil, err
	}
	if param.Type != "reference" {
		return nil, notSupported("the parameter " + code + " of " + from + " is of type " + param.Type + "; _has takes references")
	}
	if !slices.Contains(param.Targets(), typ) {
		return nil, unknown("the parameter "+code+" of "+from+" never leads to a "+typ+"; it leads to "+strings.Join(param.Targets(), ", "), nil)
	}
	where, err := p.onType(from, rest, value, depth+1)
	if err != nil {
		return nil, err
	}
	return Reverse{Type: from, Param: param, Where: where}, nil
}
