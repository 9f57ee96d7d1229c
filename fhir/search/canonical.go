package search

import (
	"slices"
	"strconv"

	"caseway/fhir"
)

// A reference parameter may lead to elements of type canonical as well, which
// name a resource by its url and, it may be, its business version
// (https://hl7.org/fhir/R4/references.html#canonical).

// canonicals reports whether the parameter may lead to a canonical.
func (p *Parameter) canonicals() bool {
	if p.Definition == nil {
		return false
	}
	p.compile()
	return !p.shape.known || slices.Contains(p.shape.types, "canonical")
}

// linksTo are the conditions, any of which resources satisfy that refer to a
// resource by the parameter.
func (p *Parameter) linksTo(h Hit) []Expr {
	links := []Expr{Leaf{Exact: []Term{p.Term(h.Key)}}}
	url := p.registry.Parameter(h.Key.Type, "url")
	if url == nil || !p.canonicals() {
		return links
	}
	version := p.registry.Parameter(h.Key.Type, "version")
	for _, t := range within(h.Terms, url.term(valueKind, ""), url.term(highKind, "")) {
		target := url.value(t)
		prefix := p.kept(keptVersion, versioned(target, ""))
		named := Leaf{From: prefix, To: prefix + behindAll}
		fits := Or{Not{named}}
		if version != nil {
			for _, v := range within(h.Terms, version.term(valueKind, ""), version.term(highKind, "")) {
				fits = append(fits, Leaf{Exact: []Term{prefix + Term(version.value(v))}})
			}
		}
		links = append(links, And{Leaf{Exact: []Term{p.term(valueKind, target)}}, fits})
	}
	return links
}

// links are what a parameter leads to from a resource.
type links struct {
	keys     []fhir.Key
	versions []VersionedKey // of resources of this server
	others   []Expr         // what canonicals mean
}

// linksFrom gives what the parameter leads to from a resource with these terms.
func (p *Parameter) linksFrom(terms []Term) (l links) {
	for _, ref := range p.References(terms) {
		if ref.Key != (fhir.Key{}) {
			if version, err := strconv.ParseInt(ref.Version, 10, 64); err == nil {
				l.versions = append(l.versions, VersionedKey{Key: ref.Key, VersionID: version})
			} else {
				l.keys = append(l.keys, ref.Key)
			}
			continue
		}
		if !p.canonicals() {
			continue
		}
		for _, typ := range p.Targets() {
			if e := p.canonicalTarget(typ, ref); e != nil {
				l.others = append(l.others, e)
			}
		}
	}
	return l
}

// canonicalTarget is the condition on resources of a type that a canonical
// reference means; nil where it can't mean any.
func (p *Parameter) canonicalTarget(typ string, ref Reference) Expr {
	url := p.registry.Parameter(typ, "url")
	if url == nil || url.Type != "uri" || !p.canonicals() {
		return nil
	}
	is := Leaf{Exact: []Term{url.term(valueKind, ref.Target)}}
	if ref.Version == "" {
		return is
	}
	version := p.registry.Parameter(typ, "version")
	if version == nil {
		return nil
	}
	return And{is, Leaf{Exact: []Term{version.term(valueKind, shorten(ref.Version, longestValue))}}}
}
