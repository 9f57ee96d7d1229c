package search

import (
	"slices"
	"strings"

	"caseway/fhir"
)

// filterNames are the systems that a filter may call by name.
var filterNames = map[string]string{
	"loinc":  "http://loinc.org",
	"snomed": "http://snomed.info/sct",
	"rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
	"ucum":   "http://unitsofmeasure.org",
}

// filterOperationsOf are the operations of each type of parameter that have an
// exact meaning (https://hl7.org/fhir/R4/search_filter.html#ops), beside pr.
var filterOperationsOf = map[string][]string{
	"string":    {"eq", "ne", "co", "sw", "ew"},
	"number":    prefixes,
	"quantity":  prefixes,
	"date":      append(slices.Clone(prefixes), "po"),
	"token":     {"eq", "ne", "in", "ni", "ss", "sb"},
	"reference": {"re"},
	"uri":       {"eq"},
}

// compare makes the condition of one operation. Numbers, dates and quantities
// compare as the prefixes of the same names do, tokens and URIs as they do
// outside of a filter: with upper and lower case.
func (p *requestParser) compare(param *Parameter, op, value string) (Expr, error) {
	if op == "pr" {
		return p.plainly(param, "missing", "false")
	}
	if !slices.Contains(filterOperationsOf[param.Type], op) || param.phonetic {
		return nil, noSuchOperation(param)
	}
	c := &conditioner{ctx: p.ctx, p: param, env: p.options.Env}
	switch param.Type {
	case "string":
		return c.compareString(op, value), nil
	case "reference", "uri":
		return p.plainly(param, "", value)
	case "token":
		return p.compareToken(c, op, value)
	}
	if op == "po" && param.Code == fieldLastUpdated {
		op = "eq"
	}
	if op == "po" {
		_, want, err := c.dates(value)
		return datesLeaf(param.prefix, "ap", want), err
	}
	return p.plainly(param, "", op+value)
}

// plainly asks for one value, in which a comma is only a comma.
func (p *requestParser) plainly(param *Parameter, modifier, value string) (Expr, error) {
	return p.registry.Condition(p.ctx, param, modifier, oneValue(value), p.options.Env)
}

// oneValue puts a backslash before each comma that has none.
func oneValue(value string) string {
	if strings.IndexByte(value, ',') < 0 {
		return value
	}
	var b strings.Builder
	for i, part := range splitValue(value, ',') {
		if i > 0 {
			b.WriteString(`\,`)
		}
		b.WriteString(part)
	}
	return b.String()
}

func noSuchOperation(param *Parameter) error {
	text := "_filter: the parameter " + param.Code + " of type " + param.Type
	if operations := filterOperationsOf[param.Type]; len(operations) > 0 && !param.phonetic {
		text += " takes the operations " + strings.Join(operations, ", ") + ", pr"
	} else {
		text += " takes the operation pr alone"
	}
	return fhir.NewError(fhir.Invalid, fhir.IssueNotSupported, text)
}

// compareString compares strings as they are written, but for their case.
func (c *conditioner) compareString(op, value string) Expr {
	want := foldCase(value)
	test := map[string]func(have string) bool{
		"eq": func(have string) bool { return have == want },
		"ne": func(have string) bool { return have != want },
		"co": func(have string) bool { return strings.Contains(have, want) },
		"sw": func(have string) bool { return strings.HasPrefix(have, want) },
		"ew": func(have string) bool { return strings.HasSuffix(have, want) },
	}[op]
	var driver Expr = c.present()
	if folded := fold(value); folded != "" && (op == "eq" || op == "sw") {
		driver = c.startsWith(folded)
	}
	return c.among(driver, keptString, func(kept string) bool { return test(foldCase(kept[1:])) })
}

func (p *requestParser) compareToken(c *conditioner, op, value string) (Expr, error) {
	if name, code, found := strings.Cut(value, "|"); found && filterNames[name] != "" {
		value = filterNames[name] + "|" + code
	}
	switch op {
	case "in":
		return p.plainly(c.p, "in", value)
	case "ss":
		return p.plainly(c.p, "below", value)
	case "sb":
		return p.plainly(c.p, "above", value)
	}
	e, err := p.plainly(c.p, "", value)
	if op == "eq" || err != nil {
		return e, err
	}
	return c.otherThan(e)
}

// otherThan selects what has a token beside those of a condition. A
// CodeableConcept may say one thing by several tokens, of which some are
// always others.
func (c *conditioner) otherThan(e Expr) (Expr, error) {
	if c.p.Code == fieldID {
		return Not{e}, nil
	}
	leaf, exact := e.(Leaf)
	if !exact || len(leaf.Exact) == 0 || !c.p.shape.only("code", "boolean", "id", "uri", "url", "string", "ContactPoint") {
		return nil, c.unsupported("in _filter ne works on codes without a system; write not ([parameter] eq [value])")
	}
	return Leaf{
		From: c.p.term(valueKind, ""), To: c.p.term(highKind, ""),
		Test: func(t Term) bool { return !slices.Contains(leaf.Exact, t) },
	}, nil
}
