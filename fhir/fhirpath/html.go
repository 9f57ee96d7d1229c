package fhirpath

import "caseway/fhir"

// htmlChecks reports whether a narrative is well-formed, has only what is
// allowed, and has some content.
func htmlChecks(m *machine, c *callExpr, in, dst Collection) (Collection, error) {
	v, ok, err := c.one(in)
	if err != nil || !ok {
		return dst, err
	}
	text := []byte(v.String())
	m.steps -= len(text) / 16
	return truthOf(fhir.IsHTML(text)).append(dst), nil
}
