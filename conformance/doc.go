// Package conformance holds the project to what it says. Its packages state
// what the server claims (capability), check resources (validate) and drive a
// running server from outside (kit); its own tests hold the layout: which
// package may import which, how long a file may be, what a file may not say.
package conformance
