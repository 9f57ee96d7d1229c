package search

import "strconv"

// composite reads values joined by "$" that one element must have together
// (https://hl7.org/fhir/R4/search.html#composite). The parameters of the
// components narrow the search; the element's kept components decide.
func (c *conditioner) composite(value string) (Expr, error) {
	values := splitValue(value, '$')
	if len(values) != len(c.p.parts) {
		return nil, c.invalid("the value is " + strconv.Itoa(len(c.p.parts)) + " values joined by $")
	}
	var all And
	inner := make([]Expr, len(values))
	for i, part := range c.p.parts {
		e, err := c.of(part.values).one(values[i])
		if err != nil {
			return nil, err
		}
		inner[i] = e
		if part.same == nil {
			continue
		}
		if e, err = c.of(part.same).one(values[i]); err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	if c.p.whole {
		return all, nil
	}
	from := c.p.kept(keptComposite, "")
	return append(all, Leaf{From: from, To: c.p.kept(keptComposite+1, ""), Test: func(t Term) bool {
		parts := decodeParts(string(t[len(from):]))
		for i := range inner {
			if i >= len(parts) || !Match(inner[i], parts[i]) {
				return false
			}
		}
		return true
	}}), nil
}

// of makes conditions for a component.
func (c *conditioner) of(p *Parameter) *conditioner {
	return &conditioner{ctx: c.ctx, p: p, env: c.env}
}
