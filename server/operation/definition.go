package operation

import (
	"encoding/json"
	"slices"
	"sync"

	"caseway/mapping"
)

// definition is what is read of an OperationDefinition
// (https://hl7.org/fhir/R4/operationdefinition.html).
type definition struct {
	URL       string      `json:"url"`
	Code      string      `json:"code"`
	Resource  []string    `json:"resource"`
	Instance  bool        `json:"instance"`
	Parameter []parameter `json:"parameter"`
}

type parameter struct {
	Name string `json:"name"`
	Use  string `json:"use"`
	Min  int    `json:"min"`
	Max  string `json:"max"`
	Type string `json:"type"`
}

var definitions = sync.OnceValue(func() []definition {
	var all []definition
	for _, d := range mapping.Conformance() {
		if d.Key.Type != "OperationDefinition" {
			continue
		}
		var o definition
		if err := json.Unmarshal(d.JSON, &o); err != nil {
			panic(err) // the data is part of the program
		}
		all = append(all, o)
	}
	return all
})

// definitionOf finds the operation of a resource type by its name without "$";
// nil where there is none.
func definitionOf(typ, name string) *definition {
	all := definitions()
	i := slices.IndexFunc(all, func(d definition) bool { return d.Code == name && slices.Contains(d.Resource, typ) })
	if i < 0 {
		return nil
	}
	return &all[i]
}

// in are the parameters that a call may give.
func (d *definition) in() []parameter {
	return slices.DeleteFunc(slices.Clone(d.Parameter), func(p parameter) bool { return p.Use != "in" })
}

// Listed is an operation as the CapabilityStatement lists it.
type Listed struct{ Type, Name, Definition string }

// List gives the operations that a Service answers.
func List() []Listed {
	var all []Listed
	for _, d := range definitions() {
		all = append(all, Listed{d.Resource[0], d.Code, d.URL})
	}
	return all
}
