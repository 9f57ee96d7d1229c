// Package server puts the interactions of package interaction on HTTP: routes,
// headers, formats, limits, metrics, logs and the life of the process.
//
// The nouns:
//
//   - A route is a method and a path with what answers it. One table holds
//     them all; the CapabilityStatement is built from it.
//   - An exchange is one request on its way to its answer.
//   - answerFor is the only place where an error becomes a status code.
//
// FHIR lives under /fhir; beside it are /livez, /readyz, /metrics and a small
// page at /.
//
// Not here: FHIR's rules (package interaction), storage, settings from flags
// and environment (package command).
package server
