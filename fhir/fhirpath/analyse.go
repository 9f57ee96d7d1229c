package fhirpath

import (
	"slices"
	"strings"

	"caseway/fhir"
)

// Analysis is what an expression over elements comes to, as far as definitions
// tell.
type Analysis struct {
	// Text is the expression with choices in FHIRPath's own spelling: where it
	// names one as JSON does, valueDateTime, it has value.ofType(dateTime).
	Text string
	// Types and System are the types that its items may have; with Open they may
	// have others too.
	Types  []*fhir.Type
	System []string
	Open   bool
	// Empty: it begins with other types than the focus and gives nothing.
	Empty bool
}

// Analyse reads an expression that is to be evaluated on one resource by itself,
// as those of search parameters are. Beyond what For refuses, it refuses what
// then gives nothing or not always the same: variables that nobody sets, types
// that an element never has, the resources that references lead to, value sets
// and the time. The error is a *SyntaxError.
func Analyse(schema fhir.Schema, text string, focus ...*fhir.Type) (Analysis, error) {
	t, err := parse(text)
	if err != nil {
		return Analysis{}, err
	}
	c := &checker{text: text, schema: schema, byItself: true}
	for _, of := range focus {
		c.focus = c.focus.or(ofFHIR(of))
	}
	s, err := c.visit(t, c.focus)
	if err != nil {
		return Analysis{}, err
	}
	a := Analysis{Text: c.spelt(), Open: s.any, Empty: s.none}
	for _, of := range s.types {
		if of.fhir != nil {
			a.Types = append(a.Types, of.fhir)
		} else {
			a.System = append(a.System, of.system)
		}
	}
	return a, nil
}

// spelling is a name that is to be written otherwise.
type spelling struct {
	at       int
	old, new string
}

// spelt is the text with all spellings in place.
func (c *checker) spelt() string {
	slices.SortFunc(c.spellings, func(a, b spelling) int { return a.at - b.at })
	var b strings.Builder
	from := 0
	for _, s := range slices.Compact(c.spellings) {
		if !strings.HasPrefix(c.text[s.at:], s.old) {
			continue // a name between quotes is FHIRPath's own
		}
		b.WriteString(c.text[from:s.at])
		b.WriteString(s.new)
		from = s.at + len(s.old)
	}
	b.WriteString(c.text[from:])
	return b.String()
}

// choice finds an element that is named as in JSON, and notes its spelling.
func (c *checker) choice(t *memberTerm, of *fhir.Type) (static, bool) {
	p, ok := of.Property([]byte(t.name))
	if !c.byItself || !ok || p.Twin || !p.Element.Choice {
		return static{}, false
	}
	c.spellings = append(c.spellings, spelling{t.pos(), t.name, p.Element.Name + ".ofType(" + p.Type.Name + ")"})
	return ofFHIR(p.Type.Type()), true
}

// elsewhere are functions whose result isn't in the resource itself.
var elsewhere = map[string]string{
	"resolve":    "resolve() works in type tests alone, such as where(resolve() is Patient): a resource is read by itself, without those that it refers to",
	"memberOf":   "memberOf() asks for a value set, which may change; search by the code and the modifier :in instead",
	"conformsTo": "conformsTo() asks for a profile, which may change; search by _profile instead",
	"now":        "now() is another time at each evaluation; compare with a time in the search instead",
	"today":      "today() is another day at each evaluation; compare with a date in the search instead",
	"timeOfDay":  "timeOfDay() is another time at each evaluation",
}

// variables are those that are set wherever an expression is evaluated.
var variables = []string{"context", "resource", "rootResource"}

// checkItself refuses what can't be evaluated on a resource by itself.
func (c *checker) checkItself(t term) error {
	if !c.byItself {
		return nil
	}
	switch t := t.(type) {
	case *callTerm:
		if why := elsewhere[t.name]; why != "" {
			return c.fail(t, "%s", why)
		}
	case *externalTerm:
		_, constant := constants[t.name]
		if !constant && !strings.HasPrefix(t.name, "vs-") && !strings.HasPrefix(t.name, "ext-") && !slices.Contains(variables, t.name) {
			return c.fail(t, "there is no variable %%%s; those that are set are %%%s", t.name, strings.Join(variables, ", %"))
		}
	}
	return nil
}

// narrowed gives what items of a collection have a type; fails where none can.
func (c *checker) narrowed(t term, in static, of typeName) (static, error) {
	result := ofSystem(of.name)
	named := c.schema.Type(of.name)
	if of.space != systemSpace && named != nil {
		result = ofFHIR(named)
	}
	result.unordered, result.none = in.unordered, in.none
	if !c.byItself || in.any || in.none || len(in.types) == 0 {
		return result, nil
	}
	var kept static
	for _, s := range in.types {
		switch {
		case s.fhir == nil && (s.system == of.name && of.space != fhirSpace):
			kept = kept.or(ofSystem(s.system))
		case s.fhir == nil || of.space == systemSpace:
		case isType(s.fhir, of.name, c.schema):
			kept = kept.or(ofFHIR(s.fhir))
		case named != nil && isType(named, s.fhir.Name, c.schema):
			kept = kept.or(ofFHIR(named))
		}
	}
	if len(kept.types) == 0 {
		return static{}, c.fail(t, "no %s is a %s", in.types[0], of)
	}
	kept.unordered = in.unordered
	return kept, nil
}
