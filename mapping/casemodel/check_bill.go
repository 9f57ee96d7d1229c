package casemodel

import "slices"

var billAgreed = rule("bill-not-as-agreed", "A bill asks who pays a share for what was agreed, and stays so; cancel it before another is made.")

// checkBills holds the bills of an agreement to its shares, and what becomes of
// them to who issued them: who is to pay doesn't say that nothing is due.
func checkBills(before, after *Case, s Step, found *Errors) {
	for i := range after.Agreements {
		a, path := &after.Agreements[i], indexed("agreements", i)
		was := before.Agreement(a.ID)
		for j := range a.Bills {
			b, at := &a.Bills[j], indexed(path+".bills", j)
			old := was.bill(b.ID)
			if old == nil && a.Status == AgreementAgreed && !a.shares(b) || old != nil && !old.asks(b) {
				found.add(billAgreed, b.ID, at)
			}
			if old != nil && old.Status != b.Status && !b.keptBy(s.Actor) {
				found.add(roleBars, b.ID, at+".status", "It is a step of who issued the bill.")
			}
		}
	}
}

// bill gives a bill of an agreement, which may be nil, by its id; nil for none.
func (a *CostAgreement) bill(id Ref) *Bill {
	if a == nil {
		return nil
	}
	return find(a.Bills, func(b *Bill) bool { return b.ID == id })
}

// shares reports whether a bill asks for a share that was agreed.
func (a *CostAgreement) shares(b *Bill) bool {
	r := a.Current()
	return r != nil && slices.ContainsFunc(r.Shares, func(s Share) bool { return s.Party.Same(b.Payer) && s.Amount == b.Amount })
}

// asks reports whether another version of a bill asks the same of the same.
func (b *Bill) asks(other *Bill) bool {
	return stays(b.Payer, other.Payer) && stays(b.Issuer, other.Issuer) && b.Amount == other.Amount
}

func stays(p, other Party) bool { return p.Same(other) || p.IsZero() && other.IsZero() }

// keptBy reports whether a bill is somebody's to keep: the issuer's, and theirs
// who manage the case.
func (b *Bill) keptBy(a Actor) bool {
	switch a.Role {
	case RoleSystem, RoleCaseManager, RoleAdministrator:
		return true
	case RoleProvider:
		return b.Issuer.IsZero() || b.Issuer.Same(a.Party)
	}
	return false
}
