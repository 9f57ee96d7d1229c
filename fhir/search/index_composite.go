package search

import (
	"slices"
	"strconv"
	"strings"

	"caseway/fhir"
)

// composite keeps what an element's components are, if each has a value. There
// is no index term: the parameters of the components have theirs, and a search
// is driven by those (https://hl7.org/fhir/R4/search.html#composite).
func (x *indexer) composite(p *Parameter, n fhir.Node) {
	if x.inner == nil {
		x.inner = &indexer{registry: x.registry}
	}
	x.inner.registry, x.inner.context = x.registry, x.context
	parts := make([][]Term, 0, len(p.parts))
	for _, part := range p.parts {
		x.inner.reset()
		for _, b := range part.branches {
			x.inner.add(part.values, b.expr, n)
		}
		all := sorted(append(x.inner.terms, x.inner.kept...))
		if len(all) == 0 {
			return
		}
		parts = append(parts, all)
	}
	x.keep(p, keptComposite, encodeParts(parts))
}

// encodeParts writes lists of terms so that any text within them is safe: each
// term with its length before it, a dot behind each list.
func encodeParts(parts [][]Term) string {
	var b strings.Builder
	for _, terms := range parts {
		for _, t := range terms {
			b.WriteString(strconv.Itoa(len(t)))
			b.WriteByte(':')
			b.WriteString(string(t))
		}
		b.WriteByte('.')
	}
	return b.String()
}

func decodeParts(text string) [][]Term {
	var parts [][]Term
	var terms []Term
	for text != "" {
		if rest, found := strings.CutPrefix(text, "."); found {
			parts, terms, text = append(parts, slices.Clone(terms)), terms[:0], rest
			continue
		}
		length, rest, found := strings.Cut(text, ":")
		n, err := strconv.Atoi(length)
		if !found || err != nil || n > len(rest) {
			return nil
		}
		terms, text = append(terms, Term(rest[:n])), rest[n:]
	}
	return parts
}
