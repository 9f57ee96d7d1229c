package cases

import (
	"context"
	"net/http"
	"slices"

	"caseway/mapping"
	"caseway/mapping/casemodel"
	"caseway/server/cases/assembly"
	"caseway/server/cases/problem"
)

// bringReferral reads the stored ServiceRequest that a new case answers.
func (s *Service) bringReferral(ctx context.Context, a *assembly.Assembled, b NewCase) error {
	const at = "/referral"
	switch {
	case b.Action != casemodel.ActionOpen:
		return problem.BadRequest("", problem.Fault{Pointer: at, Detail: "goes with open: refer writes a new referral"})
	case b.Referral.Type() != "ServiceRequest":
		return problem.BadRequest("", problem.Fault{Pointer: at, Detail: "must be a ServiceRequest of this server, such as ServiceRequest/1"})
	}
	return s.bring(ctx, a, b.Referral, at, b.Client)
}

// refer makes a stored ServiceRequest the case's referral, not a service that it
// asks for.
func refer(a *assembly.Assembled, ref casemodel.Ref) error {
	for _, m := range a.Stored {
		r, is := mapping.ReferralFrom(m)
		if !is || r.ID != ref {
			continue
		}
		if r.Status == "revoked" || r.Status == "entered-in-error" {
			p := problem.New(http.StatusUnprocessableEntity, "rule", "The referral can't be answered", "")
			return p.With([]problem.Fault{{Pointer: "/referral", Detail: "was revoked, or entered in error"}})
		}
		a.Case.Services = slices.DeleteFunc(a.Case.Services, func(x casemodel.Service) bool { return x.ID == r.ID })
		a.Case.Referrals = append(a.Case.Referrals, r)
	}
	return nil
}
