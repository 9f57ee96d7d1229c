// Package operation answers the operations of FHIR
// (https://hl7.org/fhir/R4/operations.html).
//
// The nouns:
//
//   - A definition is the OperationDefinition that the server serves: a file of
//     definitions. It says on what an operation is called, whether GET may call
//     it, and what a call may give.
//   - A row is a definition with what answers its calls. The table of them is
//     the one truth about operations: routes, calls inside Bundles, the
//     CapabilityStatement and the text of a 404 are made from it. A new operation
//     is a new file and a new row; what its callers need is a line of
//     auth/access/data/operations.csv.
//   - An argument is what a call gives for a parameter, by a Parameters resource
//     or in the URL. What the definition doesn't have is refused by name.
//
// Not here: routes and headers (package server), what the steps of a case do
// (package cases), the templates (packages casemodel and mapping).
package operation
