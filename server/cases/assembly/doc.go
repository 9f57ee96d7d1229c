// Package assembly puts cases together from the resources that belong to them, and
// finds out who their callers are.
//
// A case isn't stored. Load reads the resources of an EpisodeOfCare as a Session
// shows them, each decoded once, and gives the case with the versions that it was
// made of: its ETag is made of these.
//
// Where to look: load.go reads, brief.go reads a few elements of what is only
// counted, part.go keeps what is decoded, role.go says in which roles a caller is in
// a case, by data/role.csv, ids.go makes ids of what is new.
//
// Not here: how resources become parts (package mapping), what may be written to a
// case (package rules).
package assembly
