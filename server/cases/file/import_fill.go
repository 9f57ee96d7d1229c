package file

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/mapping/casemodel"
	"caseway/server/cases"
	"caseway/server/cases/problem"
)

// nameParts gives parts that have no id one, and refuses ids that no resource of
// theirs could have.
func nameParts(c *casemodel.Case) error {
	newID := idsFor(c.ID)
	var faults []problem.Fault
	for p := range c.Parts() {
		types := cases.TypesOf[p.Kind]
		if p.ID == "" {
			typ := types[0]
			if p.Kind == casemodel.KindContact && p.Status != string(casemodel.ContactPlanned) {
				typ = "Encounter" // where client and case manager have met
			}
			reflect.ValueOf(p.Value).Elem().FieldByName("ID").SetString(string(newID(typ)))
			continue
		}
		if key, ok := fhir.ParseKey(string(p.ID)); !ok || !slices.Contains(types, key.Type) {
			faults = append(faults, problem.Fault{
				Pointer: problem.Pointer(p.Path) + "/id", Detail: fmt.Sprintf("must be %s/id", strings.Join(types, "/id or ")),
			})
		}
	}
	if len(faults) > 0 {
		return problem.BadRequest("", faults...)
	}
	return nil
}

// keep leaves a case that is there what a line may leave out and a new case is
// given: history and cadence. What is due next follows from the others.
func keep(c, stored *casemodel.Case) {
	if !c.Adopted {
		return
	}
	if len(c.History) == 0 {
		c.History = stored.History
	}
	if len(c.Cadences) == 0 {
		c.Cadences = stored.Cadences
	}
	*c = casemodel.KeepNextDue(*c)
}
