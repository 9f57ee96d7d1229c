// Package fhir holds FHIR R4 (4.0.1) as Go: resource keys, the strict JSON
// decoder and the tree that it makes, the data types' lexical rules, errors
// with their OperationOutcome, and bundles.
//
// The nouns:
//
//   - A [Key] names a resource: type and logical id.
//   - A [Schema] gives the [Type] definitions that decoding is strict about;
//     package definition has R4's.
//   - A [Tree] is a decoded resource. Its [Node] values point into the compact
//     JSON text, so that decimals, escapes and element order survive as sent.
//   - A [Content] is a resource as a store keeps it, but for the id and the
//     meta elements that the server sets when it commits.
//   - An [Error] is what a client can act on: a [Kind] and its issues.
//
// Not here: HTTP, storage, search, FHIRPath, profiles and invariants.
package fhir
