// Package kit drives a FHIR R4 server from outside, over HTTP, as its callers
// do: a [Client] speaks FHIR to any base URL, a [Process] is one run of the
// built binary, to be started, killed and measured.
//
// Its tests are black-box runs against the binary: kills in the middle of
// writing, several processes on one database, input that no honest client
// sends, and the figures that `make bench` prints. They know nothing of the
// server's packages but what a stand-in for the bare database needs.
package kit
