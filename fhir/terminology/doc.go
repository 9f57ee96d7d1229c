// Package terminology expands value sets and walks hierarchies of codes, as
// far as searches need it (https://hl7.org/fhir/R4/valueset.html).
//
// The nouns:
//
//   - A [Service] answers for value sets and code systems: those of package
//     definition first, then resources that a [Resolver] finds.
//   - A hierarchy is a code system's concepts with what subsumes them: concepts
//     within concepts, and the properties parent and subsumedBy.
//
// An expansion lists codes with their systems; of a value set that carries an
// expansion it is that one. Inactive codes are codes. What can't be told exactly
// is refused: a code system whose concepts aren't all there, filters other than
// =, is-a, descendent-of and is-not-a on concepts, value sets that are rules.
//
// Not here: displays and designations, concept maps, versions of code systems,
// and external terminology servers.
package terminology
