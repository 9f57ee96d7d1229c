package cases

import (
	"context"
	"net/http"
	"slices"

	"caseway/mapping"
	"caseway/mapping/casemodel"
)

// bringReferral reads the stored ServiceRequest that a new case answers.
func (s *Service) bringReferral(ctx context.Context, a *assembled, b NewCase) error {
	const at = "/referral"
	switch {
	case b.Action != casemodel.ActionOpen:
		return badRequest("", Fault{Pointer: at, Detail: "goes with open: refer writes a new referral"})
	case b.Referral.Type() != "ServiceRequest":
		return badRequest("", Fault{Pointer: at, Detail: "must be a ServiceRequest of this server, such as ServiceRequest/1"})
	}
	return s.bring(ctx, a, b.Referral, at, b.Client)
}

// refer makes a stored ServiceRequest the case's referral, not a service that it
// asks for.
func (a *assembled) refer(ref casemodel.Ref) error {
	for _, m := range a.stored {
		r, is := mapping.ReferralFrom(m)
		if !is || r.ID != ref {
			continue
		}
		if r.Status == "revoked" || r.Status == "entered-in-error" {
			p := newProblem(http.StatusUnprocessableEntity, "rule", "The referral can't be answered", "")
			return p.found([]Fault{{Pointer: "/referral", Detail: "was revoked, or entered in error"}})
		}
		a.c.Services = slices.DeleteFunc(a.c.Services, func(x casemodel.Service) bool { return x.ID == r.ID })
		a.c.Referrals = append(a.c.Referrals, r)
	}
	return nil
}
