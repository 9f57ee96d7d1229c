package change

import (
	"encoding/json"
	"slices"

	"caseway/mapping"
	"caseway/server/cases/assembly"
)

// SubjectsOf are whom a resource is about.
func SubjectsOf(text []byte) []string {
	type ref struct {
		Reference string `json:"reference"`
	}
	var r struct {
		Patient, Subject, Beneficiary, For ref
	}
	var many struct {
		Subject []ref `json:"subject"`
	}
	all := []string{}
	_ = json.Unmarshal(text, &r)    // a Contract's subject is a list, and is read below
	_ = json.Unmarshal(text, &many) // what is stored is JSON
	for _, x := range append(many.Subject, r.Patient, r.Subject, r.Beneficiary, r.For) {
		if x.Reference != "" {
			all = append(all, x.Reference)
		}
	}
	return all
}

// WithBrought writes also what comes into the case as it is, but for people.
func WithBrought(writes []mapping.Write, a *assembly.Assembled) []mapping.Write {
	for _, m := range a.Stored {
		key := assembly.KeyOf(m)
		written := slices.ContainsFunc(writes, func(w mapping.Write) bool { return w.Key == key })
		if !written && !slices.Contains(assembly.Caseless, key.Type) {
			writes = append(writes, mapping.Write{Key: key, Resource: m, Stored: m})
		}
	}
	return writes
}
