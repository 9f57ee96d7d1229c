package search

import (
	"errors"
	"slices"
	"strings"

	"caseway/fhir"
)

// token reads [system]|[code] and the modifiers of tokens
// (https://hl7.org/fhir/R4/search.html#token).
func (c *conditioner) token(value string) (Expr, error) {
	switch c.modifier {
	case "text":
		return c.tokenText(value)
	case "in", "not-in":
		return c.memberOf(value)
	case "of-type":
		return c.ofType(value)
	}
	parts, err := c.plainParts(value, '|')
	if err != nil {
		return nil, err
	}
	coding := Coding{Code: parts[len(parts)-1]}
	if len(parts) == 2 {
		coding.System = parts[0]
	}
	switch {
	case len(parts) > 2:
		return nil, c.invalid(`the value has more than one bar; a bar within a system or code is written \|`)
	case coding == Coding{}:
		return nil, c.invalid("the value is code, system|code, |code or system|")
	case len(parts) == 2 && c.p.shape.only(withoutSystem...):
		return nil, c.invalid("its elements have no system, so the value has no bar")
	case len(parts) == 2 && c.p.shape.only("code") && len(c.p.codeSets()) == 0:
		return nil, c.invalid("the system of its codes isn't known, so the value has no bar")
	case c.p.shape.only("boolean") && coding.Code != "true" && coding.Code != "false":
		return nil, c.invalid("the value is true or false")
	case c.modifier == "above" || c.modifier == "below":
		return c.hierarchy(coding)
	case c.p.shape.only("code"):
		return c.code(coding, len(parts) == 2), nil
	}
	return c.coding(coding, len(parts) == 2), nil
}

// withoutSystem are the types whose tokens have no system. That of a code is
// implied.
var withoutSystem = []string{"string", "markdown", "ContactPoint", "boolean", "id", "uri", "url", "oid", "uuid", "canonical"}

// withoutCase are the types whose tokens compare without case.
var withoutCase = []string{"string", "markdown", "ContactPoint"}

// coding selects Codings, Identifiers and other tokens.
func (c *conditioner) coding(coding Coding, bar bool) Expr {
	p := c.p
	switch {
	case !bar && p.shape.only(withoutCase...):
		return exactly(p.token(foldCase(coding.Code)))
	case !bar && (!p.shape.known || slices.ContainsFunc(withoutCase, p.shape.has)):
		return exactly(p.token(coding.Code), p.token(foldCase(coding.Code)))
	case !bar:
		return exactly(p.token(coding.Code))
	case coding.Code == "":
		return prefixed(p.term(scopedKind, scope(coding.System)))
	}
	return exactly(p.scoped(coding.System, coding.Code))
}

func (p *Parameter) token(code string) Term {
	return p.term(valueKind, shorten(code, longestValue))
}

// code selects elements of type code. Their terms have no system: a system
// that is asked for is compared with the value set's.
func (c *conditioner) code(coding Coding, bar bool) Expr {
	sets := c.p.codeSets()
	switch {
	case !bar:
		return exactly(c.p.token(coding.Code))
	case coding.System == "":
		return nothing() // each code has a system
	case coding.Code == "":
		from := c.p.term(valueKind, "")
		return Leaf{From: from, To: c.p.term(highKind, ""), Test: func(t Term) bool {
			return member(sets, Coding{coding.System, string(t[len(from):])})
		}}
	case !member(sets, coding):
		return nothing()
	}
	return exactly(c.p.token(coding.Code))
}

func member(sets []fhir.CodeSet, coding Coding) bool {
	for _, s := range sets {
		if s.Contains(coding.System, coding.Code) == fhir.Member {
			return true
		}
	}
	return false
}

// tokenText compares texts and displays as strings are.
func (c *conditioner) tokenText(value string) (Expr, error) {
	text, err := c.plain(value)
	if err != nil {
		return nil, err
	}
	folded := fold(text)
	if folded == "" {
		return nil, c.invalid("the value needs a letter or digit")
	}
	return And{c.present(), prefixed(c.p.kept(keptText, folded))}, nil
}

// ofType reads system|code|value for identifiers of a type.
func (c *conditioner) ofType(value string) (Expr, error) {
	if c.p.shape.known && !c.p.shape.has("Identifier") {
		return nil, c.unsupported("it leads to no Identifier, which alone has a type")
	}
	parts, err := c.plainParts(value, '|')
	if err != nil {
		return nil, err
	}
	if len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" {
		return nil, c.invalid("the value is system|code|value: system and code of the identifier's type, and its value")
	}
	return And{
		exactly(c.p.token(parts[2])),
		exactly(c.p.kept(keptTyped, typed(parts[0], parts[1], parts[2]))),
	}, nil
}

// memberOf selects codes in a value set: one that the definitions have, or one
// that the terminology expands.
func (c *conditioner) memberOf(value string) (Expr, error) {
	url, err := c.plain(value)
	if err != nil {
		return nil, err
	}
	if set := c.p.registry.set.CodeSet(url); set != nil && set.Contains("", "") != fhir.Unknown {
		return c.inSet(set), nil
	}
	url = c.env.own(url)
	if c.env.Terminology == nil {
		return nil, c.unsupported("the value set isn't known; the value is the canonical URL of one that is")
	}
	codings, err := c.env.Terminology.Expand(c.ctx, url)
	if err != nil {
		return nil, c.passOn(err)
	}
	return c.oneOf(codings), nil
}

// inSet asks a code set about each term.
func (c *conditioner) inSet(set fhir.CodeSet) Expr {
	if c.p.shape.only("code") {
		from, sets := c.p.term(valueKind, ""), c.p.codeSets()
		return Leaf{From: from, To: c.p.term(highKind, ""), Test: func(t Term) bool {
			code := string(t[len(from):])
			return slices.ContainsFunc(systemsOf(sets, code), func(system string) bool {
				return set.Contains(system, code) == fhir.Member
			})
		}}
	}
	from := c.p.term(scopedKind, "")
	return Leaf{From: from, To: c.p.term(keptKind, ""), Test: func(t Term) bool {
		system, code := cutBar(string(t[len(from):]))
		return system != "" && set.Contains(system, code) == fhir.Member
	}}
}

// systemsOf finds the code systems that a code's value sets take it from.
func systemsOf(sets []fhir.CodeSet, code string) (systems []string) {
	for _, s := range sets {
		if l, is := s.(interface{ Systems(code string) []string }); is {
			systems = append(systems, l.Systems(code)...)
		}
	}
	return systems
}

// hierarchy selects codes above or below one. For media types, what is below
// is the same type with parameters.
func (c *conditioner) hierarchy(coding Coding) (Expr, error) {
	if c.modifier == "below" && c.mediaTypes() {
		return Or{exactly(c.p.token(coding.Code)), prefixed(c.p.term(valueKind, coding.Code+";")), prefixed(c.p.term(valueKind, coding.Code+" "))}, nil
	}
	if c.env.Terminology == nil {
		return nil, c.unsupported("no hierarchy of codes is known")
	}
	if coding.Code == "" {
		return nil, c.invalid("the value is system|code")
	}
	find := c.env.Terminology.Below
	if c.modifier == "above" {
		find = c.env.Terminology.Above
	}
	codings, err := find(c.ctx, coding)
	if err != nil {
		return nil, c.passOn(err)
	}
	return c.oneOf(codings), nil
}

func (c *conditioner) mediaTypes() bool {
	sets := c.p.codeSets()
	return len(sets) == 1 && sets[0] == c.p.registry.set.CodeSet("http://hl7.org/fhir/ValueSet/mimetypes")
}

// oneOf selects any of some codes.
func (c *conditioner) oneOf(codings []Coding) Expr {
	var any []Expr
	for _, coding := range codings {
		if coding.Code == "" {
			continue
		}
		if c.p.shape.only("code") {
			any = append(any, c.code(coding, coding.System != ""))
		} else {
			any = append(any, c.coding(coding, coding.System != ""))
		}
	}
	return anyOf(any)
}

// passOn gives a client's error its parameter, and leaves others alone.
func (c *conditioner) passOn(err error) error {
	if fe := (*fhir.Error)(nil); errors.As(err, &fe) && fe.Kind == fhir.NotFound {
		return fhir.NewError(fhir.Invalid, fhir.IssueNotFound, "the parameter "+c.name()+": "+strings.TrimSpace(fe.Issues[0].Text))
	}
	return err
}
