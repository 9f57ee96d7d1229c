// Package validate checks decoded resources against R4's rules
// (https://hl7.org/fhir/R4/validation.html) beyond what decoding finds:
// invariants, targets of references, contained resources, extensions, Bundles,
// the meaning of data types, and profiles.
//
// The nouns:
//
//   - A [Validator] checks trees. It makes a plan of each type when it first
//     meets it and keeps it, so that a type costs once.
//   - A [Request] is one check: the work that it may take, and where it is
//     known what lies around the resource.
//   - An [Issue] is one thing found, with the rule that it comes from.
//   - A plan is what a type or an element is held to, its invariants compiled.
//     Invariants that nearly every resource meets are written in Go
//     (native.go); a test compares them with their FHIRPath text.
//   - A shape is what a profile says of an element beyond its base definition.
//     Slices are shapes that discriminators tell apart.
//   - [Codes] answers for value sets and code systems. What it can't tell is a
//     warning that says so.
//
// A walk visits each element once, in document order. Where nothing is wrong
// it allocates next to nothing. It is bounded in issues, in steps and by its
// context.
//
// TestDifferential compares with another validator over mutations of many
// resources; testdata/differences.ndjson explains each class of difference.
//
// Not here: what decoding has refused already (unknown elements, cardinality,
// lexical form of primitives, required codes), what a change does to what was
// there before, Questionnaires that aren't contained in their responses, and
// the displays of codes.
package validate
