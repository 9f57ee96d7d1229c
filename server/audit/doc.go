// Package audit bears witness: it writes an AuditEvent for each sign-in, token,
// launch, denied access and write, and where it is asked to, for each read
// (https://hl7.org/fhir/R4/auditevent.html).
//
// The nouns:
//
//   - An Event is something that happened. It names who, with what client, from
//     where, and which resources, by reference and version; never what is in
//     them, nor what was searched for.
//   - A Request is what is known of the request in whose course it happened. It
//     travels in the context.
//   - The Guard adds the AuditEvent of a write to the write's own commit.
//   - The Recorder writes all others, in groups and behind the request's back.
//     Its queues are bounded: what doesn't fit is counted and said in the log.
//   - Witness goes around an Access, and sees what it refuses.
//
// Not here: who may read AuditEvents (package access: administrators).
package audit
