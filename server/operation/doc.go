// Package operation answers the operations on cases: EpisodeOfCare/$open,
// $close and $update-care-teams, PlanDefinition/$apply and CarePlan/$reconcile
// (https://hl7.org/fhir/R4/operations.html).
//
// The nouns:
//
//   - A definition is the OperationDefinition that the server serves; what a
//     call may give is read from it, so that the two can't differ.
//   - An argument is what a call gives for a parameter, by a Parameters resource
//     or in the URL. What the definition doesn't have is refused by name.
//
// Not here: routes and headers (package server), what the steps of a case do
// (package cases), the templates (packages casemodel and mapping).
package operation
