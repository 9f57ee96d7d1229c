// Package fhirproto converts resources between Caseway's JSON and the R4
// protocol buffers of github.com/google/fhir/go, the typed model of package
// mapping. There and back is the identity on JSON values: digits of decimals,
// fractions of seconds, contained resources and codes that the protos have no
// enum for come back as they were.
//
// The nouns:
//
//   - A shape is what the codec knows of one proto message: which JSON name is
//     which field, and how it is written. Shapes are made once for each message.
//   - A hidden extension keeps on a primitive what its proto has no room for.
//     It is never written to JSON. A mapping that sets a primitive anew makes a
//     new message and so drops it.
//
// Contained resources stay JSON, in an Any whose type URL begins with
// ContainedURL: nothing in a case is mapped from them.
//
// Only the protos that a program imports can be converted: see ErrNoProto.
// The module's own jsonformat package isn't used outside of tests, since
// linking it brings STU3 along: 60 ms at each start and 24 MB of memory.
//
// Not here: case concepts (package mapping), validation (package fhir).
package fhirproto
