package search

import (
	"slices"

	"caseway/fhir"
)

// membership is a parameter by which resources of a type are in compartments.
type membership struct {
	parameter *Parameter
	codes     []string // of the compartments
}

// membershipsOf are those of a type.
func (r *Registry) membershipsOf(typ string) []membership {
	if known, ok := r.memberships.Load(typ); ok {
		return known.([]membership)
	}
	var all []membership
	for _, code := range r.set.Compartments() {
		for _, name := range r.set.Compartment(code).Params(typ) {
			p := r.Parameter(typ, name)
			if p == nil || p.Refused != "" || p.Type != "reference" {
				continue
			}
			i := slices.IndexFunc(all, func(m membership) bool { return m.parameter == p })
			if i < 0 {
				i = len(all)
				all = append(all, membership{parameter: p})
			}
			all[i].codes = append(all[i].codes, code)
		}
	}
	r.memberships.Store(typ, all)
	return all
}

// Compartments gives the compartments to which a resource with these terms
// belongs (https://hl7.org/fhir/R4/compartmentdefinition.html), as
// "Patient/1", sorted.
func (r *Registry) Compartments(key fhir.Key, terms []Term) []string {
	var all []string
	if r.set.Compartment(key.Type) != nil {
		all = append(all, key.String())
	}
	for _, m := range r.membershipsOf(key.Type) {
		for _, reference := range m.parameter.References(terms) {
			if slices.Contains(m.codes, reference.Key.Type) {
				all = append(all, reference.Key.String())
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// InCompartment is the condition that resources of a type satisfy which are in
// a compartment; nil for a type of which none can be.
func (r *Registry) InCompartment(of fhir.Key, typ string) (Expr, error) {
	var either []Expr
	for _, m := range r.membershipsOf(typ) {
		if !slices.Contains(m.codes, of.Type) {
			continue
		}
		if err := (&conditioner{p: m.parameter}).usable(); err != nil {
			return nil, err
		}
		either = append(either, exactly(m.parameter.Term(of)))
	}
	if typ == of.Type {
		either = append(either, Keys{of})
	}
	if either == nil {
		return nil, nil
	}
	return anyOf(either), nil
}

// fewTypes of a compartment are looked up one by one: of more the whole
// compartment is read at once.
const fewTypes = 3

// AnyWithin joins conditions on resources of several types, none of which holds for
// anything outside of the compartment.
func AnyWithin(of fhir.Key, conditions []Expr) Expr {
	var members []Expr
	for _, e := range conditions {
		if or, ok := e.(Or); ok {
			members = append(members, or...)
		} else {
			members = append(members, e)
		}
	}
	either := anyOf(members)
	if len(conditions) <= fewTypes {
		return either
	}
	return Within{Compartment: of, Where: either}
}
