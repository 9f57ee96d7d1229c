// Package care has rules of the server's own for CarePlans, EpisodesOfCare, CareTeams
// and Tasks, of cases and others. Each is a Guard.
//
//   - task-status: the status of a Task goes from one to another as the state machine
//     of R4 has it. What was entered in error can be said at any time.
//   - episode-status-history: where the status of an EpisodeOfCare changes, the one that
//     it had goes into statusHistory with the time that it lasted. What a client writes
//     there itself stays as it is.
//   - patients-differ: no reference of these four leads to a resource of another patient
//     than they are of. A Group, and no subject at all, are no patient. What the caller
//     can't see is passed over, so that nothing is told of it.
//
// Not here: the phases of cases (package casemodel), which say both of episodes that
// they bind, and which episode a resource belongs to (package membership).
package care
