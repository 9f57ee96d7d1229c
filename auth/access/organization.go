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
// as payor, as a provider the Tasks that it owns, what they focus on, and the
// plans and teams of their patients. An Organization can be both.
//
// A resource of several patients counts for the one whom the table's parameter
// names. nil where none can be seen.
func seenBy(r *search.Registry, org fhir.Key, typ string, rule rule) search.Expr {
	var either search.Or
	covered, served := coveredBy(r, org), servedBy(r, org)
	either = append(either, ofPatients(r, typ, rule, covered))
	if slices.Contains(plansAndTeams, typ) {
		either = append(either, ofPatients(r, typ, rule, served))
	}
	if focus := r.Parameter("Task", "focus"); focus != nil {
		either = append(either, search.Reverse{Type: "Task", Param: focus, Where: owns(r, org)})
	}
	if typ == "Task" {
		either = append(either, owns(r, org))
	}
	either = slices.DeleteFunc(either, func(e search.Expr) bool { return e == nil })
	if len(either) == 0 {
		return nil
	}
	return either
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
	return search.Reverse{Type: "Task", Param: by[0], Where: owns(r, org)}
}

// owns is the condition that an Organization owns a Task.
func owns(r *search.Registry, org fhir.Key) search.Expr {
	by := parameters(r, "Task", []string{"owner"})
	if by == nil {
		return search.Or{}
	}
	return search.Leaf{Exact: []search.Term{by[0].Term(org)}}
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
