// Package indexing keeps the search index of a store in step with the search
// parameters that are stored in it, among all processes that use the store.
//
// A SearchParameter that is written makes a new generation of parameters. The
// processes agree on it by records in the store, so that none ever gives a part of an
// answer: first all know it and refuse searches by what is new, then all write by it,
// and when no head of an older generation is left, searches use it. One process makes
// the indexes of what is stored anew, in the background, and goes on where it was
// after a restart.
//
// Where to look: keeper.go is the [Keeper] and how processes agree, state.go what they
// agree on, worker.go makes indexes anew, parameter.go says whether a SearchParameter
// can be used and stored.go which are, status.go answers $reindex-status.
//
// Not here: what a parameter finds (package search), what requests and writes use the
// parameters by (package interaction).
package indexing
