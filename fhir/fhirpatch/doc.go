// Package fhirpatch changes a resource by a FHIRPath Patch, which is a
// Parameters resource (https://hl7.org/fhir/R4/fhirpatch.html).
//
// The nouns:
//
//   - An operation is one parameter of the patch: add, insert, delete, replace
//     or move, with the path of what it changes.
//   - A document is the resource as JSON values that are being changed. Before
//     each operation it is decoded anew, for paths are evaluated on a fhir.Tree.
//   - An element is what an operation puts into place: a JSON value, and what
//     stands under the name with "_" beside it where it is a primitive.
//
// A patch is carried out whole or not at all, and reaches nothing outside of
// its resource: resolve() finds contained resources only. The members of
// objects come out in the order of their names.
//
// Not here: whether what comes out is a resource, which its owner checks
// afterwards.
package fhirpatch
