// Package snapshot reads StructureDefinitions and says what each element of a
// profile is held to (https://hl7.org/fhir/R4/profiling.html).
//
// The nouns:
//
//   - A [Definition] is a StructureDefinition: its snapshot, where it carries
//     one, and its differential.
//   - An [Element] is one of its ElementDefinitions.
//   - A [Node] is an element with its children and its slices: the form in which
//     a definition is merged with what it is derived from, and checked.
//   - A [Library] holds definitions by canonical URL. A definition that carries a
//     snapshot is read from it; of others the snapshot is generated, from the
//     base definition and the differential.
//
// Generating is bounded: in elements, in depth, in definitions that derive from
// one another.
//
// Not here: texts for readers (short, definition, comments), mappings,
// examples, and logical models that aren't derived from a type of R4.
package snapshot
