package search

import (
	"context"
	"slices"
	"strings"
	"time"

	"caseway/fhir"
)

// Env is what a condition may ask for beside its value.
type Env struct {
	// Now is what the prefix ap measures dates from.
	Now time.Time
	// Terminology answers for value sets and hierarchies of codes that the
	// definitions don't have; nil refuses them.
	Terminology Terminology
	// Hierarchy finds the resources above or below one of ours, itself among
	// them, by references of its type to itself; nil refuses :above and :below
	// on references.
	Hierarchy func(ctx context.Context, of fhir.Key, above bool) ([]fhir.Key, error)
	// Base is the base URL by which the client calls us, without a closing
	// slash: references below it are ours as those below the Registry's are.
	Base string
}

// Terminology knows value sets and hierarchies of codes. Its errors of type
// *fhir.Error reach the client. Safe for concurrent use.
type Terminology interface {
	// Expand lists the codes of a value set, named by canonical URL or as
	// ValueSet/id.
	Expand(ctx context.Context, valueSet string) ([]Coding, error)
	// Below lists the codes that a code subsumes, itself among them. Its
	// system is "" where the request names none.
	Below(ctx context.Context, code Coding) ([]Coding, error)
	// Above lists the codes that subsume a code, itself among them.
	Above(ctx context.Context, code Coding) ([]Coding, error)
}

// Coding is a code of a code system.
type Coding struct{ System, Code string }

// mostValues bounds the values that may stand between commas.
const mostValues = 10_000

// modifiers of each type of parameter that works here.
var modifiers = map[string][]string{
	"string":    {"missing", "exact", "contains"},
	"token":     {"missing", "text", "not", "in", "not-in", "above", "below", "of-type"},
	"reference": {"missing", "identifier", "above", "below"},
	"uri":       {"missing", "above", "below"},
	"number":    {"missing"},
	"date":      {"missing"},
	"quantity":  {"missing"},
	"phonetic":  {"missing"}, // of any parameter that goes by sound
}

// Modifiers lists the modifiers that the parameter takes; a reference
// parameter takes the types of Targets too.
func (p *Parameter) Modifiers() []string {
	if p.phonetic {
		return modifiers["phonetic"]
	}
	return modifiers[p.Type]
}

// conditioner makes one parameter of a request into a condition.
type conditioner struct {
	ctx      context.Context
	p        *Parameter
	modifier string
	env      Env
}

// Condition says which resources a parameter of a request selects. value is
// what stands behind "=", with its commas and escapes. An error is of type
// *fhir.Error and tells what would be right, without what was sent; but errors
// of env are passed on.
func (r *Registry) Condition(ctx context.Context, p *Parameter, modifier, value string, env Env) (Expr, error) {
	c := &conditioner{ctx: ctx, p: p, modifier: modifier, env: env}
	if err := c.usable(); err != nil {
		return nil, err
	}
	if modifier == "missing" {
		return c.missing(value)
	}
	values := splitValue(value, ',')
	if len(values) > mostValues {
		return nil, fhir.NewError(fhir.TooCostly, fhir.IssueTooCostly,
			"the parameter "+c.name()+" has more than 10,000 values")
	}
	var found []Expr
	for _, v := range values {
		e, err := c.one(v)
		if err != nil {
			return nil, err
		}
		found = append(found, e)
	}
	e := anyOf(found)
	if modifier == "not" || modifier == "not-in" {
		e = Not{e}
	}
	return e, nil
}

// usable refuses parameters and modifiers that don't work.
func (c *conditioner) usable() error {
	p := c.p
	p.compile()
	switch {
	case p.Refused != "":
		return fhir.NewError(fhir.Invalid, fhir.IssueNotSupported, "the parameter "+p.Code+" isn't supported: "+p.Refused)
	case p.problem != nil:
		return c.unsupported("its expression can't be used")
	case p.Pending:
		return c.unsupported("existing resources aren't indexed by it yet" + p.howFar() + "; until they are, its answers would be incomplete")
	case c.modifier == "" || slices.Contains(p.Modifiers(), c.modifier):
		return nil
	case p.Type == "reference" && slices.Contains(p.Targets(), c.modifier):
		return nil
	}
	return c.refuseModifier()
}

func (c *conditioner) refuseModifier() error {
	allowed := c.p.Modifiers()
	text := "the parameter " + c.p.Code + " of type " + c.p.Type + " doesn't take this modifier; "
	if len(allowed) == 0 {
		text += "it takes none"
	} else {
		text += "what works is :" + strings.Join(allowed, ", :")
	}
	if targets := c.p.certainTargets(); c.p.Type == "reference" && len(targets) > 0 {
		text += ", :" + strings.Join(targets, ", :")
	} else if c.p.Type == "reference" {
		text += " and a resource type"
	}
	return fhir.NewError(fhir.Invalid, fhir.IssueNotSupported, text)
}

// missing holds for resources without any value of the parameter, or with one.
func (c *conditioner) missing(value string) (Expr, error) {
	var e Expr = c.present()
	switch c.p.Code {
	case "_id", "_lastUpdated":
		e = And{} // every resource has them
	}
	switch value {
	case "true":
		return Not{e}, nil
	case "false":
		return e, nil
	}
	return nil, c.invalid("the value is true or false")
}

// present selects all terms of the parameter.
func (c *conditioner) present() Leaf {
	return Leaf{From: c.p.term(scopedKind, ""), To: c.p.term(behindKinds, "")}
}

// one makes the condition for one value.
func (c *conditioner) one(value string) (Expr, error) {
	if value == "" {
		return nil, c.invalid("there is no value")
	}
	switch c.p.Code {
	case "_id":
		return c.id(value)
	case "_lastUpdated":
		return c.lastUpdated(value)
	}
	switch c.p.Type {
	case "token":
		return c.token(value)
	case "string":
		return c.string(value)
	case "reference":
		return c.reference(value)
	case "date":
		return c.date(value)
	case "number":
		return c.number(value)
	case "quantity":
		return c.quantity(value)
	case "uri":
		return c.uri(value)
	case "composite":
		return c.composite(value)
	}
	return nil, c.unsupported("parameters of type " + c.p.Type + " don't work")
}

// id is the parameter _id, which the key answers.
func (c *conditioner) id(value string) (Expr, error) {
	if c.modifier != "" && c.modifier != "not" {
		return nil, fhir.NewError(fhir.Invalid, fhir.IssueNotSupported,
			"the parameter _id doesn't take this modifier; what works is :missing, :not")
	}
	text, err := c.plain(value)
	if err != nil {
		return nil, err
	}
	if !fhir.IsID(text) {
		return nil, c.invalid("the value is a logical id: 1 to 64 of A-Z, a-z, 0-9, - and .")
	}
	return Keys{{Type: c.p.Resource, ID: text}}, nil
}

// anyOf joins conditions by OR and puts those together that are of one form.
func anyOf(all []Expr) Expr {
	var exact []Term
	var keys Keys
	var rest Or
	for _, e := range all {
		switch l := e.(type) {
		case Keys:
			keys = append(keys, l...)
			continue
		case Leaf:
			if len(l.Exact) > 0 && l.Indexed() {
				exact = append(exact, l.Exact...)
				continue
			}
		}
		rest = append(rest, e)
	}
	if len(keys) > 0 {
		slices.SortFunc(keys, func(a, b fhir.Key) int { return strings.Compare(a.ID, b.ID) })
		rest = append(rest, slices.Compact(keys))
	}
	if len(exact) > 0 {
		rest = append(rest, exactly(exact...))
	}
	if len(rest) == 1 {
		return rest[0]
	}
	return rest
}

// exactly selects terms as they are.
func exactly(terms ...Term) Leaf {
	slices.Sort(terms)
	return Leaf{Exact: slices.Compact(terms)}
}

// nothing never holds.
func nothing() Expr { return Or{} }

// prefixed selects indexed terms that begin with a text.
func prefixed(text Term) Leaf { return Leaf{From: text, To: text + behindAll} }

// among selects kept values: within a range, by a test. They aren't indexed; so
// driver, a condition on the parameter's indexed terms that selects more, stands
// beside it.
func (c *conditioner) among(driver Expr, letter byte, test func(value string) bool) Expr {
	from := c.p.kept(letter, "")
	skip := len(from)
	return And{driver, Leaf{
		From: from, To: c.p.kept(letter+1, ""),
		Test: func(t Term) bool { return test(string(t[skip:])) },
	}}
}
