package casemodel

// remove marks a part as the table of Editings says; nothing is taken out of a
// case.
func (w *acting) remove(id Ref) {
	var p Part
	for p = range w.c.Parts() {
		if p.ID == id {
			break
		}
	}
	if p.ID != id {
		return
	}
	row := EditingOf(p.Kind)
	plan, _ := p.Value.(*Plan)
	switch {
	case plan != nil && plan.Foreign:
		w.addFixed(keptElsewhere, id, p.Path, nil, "Change the CarePlan over FHIR.")
	case plan != nil && notDrafted(plan):
		w.addFixed(actionNeeded, id, p.Path, actions(ActionReturn, ActionRevise))
	case row.Removal == "" && len(row.Makers) > 0:
		w.addFixed(actionNeeded, id, p.Path, row.Fixed[0].Actions)
	case row.Removal == "" && row.Fixed[0].Elsewhere != "":
		w.addFixed(keptElsewhere, id, p.Path, nil, "Change the "+row.Fixed[0].Elsewhere+" over FHIR.")
	case row.Removal == "":
		w.addFixed(followsOnly, id, p.Path, nil)
	default:
		w.mark(p.Value)
	}
}

// mark gives a part the status of one that was removed.
func (w *acting) mark(part any) {
	now := At(w.step.At)
	switch p := part.(type) {
	case *Relative:
		p.Inactive = true
		end(&p.Period, now)
	case *Team:
		p.Status = TeamInactive
		end(&p.Period, now)
	case *Problem:
		p.Verification, p.Clinical = inError, "" // FHIR's con-5
	case *Coverage:
		p.Status = "cancelled"
	case *Authorization:
		p.Status = AuthorizationCancelled
	case *CostAgreement:
		p.Status = AgreementCancelled
	case *Consent:
		p.Status = "inactive"
	case *Service:
		p.Status = ServiceEnteredInError
		for i := range p.Offers {
			p.Offers[i].Status = TaskEnteredInError
		}
	default:
		memberOf(part, "status").SetString(inError)
	}
}

// end ends a period that goes on.
func end(p *Period, now Date) {
	if p.End == "" && !p.Start.After(now.Start()) {
		p.End = now
	}
}
