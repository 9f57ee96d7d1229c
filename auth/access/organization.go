package access

import (
	"slices"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/search"
)

// plansAndTeams are the types that a provider sees of the patients for whom it
// owns a Task, beside the Task and what it focuses on. The Patient is among
// them: without it nobody knows for whom the Task is.
var plansAndTeams = []string{"CarePlan", "CareTeam", "Patient"}

// seenBy is the condition that an Organization sees a resource of a type which
// is some patient's: as a payer all of the patients that have a Coverage with it
// as payor, but for what is addressed to others; as a provider the Tasks that it
// owns, what they focus on, and the plans and teams of their patients; and what
// the table of parties says, with the episodes of the cases that it has a Task or
// Contract in. An Organization can be all of these.
//
// A resource of several patients counts for the one whom the table's parameter
// names. nil where none can be seen.
func seenBy(r *search.Registry, org fhir.Key, typ string, rule rule) search.Expr {
	var either search.Or
	if paid := ofPatients(r, typ, rule, coveredBy(r, org)); paid != nil {
		either = append(either, unlessAddressed(r, typ, paid))
	}
	if slices.Contains(plansAndTeams, typ) {
		either = append(either, ofPatients(r, typ, rule, servedBy(r, org)))
	}
	if focus := r.Parameter("Task", "focus"); focus != nil {
		either = append(either, search.Reverse{Type: "Task", Param: focus, Where: isParty(r, org, "Task")})
	}
	if _, named := parties()[typ]; named {
		either = append(either, isParty(r, org, typ))
	}
	if typ == "EpisodeOfCare" {
		either = append(either, caseWith(r, org, "Task"), caseWith(r, org, "Contract"))
	}
	either = slices.DeleteFunc(either, func(e search.Expr) bool { return e == nil })
	if len(either) == 0 {
		return nil
	}
	return either
}

// caseWith is the condition that an EpisodeOfCare is that of the case to which a
// resource of a type belongs that has an Organization as party; nil where that
// can't be found out.
func caseWith(r *search.Registry, org fhir.Key, typ string) search.Expr {
	by := parameters(r, typ, []string{"episode-of-care"})
	if by == nil {
		return nil
	}
	return search.Reverse{Type: typ, Param: by[0], Where: isParty(r, org, typ)}
}

// unlessAddressed narrows a condition to what nobody in particular is addressed
// by. Where that can't be found out, nothing is left.
func unlessAddressed(r *search.Registry, typ string, where search.Expr) search.Expr {
	to := parties()[typ].addressee
	if to == "" {
		return where
	}
	nobody, err := conditionOf(r, typ, to+":missing=true")
	if err != nil {
		return nil
	}
	return search.And{where, nobody}
}

// coveredBy is the condition that a Patient has a Coverage with a payor.
func coveredBy(r *search.Registry, org fhir.Key) search.Expr {
	by := parameters(r, "Coverage", []string{"beneficiary", "payor"})
	if by == nil {
		return nil
	}
	where := search.And{search.Leaf{Exact: []search.Term{by[1].Term(org)}}}
	if mistaken, err := conditionOf(r, "Coverage", "status=entered-in-error"); err == nil {
		where = append(where, search.Not{Expr: mistaken})
	}
	return search.Reverse{Type: "Coverage", Param: by[0], Where: where}
}

// servedBy is the condition that an Organization owns a Task for a Patient.
func servedBy(r *search.Registry, org fhir.Key) search.Expr {
	by := parameters(r, "Task", []string{"patient", "owner"})
	if by == nil {
		return nil
	}
	return search.Reverse{Type: "Task", Param: by[0], Where: isParty(r, org, "Task")}
}

// isParty is the condition that a resource of a type names an Organization by one
// of the parameters of the table of parties.
func isParty(r *search.Registry, org fhir.Key, typ string) search.Expr {
	by := parameters(r, typ, parties()[typ].by)
	if by == nil {
		return search.Or{}
	}
	var terms []search.Term
	for _, p := range by {
		terms = append(terms, p.Term(org))
	}
	slices.Sort(terms)
	return search.Leaf{Exact: terms}
}

// ofPatients is the condition that a resource is that of a Patient who satisfies
// another one.
func ofPatients(r *search.Registry, typ string, rule rule, who search.Expr) search.Expr {
	if who == nil || rule.patients == "self" {
		return who
	}
	codes := []string{rule.whose}
	if rule.whose == "all" {
		codes = definition.R4().Compartment("Patient").Params(typ)
	}
	whose := parameters(r, typ, codes)
	if whose == nil {
		return nil
	}
	if len(whose) > 1 {
		either := make(search.Or, len(whose))
		for i, p := range whose {
			either[i] = search.Chain{Param: p, Type: "Patient", Where: who}
		}
		return either
	}
	theirs := search.Chain{Param: whose[0], Type: "Patient", Where: who}
	if !rule.several {
		return theirs
	}
	return search.And{theirs, search.Not{Expr: search.Chain{Param: whose[0], Type: "Patient", Where: search.Not{Expr: who}}}}
}
