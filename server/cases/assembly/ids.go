package assembly

import (
	"time"

	"caseway/fhir"
	"caseway/mapping/casemodel"
)

// IDs makes ids of new parts, under which the store keeps them, and remembers
// them.
type IDs struct {
	Now  time.Time
	made map[casemodel.Ref]bool
}

// NewIDs makes ids for one step, at the time that it is now.
func (s *Assembler) NewIDs() *IDs { return &IDs{Now: s.Now(), made: map[casemodel.Ref]bool{}} }

// Next makes the id of a new resource of a type, such as Goal/0190….
func (n *IDs) Next(resourceType string) casemodel.Ref {
	ref := casemodel.Ref(resourceType + "/" + fhir.NewID(n.Now))
	n.made[ref] = true
	return ref
}

// Has reports whether a name is one of those that were made.
func (n *IDs) Has(ref casemodel.Ref) bool { return n.made[ref] }
