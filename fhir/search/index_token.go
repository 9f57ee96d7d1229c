package search

import "caseway/fhir"

// token makes the terms of an element that a token parameter leads to
// (https://hl7.org/fhir/R4/search.html#token).
func (x *indexer) token(p *Parameter, n fhir.Node) {
	switch t := n.Type(); {
	case t.Kind == fhir.PrimitiveType:
		x.primitiveToken(p, n)
	case t.Name == "Coding":
		x.coding(p, n)
	case t.Name == "CodeableConcept":
		for c := n.First(); c.Valid(); c = c.Next() {
			switch c.Name() {
			case "coding":
				x.coding(p, c)
			case "text":
				x.display(p, c.Text())
			}
		}
	case t.Name == "Identifier":
		x.identifier(p, n)
	case t.Name == "ContactPoint":
		if value := n.Child("value").Text(); value != "" {
			x.term(p, valueKind, foldCase(value))
		}
	}
}

// primitiveToken: strings match without case, and an id, uri or boolean has no
// system. The system of a code is implied by its value set; where the
// parameter leads to other types too, the code counts as having none.
func (x *indexer) primitiveToken(p *Parameter, n fhir.Node) {
	switch n.Type().Name {
	case "string", "markdown":
		x.term(p, valueKind, foldCase(n.Text()))
	case "code":
		if p.shape.only("code") {
			x.term(p, valueKind, n.Text())
			return
		}
		x.code(p, n.Text())
	case "id", "uri", "url", "canonical", "oid", "uuid", "boolean", "integer", "positiveInt", "unsignedInt":
		x.term(p, valueKind, n.Text())
	}
}

// code adds a code without a system.
func (x *indexer) code(p *Parameter, code string) {
	x.term(p, valueKind, code)
	x.terms = append(x.terms, p.scoped("", code))
}

func (x *indexer) coding(p *Parameter, n fhir.Node) {
	var system, code string
	for c := n.First(); c.Valid(); c = c.Next() {
		switch c.Name() {
		case "system":
			system = c.Text()
		case "code":
			code = c.Text()
		case "display":
			x.display(p, c.Text())
		}
	}
	if code != "" {
		x.term(p, valueKind, code)
	}
	if code != "" || system != "" {
		x.terms = append(x.terms, p.scoped(system, code))
	}
}

// display keeps a text for the modifier :text.
func (x *indexer) display(p *Parameter, text string) {
	if folded := fold(text); folded != "" && p.prefix != "" {
		x.keep(p, keptText, folded)
	}
}

func (x *indexer) identifier(p *Parameter, n fhir.Node) {
	system, value := n.Child("system").Text(), n.Child("value").Text()
	if value != "" {
		x.term(p, valueKind, value)
	}
	if value != "" || system != "" {
		x.terms = append(x.terms, p.scoped(system, value))
	}
	if p.prefix == "" {
		return
	}
	of := n.Child("type")
	for c := of.First(); c.Valid(); c = c.Next() {
		switch c.Name() {
		case "coding":
			if code := c.Child("code").Text(); code != "" && value != "" {
				x.keep(p, keptTyped, typed(c.Child("system").Text(), code, value))
			}
		case "text":
			x.display(p, c.Text())
		}
	}
}

// typed writes an identifier with one of its types, for the modifier :of-type.
func typed(system, code, value string) string {
	return escapeBar(system) + "|" + escapeBar(code) + "|" + value
}
