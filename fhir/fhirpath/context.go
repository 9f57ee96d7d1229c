package fhirpath

import (
	"time"

	"caseway/fhir"
	"caseway/fhir/budget"
)

// DefaultSteps is the step limit where a Context names none: enough for every
// invariant of R4 on its largest example, a fraction of a second at most.
const DefaultSteps = 5_000_000

// Context is what an evaluation may ask for beside its focus. The zero Context
// works: what is absent makes functions that need it fail or give nothing.
// An Expr only reads it, so that goroutines may share one if its hooks allow.
type Context struct {
	// Schema is asked for the ancestors of types, such as by "is Resource".
	Schema fhir.Schema
	// Resource is %resource and RootResource %rootResource; where invalid,
	// they are found from the focus: the resource that holds it, and the one
	// that holds this as contained.
	Resource, RootResource fhir.Node
	// Variables are the caller's %names, without the %.
	Variables map[string]Collection
	// Now is what now(), today() and timeOfDay() give, in its own zone. The
	// zero time makes them fail.
	Now time.Time
	// Resolve finds what a reference outside the focus' own resource points
	// to; an invalid Node means that it can't. from is the element with the
	// reference. nil resolves contained resources and bundle entries only.
	Resolve func(reference string, from fhir.Node) (fhir.Node, error)
	// MemberOf answers memberOf() for a code, Coding or CodeableConcept.
	MemberOf func(v Value, valueSet string) (fhir.Membership, error)
	// ConformsTo answers conformsTo() for profiles; base definitions are
	// answered by type.
	ConformsTo func(n fhir.Node, profile string) (bool, error)
	// Trace gets what trace() is called with.
	Trace func(name string, items Collection)
	// Steps is the step limit, 0 for DefaultSteps. A step is about a node
	// visited, an operator applied or an item made; at worst it costs some 100
	// nanoseconds and 100 bytes, so give expressions from clients fewer.
	Steps int
	// Work is what several evaluations share: each draws its steps from it, and
	// none begins when nothing is left. nil: there is no bound but Steps.
	Work *budget.Work
}
