package search

import (
	"slices"
	"strings"

	"caseway/fhir"
)

// reference reads id, Type/id, an absolute URL or a canonical, with a version
// or without (https://hl7.org/fhir/R4/search.html#reference).
func (c *conditioner) reference(value string) (Expr, error) {
	if c.modifier == "identifier" {
		return c.identifier(value)
	}
	text, err := c.plain(value)
	if err != nil {
		return nil, err
	}
	if c.canonicals() || strings.Contains(text, "|") && !c.p.shape.only("Reference", "Attachment") {
		return c.canonical(text)
	}
	target, version := c.p.registry.target(c.env.own(text))
	keys, err := c.keys(target)
	if err != nil {
		return nil, err
	}
	if c.modifier == "above" || c.modifier == "below" {
		if keys, err = c.related(keys); err != nil {
			return nil, err
		}
	}
	if keys == nil {
		return c.link(target, version), nil
	}
	var any []Expr
	// Where no setting says what our base is, a reference that was written by
	// this very URL is indexed as it stands.
	if written, of := c.p.registry.target(text); strings.Contains(written, ":") && target != written {
		any = append(any, c.link(written, of))
	}
	for _, k := range keys {
		any = append(any, c.link(k.String(), version))
	}
	return anyOf(any), nil
}

// own takes our base away from an absolute URL.
func (e Env) own(text string) string {
	if e.Base == "" {
		return text
	}
	return strings.TrimPrefix(text, e.Base+"/")
}

// canonicals reports whether the parameter leads to canonicals alone.
func (c *conditioner) canonicals() bool { return c.p.shape.only("canonical", "uri") }

// keys reads a target that is ours; nil for an absolute URL or URN.
func (c *conditioner) keys(target string) ([]fhir.Key, error) {
	types := c.p.Targets()
	if c.isType() {
		types = []string{c.modifier}
	}
	if strings.Contains(target, ":") {
		if c.isType() {
			return nil, c.invalid("with a type as modifier the value is the logical id of a resource of this server")
		}
		return nil, nil
	}
	if fhir.IsID(target) {
		keys := make([]fhir.Key, 0, len(types))
		for _, typ := range types {
			keys = append(keys, fhir.Key{Type: typ, ID: target})
		}
		return keys, nil
	}
	key, ok := fhir.ParseKey(target)
	switch {
	case !ok:
		return nil, c.invalid("the value is a logical id, Type/id or an absolute URL")
	case !c.p.registry.set.IsResourceType(key.Type):
		return nil, c.invalid("the value names no resource type of FHIR R4")
	case c.isType() && key.Type != c.modifier:
		return nil, c.invalid("the value names another type than the modifier")
	}
	return []fhir.Key{key}, nil
}

func (c *conditioner) isType() bool {
	return c.modifier != "" && !slices.Contains(modifiers["reference"], c.modifier)
}

// link selects references to a target, in one version if that is given.
func (c *conditioner) link(target, version string) Expr {
	any := exactly(c.p.token(target))
	if version == "" {
		return any
	}
	return And{any, exactly(c.p.kept(keptVersion, versioned(target, version)))}
}

// canonical selects canonicals: any version where none is given. With :below a
// version may be given in part: 1 is above 1.0 and 1.1.
func (c *conditioner) canonical(text string) (Expr, error) {
	if c.modifier != "" && c.modifier != "below" {
		return nil, c.unsupported("canonicals take :missing and :below")
	}
	url, version := splitCanonical(text)
	url, _ = c.p.registry.target(c.env.own(url))
	if url == "" {
		return nil, c.invalid("the value is a canonical URL, or url|version")
	}
	if c.modifier == "" || version == "" {
		return c.link(url, version), nil
	}
	from := c.p.kept(keptVersion, versioned(url, version))
	return And{
		exactly(c.p.token(url)),
		Or{exactly(from), prefixed(from + ".")},
	}, nil
}

// related widens keys to what stands above or below them.
func (c *conditioner) related(keys []fhir.Key) ([]fhir.Key, error) {
	if c.env.Hierarchy == nil || len(keys) != 1 {
		return nil, c.unsupported("hierarchies of resources work where the value names one resource of this server whose type refers to itself")
	}
	return c.env.Hierarchy(c.ctx, keys[0], c.modifier == "above")
}

// identifier reads a token that is compared with Reference.identifier.
func (c *conditioner) identifier(value string) (Expr, error) {
	if c.canonicals() {
		return nil, c.unsupported("canonicals have no identifier")
	}
	parts, err := c.plainParts(value, '|')
	if err != nil {
		return nil, err
	}
	switch {
	case len(parts) == 1 && parts[0] != "":
		return c.identifierValue(parts[0]), nil
	case len(parts) != 2 || parts[0]+parts[1] == "":
		return nil, c.invalid(`the value is value, system|value, |value or system|; a bar within them is written \|`)
	case parts[1] == "":
		return prefixed(c.p.term(scopedKind, scope(parts[0]))), nil
	}
	return exactly(c.p.scoped(parts[0], parts[1])), nil
}

// identifierValue selects a value under whatever system.
func (c *conditioner) identifierValue(value string) Expr {
	from := c.p.term(scopedKind, "")
	want := shorten(value, longestValue)
	return Leaf{From: from, To: c.p.term(keptKind, ""), Test: func(t Term) bool {
		_, got := cutBar(string(t[len(from):]))
		return got == want
	}}
}

// uri compares URIs as they are, or by their beginnings
// (https://hl7.org/fhir/R4/search.html#uri).
func (c *conditioner) uri(value string) (Expr, error) {
	text, err := c.plain(value)
	if err != nil {
		return nil, err
	}
	if c.modifier != "" && !strings.Contains(text, "://") {
		return nil, c.unsupported("only URLs have others above and below them, not URNs or relative URIs")
	}
	switch {
	case c.modifier == "above":
		return c.urisAbove(text), nil
	case c.modifier == "below":
		return c.urisBelow(text), nil
	case c.p.shape.only("canonical"):
		return c.link(splitCanonical(text)), nil
	}
	url, version, found := strings.Cut(text, "|")
	if of := c.p.registry.Parameter(c.p.Resource, "version"); found && version != "" && c.p.url && of != nil && of.Type == "token" {
		of.compile()
		inner := &conditioner{ctx: c.ctx, p: of, env: c.env}
		return And{exactly(c.p.token(url)), inner.coding(Coding{Code: version}, false)}, nil
	}
	return exactly(c.p.token(text)), nil
}

// urisBelow selects URIs that begin with a text.
func (c *conditioner) urisBelow(text string) Expr {
	if len(text) <= longestValue-3 {
		return prefixed(c.p.term(valueKind, text))
	}
	driver := prefixed(c.p.term(valueKind, strings.ToValidUTF8(text[:longestValue-3], "")))
	return c.among(driver, keptURI, func(kept string) bool { return strings.HasPrefix(kept, text) })
}

// urisAbove selects the URL itself and those that it lies below: cut at each
// slash, with and without it.
func (c *conditioner) urisAbove(text string) Expr {
	terms := []Term{c.p.token(text)}
	host := strings.Index(text, "://") + len("://")
	for i := host; i < len(text); i++ {
		if text[i] == '/' {
			terms = append(terms, c.p.token(text[:i]), c.p.token(text[:i+1]))
		}
	}
	return exactly(terms...)
}
