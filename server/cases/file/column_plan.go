package file

import (
	"strconv"
	"time"

	"caseway/mapping/casemodel"
)

func cadenceOf(c *casemodel.Case) casemodel.Cadence {
	if len(c.Cadences) == 0 {
		return casemodel.Cadence{}
	}
	return c.Cadences[0]
}

func toCadence(c *casemodel.Case) *casemodel.Cadence {
	if len(c.Cadences) == 0 {
		c.Cadences = append(c.Cadences, casemodel.Cadence{})
	}
	return &c.Cadences[0]
}

func cadenceKind(c *casemodel.Case, _ time.Time) string { return string(cadenceOf(c).Kind) }

func setCadenceKind(r *row, v string) string { return setText(&toCadence(r.c).Kind, v) }

func cadenceDays(c *casemodel.Case, _ time.Time) string {
	if days := cadenceOf(c).Days; days > 0 {
		return strconv.Itoa(days)
	}
	return ""
}

func setCadenceDays(r *row, v string) string {
	days, err := strconv.Atoi(v)
	if err != nil || days < 1 || days > 10_000 {
		return "must be a whole number of days, at least 1"
	}
	toCadence(r.c).Days = days
	return ""
}

func planTitle(c *casemodel.Case, _ time.Time) string {
	if p := c.CurrentPlan(); p != nil {
		return p.Title
	}
	return ""
}

// byActions is said of what an import doesn't change in a case that is there.
const byActions = "isn't changed here: the actions on plans do that"

// toPlan is the plan in force, made where a new case has none.
func toPlan(r *row) *casemodel.Plan {
	if p := r.c.CurrentPlan(); p != nil {
		return p
	}
	r.c.Plans = append(r.c.Plans, casemodel.Plan{ID: r.newID("CarePlan"), Version: 1, Status: casemodel.PlanApproved, Intent: "plan"})
	return &r.c.Plans[len(r.c.Plans)-1]
}

func setPlanTitle(r *row, v string) string {
	if r.stored != nil && r.c.CurrentPlan() == nil {
		return byActions
	}
	toPlan(r).Title = v
	return ""
}

// approvalOf is the approval of the plan in force, nil for none.
func approvalOf(c *casemodel.Case) *casemodel.Approval {
	p := c.CurrentPlan()
	if p == nil {
		return nil
	}
	for i := range p.Approvals {
		if p.Approvals[i].Status == casemodel.ApprovalApproved {
			return &p.Approvals[i]
		}
	}
	return nil
}

func toApproval(r *row) *casemodel.Approval {
	if a := approvalOf(r.c); a != nil {
		return a
	}
	p := toPlan(r)
	p.Approvals = append(p.Approvals, casemodel.Approval{ID: r.newID("Task"), Status: casemodel.ApprovalApproved})
	return &p.Approvals[len(p.Approvals)-1]
}

func planApprovedBy(c *casemodel.Case, _ time.Time) string {
	if a := approvalOf(c); a != nil {
		return string(a.DecidedBy.Ref)
	}
	return ""
}

func setPlanApprovedBy(r *row, v string) string {
	if r.stored != nil {
		return byActions
	}
	a := toApproval(r)
	wrong := setText(&a.DecidedBy.Ref, v)
	a.Approver = a.DecidedBy
	return wrong
}

func planApprovedByName(c *casemodel.Case, _ time.Time) string {
	if a := approvalOf(c); a != nil {
		return a.DecidedBy.Name
	}
	return ""
}

// setPlanApprovedByName takes the name of somebody who has no resource; of
// others, the directory has it.
func setPlanApprovedByName(r *row, v string) string {
	if r.stored != nil {
		return byActions
	}
	if a := toApproval(r); a.DecidedBy.Ref == "" {
		a.DecidedBy.Name, a.Approver.Name = v, v
	}
	return ""
}

func planApprovedAt(c *casemodel.Case, _ time.Time) string {
	if a := approvalOf(c); a != nil {
		return string(a.DecidedAt)
	}
	return ""
}

func setPlanApprovedAt(r *row, v string) string {
	if r.stored != nil {
		return byActions
	}
	return setDate(&toApproval(r).DecidedAt, v)
}
