package casemodel

import "slices"

// begins are the actions by which parts come into a case that ask something of
// others or decide something: whose action it isn't may not bring them in. Other
// parts anybody may add who may write them.
var begins = map[Kind]Action{
	KindPlan:          ActionPlan,
	KindApproval:      ActionSubmit,
	KindOffer:         ActionOffer,
	KindAuthorization: ActionRequestAuthorization,
	KindAppeal:        ActionAppeal,
	KindAgreement:     ActionNegotiate,
}

// checkBeginning judges whether a new part is the actor's to bring in. Decisions
// are left to who takes them, also where request and decision come in at once.
func checkBeginning(now Part, r Role, found *Errors) {
	a, ruled := begins[now.Kind]
	if p, plan := now.Value.(*Plan); !ruled || plan && p.Foreign || now.Status == inError {
		return
	}
	may := append(rolesOf(a), RoleAdministrator) // who passes on what was asked elsewhere
	if now.Kind == KindApproval || now.Kind == KindAuthorization || now.Kind == KindAppeal {
		for _, e := range edges {
			if e.Kind == now.Kind && e.To == now.Status && len(e.Roles) > 0 {
				may = e.Roles
			}
		}
	}
	if !mayTake(may, r) {
		found.add(roleBars, now.ID, now.Path, "It is a step of "+join(may)+".")
	}
}

// rolesOf are the roles that an action is open to in one phase or another.
func rolesOf(a Action) []Role {
	return slices.Clone(find(phaseSteps, func(row *PhaseStep) bool { return row.Action == a }).Roles)
}

// mayTake says whether a role is among those that a step is open to.
func mayTake(roles []Role, r Role) bool {
	return r == RoleSystem || slices.Contains(roles, r)
}
