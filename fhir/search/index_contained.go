package search

import (
	"strings"

	"caseway/fhir"
)

// A contained resource is found by way of what contains it alone: its terms
// stand among those of its container, whose type they begin with.
//
//	MedicationRequest.#?                            it contains something
//	MedicationRequest.#Medication?                  and that is a Medication
//	MedicationRequest.#Medication.code=1            which has this term
//	MedicationRequest.#m1;Medication                of what type the one with the id m1 is
//	MedicationRequest.#m1;Medication.code=1         all that it has, kept to be looked at together
//	MedicationRequest.medication;lm1                which one the container refers to

// containedTerm writes what a contained resource's term is among those of its container.
func containedTerm(container string, t Term) Term { return Term(container+".#") + t }

// containedTypeTerm says that there is a contained resource of a type, or with
// "" of any.
func containedTypeTerm(container, typ string) Term {
	return Term(container + ".#" + typ + string(rune(presentKind)))
}

// containedPrefix begins what is kept of the contained resource with an id.
func containedPrefix(container, id string) Term {
	return Term(container + ".#" + id + string(rune(keptKind)))
}

// contained makes the terms of what a resource contains.
func (x *indexer) contained(root fhir.Node) {
	container := root.Type().Name
	for n := root.First(); n.Valid(); n = n.Next() {
		if n.Name() != "contained" || n.Type() == nil {
			continue
		}
		typ := x.registry.types[n.Type().Name]
		if typ == nil {
			continue
		}
		id := containedPrefix(container, n.Child("id").Text())
		terms, kept := len(x.terms), len(x.kept)
		x.resource(n, typ)
		x.kept = append(x.kept, id+Term(typ.resource))
		for i := kept; i < len(x.kept)-1; i++ {
			x.kept[i] = id + x.kept[i]
		}
		for i := terms; i < len(x.terms); i++ {
			x.kept = append(x.kept, id+x.terms[i])
			x.terms[i] = containedTerm(container, x.terms[i])
		}
		x.terms = append(x.terms, containedTypeTerm(container, ""), containedTypeTerm(container, typ.resource))
	}
}

// local keeps which contained resource a reference leads to.
func (x *indexer) local(p *Parameter, text string) (is bool) {
	id, is := strings.CutPrefix(text, "#")
	if is && id != "" && p.prefix != "" {
		x.keep(p, keptLocal, id)
	}
	return is
}

// locals are the contained resources to which the parameter leads from a hit.
func (p *Parameter) locals(h *Hit) []Hit {
	holder := h
	if h.holder != nil {
		holder = h.holder
	}
	var all []Hit
	from := p.kept(keptLocal, "")
	for _, t := range within(h.Terms, from, p.kept(keptLocal+1, "")) {
		prefix := containedPrefix(holder.Key.Type, string(t[len(from):]))
		kept := within(holder.Terms, prefix, prefix+behindAll)
		if len(kept) == 0 {
			continue // there is none with this id
		}
		terms := make([]Term, len(kept)-1)
		for i := range terms {
			terms[i] = kept[i+1][len(prefix):]
		}
		all = append(all, Hit{Key: fhir.Key{Type: string(kept[0][len(prefix):])}, Terms: terms, holder: holder})
	}
	return all
}
