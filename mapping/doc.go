// Package mapping converts cases (package casemodel) to FHIR R4 and back, typed
// with the protos of github.com/google/fhir/go. FHIR resources are the stored
// truth: a case is assembled from them, changed by casemodel's actions, and
// written back in one commit.
//
//	c := mapping.AssembleOnly(resources)             // from all that belongs to the case
//	…                                                // casemodel acts on c
//	writes, lost := mapping.Resources(&c, resources) // what has to be stored
//
// A server keeps a [Memory] of what it has read, and asks [Following] for what
// follows by the rules from one state of a case to another. What a FHIR client
// leaves out of Caseway's own, [Keep] keeps.
//
// The nouns:
//
//   - A pair ties a part of a case (a goal) to a resource (a Goal): it reads the
//     part from the resource, and writes it over the stored one, of which it
//     changes only elements that the case owns. A pair is a list of bindings.
//   - A binding ties one element to one field, in both directions. It leaves the
//     element alone while it says what the field says, so that codings,
//     extensions and displays of others stay.
//   - A codec converts the value of an element; a table (tables/*.csv) holds the
//     codes of both sides.
//   - A Loss is something that one side says and the other can't. Losses are
//     found by converting back and comparing, so none goes unreported;
//     LOSSES.md lists them all.
//
// Extensions of Caseway's own keep what FHIR has no element for. A resource
// that leaves them out leaves them as they are: see Keep. Where an extension
// refines a status (a plan that awaits approval is a CarePlan in draft), the
// status counts when the two contradict each other.
//
// All functions are pure: they change nothing that they are given, know no
// clock and make no ids. Protos are shared between what is given and what is
// returned; treat them as immutable. Safe for concurrent use.
//
// What it costs: the home infusion (one case, some thirty resources) takes 2.5 ms
// of CPU and more on a busy machine from case to FHIR and back, a third of it
// reading. It isn't below 1 ms
// because one list of bindings serves both directions and all types, and so goes
// through protoreflect element by element: to look whether an element says
// already what it should, to set it, and to drop it where it came out empty.
// Accessors made for each type would be several times faster and several times
// as much code. Servers don't pay it: a Memory reads each version of a resource
// once, and Following writes what differs.
//
// Where to look: write.go, memory.go and apply.go have what a server calls;
// gather.go puts a case together and writing.go takes it apart; pair.go,
// binding.go, value.go, datatype.go, code.go and table.go are the machine; each
// other file, such as goal.go, has the pairs of one kind of part; tables/ has the
// codes; loss.go, unsaid.go and unshown.go say what is lost; template.go reads and
// writes PlanDefinitions.
//
// Not here: the rules of cases (casemodel), stores, HTTP, and consequences of
// changes.
package mapping
