// Package rules is the Guard of cases: it looks at each commit that writes to one.
//
// To what an action writes it adds the tag of the case and a Provenance that says
// who did it and why. What a FHIR client writes it holds to the same rules: the case
// as it would be is judged, and what follows from it is added.
//
// Where to look: guard.go is asked and takes both ways; judge.go and judge_first.go
// judge what FHIR clients write; grant.go and grant_gain.go hold roles to who may
// grant them, by data/grant.csv; element.go holds elements to who may write them,
// by data/element.csv; evidence.go, attestation.go and provenance.go say who
// answers for what.
//
// Not here: what the rules are (package casemodel).
package rules
