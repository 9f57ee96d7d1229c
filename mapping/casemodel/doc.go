// Package casemodel holds cases in the language of case managers, and the rules
// that bind them.
//
// A case is one client's need for coordinated care, from opening to closing. It
// has a phase, which actions move: refer, open, assess, plan, submit, approve,
// … Each action takes a Case, a Step (who, when, why, and what names new parts)
// and arguments, and gives a Result: the changed case with what changed in it,
// or every rule that stands against it. Actions leave the case that they were
// given as it was.
//
// A model is how a case is run (strengths-based, clinical, brokerage,
// intensive, targeted), a setting is where (acute hospital, home health, …).
// Both are templates: what they require, which activities they start with, how
// often client and case manager meet.
//
// Parts (goals, plans, services, contacts, …) have ids of the form Type/id, and
// name one another by them. Dates keep the precision that they were written
// with. Money is whole minor units (cents) with an ISO 4217 code.
//
// The rules hold whichever way a change comes: Check judges a case as it
// stands, CheckChange a step from one state to another, Settle adds what
// follows from it. Rules bind only cases that have been adopted; any other is
// shown with the phase that its status implies.
//
// Where to look: action_*.go have the actions, act.go what all of them do;
// phase.go and edge.go are the tables of what may follow what, rule.go names the
// rules; check.go and check_*.go hold a case or a step against them, settle.go
// and settle_*.go add what follows, edit*.go judge changes by hand, due.go says
// what waits for a date. Each other file, such as goal.go, is a kind of part;
// template.go and setting.go are what a case starts with.
//
// Not here: FHIR types, stores, clocks, and the making of ids.
package casemodel
