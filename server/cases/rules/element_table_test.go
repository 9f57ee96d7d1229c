package rules_test

import (
	"testing"

	"caseway/fhir/definition"
	"caseway/server/cases/rules"
)

// TestElementsOfTheTableExist keeps the table of what is written by whom true.
func TestElementsOfTheTableExist(t *testing.T) {
	for typ, elements := range rules.WritableElements() {
		def := definition.R4().Type(typ)
		if def == nil {
			t.Errorf("there is no type %s", typ)
			continue
		}
		for _, name := range elements {
			if name != "*" && def.Element(name) == nil {
				t.Errorf("%s has no element %s", typ, name)
			}
		}
	}
}
