// Package reconcile compares two CarePlans of one patient that come from two
// sources, and merges them
// (https://hl7.org/fhir/R4/careplan.html).
//
// The nouns:
//
//   - A plan is a CarePlan with a way to find what it refers to. The plan that
//     is asked about is here, the other one there.
//   - An item is a member of one of a plan's lists: a goal, a condition that it
//     addresses, an activity, a team. Its subject is what it is about: the
//     resource that a reference leads to, an activity's detail, or itself.
//   - An aspect is an element of a subject that is compared. Aspects have the
//     same names in all types, so that an activity's detail compares with a
//     ServiceRequest. aspect.csv lists them.
//   - A finding says what both plans have, where they conflict, and what only
//     one has.
//
// Items are told apart by what they mean, never by their place: by reference,
// by identifier, by code, by words, goals by what they measure, and what has none
// of these by being the same in every element. Two values
// are the same where they mean the same: codings without regard to displays,
// quantities in UCUM units, dates as far as their precision goes, words without
// regard to case and space.
//
// Not here: reading, storing, who may see what. A reference that leads nowhere
// is compared as a reference.
package reconcile
