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
// Where to look: routes.go is the table, server.go and serve.go the life;
// exchange.go goes with a request from body.go, query.go, negotiate.go and
// conditional.go to respond.go and errors.go; read.go, write.go, patch.go,
// search.go, history.go, bundle.go and operation.go each have a kind of
// interaction, cases*.go the case API, page.go the page at /, login.go, smart.go
// and mount.go what login needs; connection.go, linger.go, origin.go and
// proxy.go look after connections, log*.go and metrics*.go after who watches.
//
// Not here: FHIR's rules (package interaction), storage, settings from flags
// and environment (package command).
package server
