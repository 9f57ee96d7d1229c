package definition

import (
	"maps"
	"slices"
)

// Compartment says which resources belong to a patient, an encounter and so
// on. A resource of the compartment's own type belongs to the compartment
// with its own id, whatever its parameters say.
type Compartment struct {
	Code string // the type that the compartment is of: "Patient"

	params map[string][]string
}

// extension lists by which parameters further types are in a compartment of
// ours than in R4's. R5 has Task so, and without it a patient's token could
// see no task; a Contract is how a patient and the payers agree on costs.
var extension = map[string]map[string][]string{
	"Patient": {
		"Task":     {"patient"},
		"Contract": {"patient"},
	},
}

// itself stands in R4's definitions for the resource's own id.
const itself = "{def}"

// Compartment returns the compartment of a type, nil where there is none.
func (s *Set) Compartment(code string) *Compartment { return s.compartments()[code] }

// Compartments lists the codes of all compartments, in byte order.
func (s *Set) Compartments() []string { return slices.Sorted(maps.Keys(s.compartments())) }

// Params lists the codes of the reference parameters by which a type's
// resources are in the compartment: any of them is enough. It is empty for a
// type that isn't in the compartment, and may be for the compartment's own.
func (c *Compartment) Params(resourceType string) []string { return c.params[resourceType] }

// Includes reports whether resources of a type can be in the compartment.
func (c *Compartment) Includes(resourceType string) bool {
	return resourceType == c.Code || len(c.params[resourceType]) > 0
}

// Types lists the types of which resources can be in the compartment, its own
// among them, in byte order.
func (c *Compartment) Types() []string {
	types := slices.Collect(maps.Keys(c.params))
	if len(c.params[c.Code]) == 0 {
		types = append(types, c.Code)
	}
	slices.Sort(types)
	return types
}

func readCompartments() map[string]*Compartment {
	byCode := map[string]*Compartment{}
	for line := range readLines("data/compartment.ndjson") {
		var l struct {
			Compartment, Type string
			Param             []string
		}
		decode(line, &l)
		c := byCode[l.Compartment]
		if c == nil {
			c = &Compartment{Code: l.Compartment, params: map[string][]string{}}
			byCode[l.Compartment] = c
		}
		if params := slices.DeleteFunc(l.Param, func(p string) bool { return p == itself }); len(params) > 0 {
			c.params[l.Type] = params
		}
	}
	for code, types := range extension {
		maps.Copy(byCode[code].params, types)
	}
	return byCode
}
