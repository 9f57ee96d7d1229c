// Package load brings files of FHIR R4 JSON into a store or to a server.
//
// The nouns:
//
//   - A file holds one resource, or one in each line (NDJSON); either may be
//     gzipped.
//   - An [Item] is what is sent in one piece: a transaction or batch, a single
//     resource, or a collection, whose entries become single resources, or
//     one transaction where they refer to each other by urn:uuid.
//   - A [Target] takes items: a running server, or a store in this process.
//   - The [Report] says what was stored and what was refused and why.
//
// A run that was stopped can be repeated: each item carries an idempotency
// key made of the file's name, the item's place in it and its content, which
// the target commits together with the item's resources. An item whose
// conditional references find nothing yet is tried again after others, and at
// the end as long as that helps.
//
// A transaction is all or nothing. Where entries of it aren't valid R4, it is
// carried out without them, as a transaction of the others, and the report
// names each that was left out; Options.Whole refuses such a transaction.
//
// Not here: how resources are checked and stored (package interaction).
package load
