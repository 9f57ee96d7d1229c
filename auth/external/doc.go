// Package external verifies the tokens of OpenID providers elsewhere: it finds
// out by discovery where an issuer keeps its keys, and makes a Principal of
// what a token says.
//
// The nouns:
//
//   - An Issuer is an OpenID provider that this server trusts, by its URL.
//   - Its state is what is known of it: nothing yet, keys that are current, or
//     keys of before while it is away. Tokens are checked with the keys there
//     are; without any, the answer is "not now", never "let in".
//   - Claims are mapped: settings say which claim names the patient, the
//     fhirUser, the organization and the role.
//   - An opaque token is asked about at its issuer (RFC 7662).
//
// Verified tokens are remembered by their hash until they expire, so that a
// request with a known one costs a hash and a look-up.
//
// Not here: tokens of the embedded authorization server (package provider),
// what a principal may do (package access).
package external
