package definition

import "bytes"

// Constraint is an invariant on an element, as ElementDefinition.constraint
// has it.
type Constraint struct {
	Path       string // of the element: "Patient.contact"
	Key        string // "pat-1"
	Severity   string // "error" or "warning"
	Human      string
	Expression string // FHIRPath; "" where the definition has none
}

// Constraints lists the constraints of a type's elements in the order of its
// snapshot, those that the elements inherit among them; nil for a name that
// isn't a resource type, complex type or primitive type. Each call reads the
// definition anew.
func (s *Set) Constraints(typeName string) []Constraint {
	t := s.structures[typeName]
	if t == nil {
		return nil
	}
	_, elements := t.lines()
	byKey := t.constraints()
	var list []Constraint
	for _, e := range elements {
		for _, key := range e.Rules {
			c := byKey[key]
			c.Path = e.Path
			list = append(list, c)
		}
	}
	return list
}

func (t *structure) constraints() map[string]Constraint {
	byKey := map[string]Constraint{}
	for line := range readLines(t.file) {
		if isConstraint(line) {
			var c Constraint
			decode(line, &c)
			byKey[c.Key] = c
		}
	}
	return byKey
}

func isConstraint(line []byte) bool { return bytes.HasPrefix(line, []byte(`{"key":`)) }
