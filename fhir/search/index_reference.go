package search

import (
	"slices"
	"strings"

	"caseway/fhir"
)

// reference makes the terms of an element that a reference parameter leads to
// (https://hl7.org/fhir/R4/search.html#reference).
func (x *indexer) reference(p *Parameter, n fhir.Node) {
	switch t := n.Type(); {
	case t.Name == "canonical":
		x.canonical(p, n.Text())
	case t.Kind == fhir.PrimitiveType:
		x.link(p, n.Text())
	case t.Name == "Reference":
		if text := n.Child("reference").Text(); text != "" {
			x.link(p, text)
		}
		id := n.Child("identifier")
		system, value := id.Child("system").Text(), id.Child("value").Text()
		if value != "" {
			x.terms = append(x.terms, p.scoped(system, value))
		}
	}
}

// link adds a literal reference. One to a contained resource has no term, but
// chains go on into that.
func (x *indexer) link(p *Parameter, text string) {
	if x.local(p, text) {
		return
	}
	target, version := x.registry.target(text)
	x.term(p, valueKind, target)
	if version == "" {
		x.unversioned = append(x.unversioned, target)
		return
	}
	x.versioned = append(x.versioned, target)
	x.keep(p, keptVersion, versioned(target, version))
}

// bothWays keeps that a parameter leads to a resource as such and to a version
// of it.
func (x *indexer) bothWays(p *Parameter) {
	if len(x.versioned) > 0 {
		for _, target := range x.unversioned {
			if slices.Contains(x.versioned, target) {
				x.keep(p, keptVersion, versioned(target, ""))
			}
		}
	}
	x.versioned, x.unversioned = emptied(x.versioned), emptied(x.unversioned)
}

// versioned writes a target with its version.
func versioned(target, version string) string { return target + "|" + version }

const history = "/_history/"

// target brings a literal reference to the form in which it is compared:
// relative where it is ours, without its version.
func (r *Registry) target(text string) (target, version string) {
	for _, base := range r.bases {
		if own, found := strings.CutPrefix(text, base); found {
			text = own
			break
		}
	}
	if i := strings.Index(text, history); i >= 0 {
		return text[:i], text[i+len(history):]
	}
	return text, ""
}

// canonical adds a canonical, whose version is the target's business version.
func (x *indexer) canonical(p *Parameter, text string) {
	if p.Type == "reference" && x.local(p, text) {
		return
	}
	url, version := splitCanonical(text)
	if p.Type == "reference" {
		url, _ = x.registry.target(url)
	}
	x.address(p, url)
	if version != "" {
		x.keep(p, keptVersion, versioned(url, version))
	}
}

// splitCanonical cuts url|version#fragment
// (https://hl7.org/fhir/R4/references.html#canonical).
func splitCanonical(text string) (url, version string) {
	url, version, _ = strings.Cut(text, "|")
	if version != "" {
		version, _, _ = strings.Cut(version, "#")
	}
	return url, version
}

// uri makes the terms of an element that a uri parameter leads to.
func (x *indexer) uri(p *Parameter, n fhir.Node) {
	switch t := n.Type(); {
	case t.Name == "canonical":
		x.canonical(p, n.Text())
	case t.Kind == fhir.PrimitiveType:
		x.address(p, n.Text())
	}
}

func (x *indexer) address(p *Parameter, text string) {
	x.term(p, valueKind, text)
	if len(text) > longestValue && p.Type == "uri" {
		x.keep(p, keptURI, text)
	}
}

// Reference is what a reference parameter leads to from a resource.
type Reference struct {
	Key     fhir.Key // of a resource of this server; zero for others
	Target  string   // "CarePlan/1", an absolute URL or a canonical, without a version
	Version string   // the version that is named; "" where none is
}

// Term is the indexed term of the references to a resource of this server.
func (p *Parameter) Term(key fhir.Key) Term {
	return p.term(valueKind, key.String())
}

// References lists where the parameter leads from a resource with these terms
// and kept values, sorted. A target that is named in several versions is there
// once for each.
func (p *Parameter) References(terms []Term) []Reference {
	var all []Reference
	for _, t := range within(terms, p.term(valueKind, ""), p.term(highKind, "")) {
		target := p.value(t)
		key, _ := fhir.ParseKey(target)
		before := len(all)
		version := p.kept(keptVersion, versioned(target, ""))
		for _, v := range within(terms, version, version+behindAll) {
			all = append(all, Reference{Key: key, Target: target, Version: string(v[len(version):])})
		}
		if len(all) == before {
			all = append(all, Reference{Key: key, Target: target})
		}
	}
	return all
}
