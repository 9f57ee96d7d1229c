// Package definition has the definitions of FHIR R4 (4.0.1) embedded: types,
// extensions, search parameters, compartments, the value sets of required
// bindings and the code systems that these draw on.
//
//   - [R4] is the one [Set] of them. It implements fhir.Schema.
//   - A [SearchParameter], a [Compartment] and a [Constraint] are what the
//     specification calls so; code sets are fhir.CodeSet values.
//
// Nothing is read before it is asked for: a type costs when it is first
// named, and the search parameters, compartments and value sets likewise.
// What has been read stays and never changes, so everything here is safe for
// concurrent use; slices that are handed out belong to the Set.
//
// The files under data are made by the command in generate; SOURCE.md says
// from what. Where Caseway's server goes beyond R4, in the Patient
// compartment, compartment.go says so in one table.
//
// Not here: profiles, value sets of weaker bindings and of extensions,
// and the meaning of constraints and search expressions.
package definition

//go:generate go run ./generate
