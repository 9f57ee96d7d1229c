package fhirpath

import "strings"

var utilityFunctions = map[string]signature{
	"now":       {fn: clockFunction(func(d DateTime) System { return d })},
	"today":     {fn: clockFunction(func(d DateTime) System { return d.date() })},
	"timeOfDay": {fn: clockFunction(func(d DateTime) System { return d.timeOfDay() })},
	"type":      {fn: types},
}

// clockFunction makes a function of the evaluation's time, which is the same
// however often it is asked.
func clockFunction(of func(DateTime) System) function {
	return func(m *machine, c *callExpr, _, dst Collection) (Collection, error) {
		if m.ctx.Now.IsZero() {
			return dst, failed(c.offset, "%s needs the evaluation's time, which isn't given here", c.name)
		}
		return append(dst, Of(of(dateTime(m.ctx.Now)))), nil
	}
}

func types(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	for _, v := range in {
		dst = append(dst, Of(typeOf(v)))
	}
	return dst, m.spend(len(in), c.offset)
}

// externalExpr is %name.
type externalExpr struct {
	name   string
	offset int
}

// constants are the names that FHIR gives a fixed meaning
// (https://hl7.org/fhir/R4/fhirpath.html#variables).
var constants = map[string]String{
	"sct":   "http://snomed.info/sct",
	"loinc": "http://loinc.org",
	"ucum":  ucumSystem,
}

func (e *externalExpr) eval(m *machine, dst Collection) (Collection, error) {
	if c, ok := m.ctx.Variables[e.name]; ok {
		return append(dst, c...), m.spend(1+len(c), e.offset)
	}
	if s, ok := constants[e.name]; ok {
		return append(dst, Of(s)), m.spend(1, e.offset)
	}
	switch e.name {
	case "context":
		return append(dst, m.focus...), m.spend(1, e.offset)
	case "resource":
		return appendValid(dst, m.resource()), m.spend(1, e.offset)
	case "rootResource":
		return appendValid(dst, m.rootResource()), m.spend(1, e.offset)
	}
	if name, ok := strings.CutPrefix(e.name, "vs-"); ok {
		return append(dst, Of(String("http://hl7.org/fhir/ValueSet/"+name))), m.spend(1, e.offset)
	}
	if name, ok := strings.CutPrefix(e.name, "ext-"); ok {
		return append(dst, Of(String(structureBase+name))), m.spend(1, e.offset)
	}
	return dst, failed(e.offset, "no value for %%%s is given", e.name)
}
