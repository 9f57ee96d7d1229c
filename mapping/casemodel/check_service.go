package casemodel

import (
	"slices"
	"strconv"
	"strings"
)

var (
	oneProvider    = rule("one-provider", "Only one provider's acceptance can be taken for a service; the other offers are cancelled.")
	providerNeeded = rule("provider-needed", "An offer needs the provider that is asked.")
	providerTwice  = rule("provider-asked-twice", "A provider is asked for a service once at a time.")
	authNeeded     = rule("service-needs-authorization", "The service can't start before the insurer has authorized it.")
	choiceNeeded   = rule("client-choice-needed", "Of several providers that are asked, the client chooses.")
)

func checkServices(c *Case, found *Errors) {
	for i := range c.Services {
		s, path := &c.Services[i], indexed("services", i)
		checkOffers(s, path, found)
		if begun(s.Status) && authorizationMissing(c, s) {
			found.add(authNeeded, s.ID, path+".status")
		}
	}
}

func checkOffers(s *Service, path string, found *Errors) {
	taken := 0
	var asked []Party
	for i, o := range s.Offers {
		at := path + ".offers[" + strconv.Itoa(i) + "]"
		if o.Status.Done() && o.Status != TaskCompleted {
			continue
		}
		if !o.Provider.IsZero() { // a Task of another system may ask whoever wants it
			if containsParty(asked, o.Provider) {
				found.add(providerTwice, o.ID, at+".provider")
			}
			asked = append(asked, o.Provider)
		}
		if o.Status.taken() && s.Provider.Same(o.Provider) && !s.Provider.IsZero() || o.Status.underWay() {
			if taken++; taken > 1 {
				found.add(oneProvider, o.ID, at+".status")
			}
		}
	}
}

// underWay says whether a provider has begun, which only the one whose
// acceptance was taken may.
func (s TaskStatus) underWay() bool {
	return s == TaskReady || s == TaskInProgress || s == TaskCompleted
}

func begun(s ServiceStatus) bool { return s == ServiceInProgress || s == ServiceDelivered }

// authorizationMissing says whether a service waits for the insurer: it was
// asked and hasn't granted, or must be asked, or an agreement has a share of
// the insurer's beyond what was granted.
func authorizationMissing(c *Case, s *Service) bool {
	granted, waiting := false, false
	for _, a := range c.Authorizations {
		if a.Service != s.ID {
			continue
		}
		granted = granted || a.Status.Granted()
		waiting = waiting || a.Status == AuthorizationRequested || a.Status == AuthorizationPended || a.Status == AuthorizationDenied
	}
	if granted {
		return false
	}
	return waiting || s.NeedsAuthorization || payerShares(c, s)
}

func payerShares(c *Case, s *Service) bool {
	return slices.ContainsFunc(c.Agreements, func(a CostAgreement) bool {
		r := a.Current()
		return a.Service == s.ID && a.Status == AgreementAgreed && r != nil &&
			slices.ContainsFunc(r.Shares, func(h Share) bool { return h.Role == RolePayer && h.Amount.Minor > 0 })
	})
}

var (
	exceptionReason = rule("exception-needs-reason", "An exception beyond the covered benefits needs the reason that it saves.")
	denialReason    = rule("denial-needs-reason", "A denial needs its reason.")
	pendReason      = rule("pend-needs-reason", "A pended decision needs what is asked for.")
	decisionDecider = rule("decision-needs-decider", "A decision of the insurer needs who decided and when.")
	appealDenial    = rule("appeal-needs-denial", "Only a denial can be appealed.")
	appealOpen      = rule("appeal-filed-already", "A denial is appealed once at a time.")
)

func checkAuthorizations(c *Case, found *Errors) {
	for i, a := range c.Authorizations {
		path := indexed("authorizations", i)
		switch {
		case a.Status == AuthorizationException && blank(a.Saves):
			found.add(exceptionReason, a.ID, path+".saves")
		case a.Status == AuthorizationDenied && a.Reason.IsZero():
			found.add(denialReason, a.ID, path+".reason")
		case a.Status == AuthorizationPended && a.Reason.IsZero():
			found.add(pendReason, a.ID, path+".reason")
		}
		if (a.Status.Granted() || a.Status == AuthorizationDenied) && (a.DecidedBy.IsZero() || a.DecidedAt == "") {
			found.add(decisionDecider, a.ID, path+".decidedBy")
		}
		checkAmount(a.Price, a.ID, path+".price", found)
		checkAmount(a.Amount, a.ID, path+".amount", found)
		checkAppeals(&a, path, found)
	}
}

func checkAmount(m *Money, part Ref, path string, found *Errors) {
	if m == nil {
		return
	}
	if _, known := MinorDigits(m.Currency); !known || m.Minor <= 0 {
		found.add(amountPositive, part, path)
	}
}

func checkAppeals(a *Authorization, path string, found *Errors) {
	filed := 0
	for j, p := range a.Appeals {
		at := path + ".appeals[" + strconv.Itoa(j) + "]"
		if blank(p.Grounds) {
			found.add(reasonNeed, p.ID, at+".grounds")
		}
		if p.Status != AppealFiled {
			continue
		}
		if filed++; filed > 1 {
			found.add(appealOpen, p.ID, at)
		}
		if a.Status != AuthorizationDenied {
			found.add(appealDenial, p.ID, at)
		}
	}
}

var outOfNetwork = rule("offer-out-of-network", "In a hospital, clients are offered providers of their insurer's network; one outside it needs the reason.")

// inNetwork says whether a provider is known to belong to a network of the
// case's insurers, or whether no network of theirs is known.
func (c *Case) inNetwork(p Party) bool {
	insurers, known := c.Insurers(), false
	for _, n := range c.Networks {
		if !n.Owner.IsZero() && len(insurers) > 0 && !containsParty(insurers, n.Owner) {
			continue
		}
		known = true
		if !n.Inactive && n.Member.Same(p) {
			return true
		}
	}
	return !known
}

// Use compares what was ordered of a service with what took place.
type Use struct {
	Service Ref       `json:"service"`
	Ordered *Quantity `json:"ordered,omitempty"`
	Booked  int       `json:"booked"` // appointments to come
	Kept    int       `json:"kept"`
	Missed  int       `json:"missed"`
	// Unused says that nothing is booked and less was kept than ordered.
	Unused bool `json:"unused,omitempty"`
}

// Uses tracks the use of every service that was ordered and isn't over.
func Uses(c *Case) []Use {
	var all []Use
	for _, s := range c.Services {
		if s.Status == ServiceDraft || s.Status == ServiceEnteredInError || s.Not {
			continue
		}
		u := Use{Service: s.ID, Ordered: s.Ordered}
		for _, a := range c.Appointments {
			if slices.Contains(a.Services, s.ID) {
				u.count(a.Status)
			}
		}
		u.Unused = !s.Status.Done() && u.Booked == 0 && u.Kept < wanted(s.Ordered)
		all = append(all, u)
	}
	return all
}

func (u *Use) count(s AppointmentStatus) {
	switch s {
	case AppointmentKept:
		u.Kept++
	case AppointmentMissed:
		u.Missed++
	case AppointmentCancelled, AppointmentEnteredInError:
	default:
		u.Booked++
	}
}

// wanted gives the whole number that was ordered, 1 where it isn't said.
func wanted(q *Quantity) int {
	if q == nil {
		return 1
	}
	whole, _, _ := strings.Cut(string(q.Value), ".")
	n, err := strconv.Atoi(whole)
	if err != nil {
		return 1
	}
	return n
}
