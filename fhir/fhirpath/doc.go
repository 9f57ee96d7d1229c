// Package fhirpath compiles and evaluates FHIRPath N1
// (http://hl7.org/fhirpath/N1/) with FHIR R4's additions
// (https://hl7.org/fhir/R4/fhirpath.html) over fhir.Tree.
//
// The nouns:
//
//   - An [Expr] is a compiled expression. [Compile] reads text by a lexer and a
//     Pratt parser into a syntax tree, which becomes a tree of small
//     evaluators; member chains become one step. With [For] the syntax tree is
//     checked against a type before that.
//   - A [Value] is an item: an element of a resource (fhir.Node), or a [System]
//     value. Elements convert to System values where FHIRPath asks for one.
//   - A [Collection] is an ordered list of values.
//   - A [Context] is all that an evaluation depends on beside its focus:
//     variables, the time, hooks for what lies outside the resource, and a
//     step limit. There is no clock, no network, no state in between.
//
// Decimals are exact. Dates compare as the stretches of time that their
// precision and an absent zone leave open; where these overlap the answer is
// empty. Quantities compare in UCUM's base units.
//
// Beyond N1: matchesFull, split, join, trim, encode, decode, escape, unescape,
// lowBoundary, highBoundary, precision, sort and $index, which R4's official
// tests contain. Where FHIR's own tests and the specification differ, see
// testdata/official-exceptions.ndjson.
//
// Where to look: lexer.go, token.go and parser.go read text, compile.go,
// analyse.go and static.go make an Expr of it, machine.go and context.go
// evaluate. function.go is the table of functions, of which filtering.go,
// subsetting.go, existence.go, combining.go, navigation.go, strings.go, math.go,
// conversion.go, utility.go and fhirfunctions.go each have a section of the
// specification; equality.go, comparison.go, logic.go and arithmetic.go have the
// operators, value.go, date.go, moment.go, decimal.go and quantity.go the types.
//
// Not here: elementDefinition, slice, checkModifiers, subsumes, user-defined
// functions, and the type Long. as and ofType give a primitive only where it is
// of exactly the type, as FHIR's tests want it; is also says yes to its
// ancestors.
package fhirpath
