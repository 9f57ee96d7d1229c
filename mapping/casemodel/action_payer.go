package casemodel

// Reviewing is one exchange of a utilization review.
type Reviewing struct {
	// Review is the one that goes on, empty to open one for the stay or Service.
	Review   Ref      `json:"review,omitempty"`
	Service  Ref      `json:"service,omitempty"`
	Insurer  Party    `json:"insurer,omitzero"`
	Reviewer Party    `json:"reviewer,omitzero"`
	Exchange Exchange `json:"exchange"`
	// Close ends the review with this exchange.
	Close bool `json:"close,omitempty"`
}

var (
	reviewUnknown  = rule("review-unknown", "The utilization review isn't part of the case.")
	reviewOver     = rule("review-is-closed", "The utilization review is closed.")
	exchangeKind   = rule("exchange-kind-unknown", "An exchange is a clinical update, or the insurer's answer: authorized, denied or pended.")
	insurerNeeded  = rule("insurer-needed", "There is no insurer to turn to: the case needs a coverage, or the argument an insurer.")
	updateNeeded   = rule("update-needed", "A clinical update needs what is reported.")
	unitsNeeded    = rule("authorized-amount-needed", "An authorization of a review needs the days, the services or the period.")
	nextReview     = rule("next-review-needed", "A review that goes on needs the date of the next one, which lies ahead.")
	answerByPayer  = rule("answer-needs-payer", "Days and services are authorized, denied or pended by the insurer: take the step as payer, or name the reviewer who said so.")
	denialExplains = rule("review-denial-needs-reason", "A denial or pend of a review needs its reason.")
)

// Review adds an exchange to a utilization review, opening one if need be.
func Review(c Case, s Step, a Reviewing) (Result, error) {
	return act(c, ActionReview, s, func(w *acting) {
		r := w.review(a)
		if r == nil {
			return
		}
		x := clone(a.Exchange)
		x.ID, x.At = w.named(x.ID, "Communication"), w.now(x.At)
		w.checkExchange(&x, r)
		x.By = w.by(x.By)
		r.Exchanges = append(r.Exchanges, x)
		if a.Close {
			r.Status, r.ClosedAt, r.NextReview = ReviewClosed, At(s.At), ""
			return
		}
		if x.NextReview != "" {
			r.NextReview = x.NextReview
		}
		if r.NextReview == "" || r.NextReview.Past(s.At) {
			w.add(nextReview, r.ID, "argument.exchange.nextReview")
		}
	})
}

func (w *acting) review(a Reviewing) *UtilizationReview {
	if a.Review == "" {
		return w.newReview(a)
	}
	r := find(w.c.Reviews, func(r *UtilizationReview) bool { return r.ID == a.Review })
	switch {
	case r == nil:
		w.add(reviewUnknown, a.Review, "argument.review")
		return nil
	case r.Status != ReviewOpen:
		w.add(reviewOver, r.ID, "argument.review")
	}
	if r.Insurer.IsZero() {
		r.Insurer = w.insurer(a.Insurer)
	}
	if !a.Reviewer.IsZero() {
		r.Reviewer = a.Reviewer
	}
	return r
}

func (w *acting) newReview(a Reviewing) *UtilizationReview {
	if a.Service != "" && w.service(a.Service) == nil {
		return nil
	}
	w.c.Reviews = append(w.c.Reviews, UtilizationReview{
		ID: w.step.NewID("Task"), Status: ReviewOpen, Service: a.Service, Insurer: w.insurer(a.Insurer),
		Reviewer: a.Reviewer, OpenedAt: At(w.step.At),
	})
	return &w.c.Reviews[len(w.c.Reviews)-1]
}

// insurer gives the one named, else the case's first.
func (w *acting) insurer(named Party) Party {
	if !named.IsZero() {
		return named
	}
	if all := w.c.Insurers(); len(all) > 0 {
		return all[0]
	}
	w.add(insurerNeeded, "", "argument.insurer")
	return Party{}
}

func (w *acting) checkExchange(x *Exchange, r *UtilizationReview) {
	path := "argument.exchange"
	known, _ := oneOf(x.Kind, []ExchangeKind{ExchangeUpdate, ExchangeAuthorized, ExchangeDenied, ExchangePended})
	if !known {
		w.add(exchangeKind, r.ID, path+".kind")
		return
	}
	checkExchange(x, r.ID, path, &w.found)
	role := w.step.Actor.Role
	if x.Kind != ExchangeUpdate && role != RolePayer && role != RoleSystem && x.By.IsZero() {
		w.add(answerByPayer, r.ID, path+".by")
	}
}

var (
	necessityNeeded = rule("necessity-needed", "A request for authorization needs why the service is necessary.")
	authUnknown     = rule("authorization-unknown", "The authorization isn't part of the case.")
	authAsked       = rule("authorization-asked-already", "The service waits for a decision of the insurer already.")
	rulingUnknown   = rule("decision-unknown", "The insurer approves, denies, pends, or approves as an exception; an appeal is upheld or overturned.")
	appealUnknown   = rule("appeal-unknown", "The appeal isn't one of the authorization's.")
	amountPositive  = rule("amount-must-be-positive", "What the insurer pays is more than nothing, in a currency of ISO 4217.")
)

// RequestAuthorization asks the insurer to approve a service before it is delivered.
func RequestAuthorization(c Case, s Step, a Authorization) (Result, error) {
	return act(c, ActionRequestAuthorization, s, func(w *acting) {
		x := clone(a)
		if w.service(x.Service) != nil {
			for _, o := range w.c.Authorizations {
				if o.Service == x.Service && (o.Status == AuthorizationRequested || o.Status == AuthorizationPended) {
					w.add(authAsked, o.ID, "argument.authorization.service")
				}
			}
		}
		if blank(x.Necessity) {
			w.add(necessityNeeded, "", "argument.authorization.necessity")
		}
		checkAmount(x.Price, "", "argument.authorization.price", &w.found)
		if x.Due.Past(s.At) {
			w.add(dueInPast, "", "argument.authorization.due")
		}
		x.Insurer = w.insurer(x.Insurer)
		x.ID, x.Status = w.step.NewID("Claim"), AuthorizationRequested
		x.RequestedAt, x.RequestedBy = At(s.At), w.by(x.RequestedBy)
		x.Decision, x.DecidedAt, x.DecidedBy, x.Appeals = "", "", Party{}, nil
		if x.Coverage == "" && len(w.c.Coverages) > 0 {
			x.Coverage = w.c.Coverages[0].ID
		}
		w.c.Authorizations = append(w.c.Authorizations, x)
	})
}

// Ruling is the insurer's decision on a request, or on an appeal against a denial.
type Ruling struct {
	Authorization Ref                 `json:"authorization"`
	Status        AuthorizationStatus `json:"status,omitempty"` // approved, denied, pended, exception
	// Appeal is the appeal that is decided, with AppealStatus upheld or overturned.
	Appeal       Ref          `json:"appeal,omitempty"`
	AppealStatus AppealStatus `json:"appealStatus,omitempty"`
	Number       string       `json:"number,omitempty"`
	Period       Period       `json:"period,omitzero"`
	Granted      *Quantity    `json:"granted,omitempty"`
	Amount       *Money       `json:"amount,omitempty"`
	Reason       Concept      `json:"reason,omitzero"`
	Saves        string       `json:"saves,omitempty"` // why an exception pays off
}

// Decide is the insurer's decision.
func Decide(c Case, s Step, a Ruling) (Result, error) {
	return act(c, ActionDecide, s, func(w *acting) {
		x := w.c.Authorization(a.Authorization)
		if x == nil {
			w.add(authUnknown, a.Authorization, "argument.authorization")
			return
		}
		checkAmount(a.Amount, "", "argument.amount", &w.found)
		if a.Appeal != "" {
			w.decideAppeal(x, a)
			return
		}
		switch a.Status {
		case AuthorizationApproved, AuthorizationDenied, AuthorizationPended, AuthorizationException:
		default:
			w.add(rulingUnknown, x.ID, "argument.status")
			return
		}
		if x.Status != AuthorizationRequested && x.Status != AuthorizationPended || x.Status == a.Status {
			w.add(edgeRules[KindAuthorization], x.ID, "argument.status", "It is "+string(x.Status)+".")
			return
		}
		w.rule(x, a.Status, a)
	})
}

func (w *acting) rule(x *Authorization, to AuthorizationStatus, a Ruling) {
	x.Status, x.Reason, x.Saves = to, a.Reason, a.Saves
	x.Number, x.Period, x.Granted, x.Amount = a.Number, a.Period, clone(a.Granted), clone(a.Amount)
	x.DecidedAt, x.DecidedBy = At(w.step.At), w.step.Actor.Party
	if x.Decision == "" {
		x.Decision = w.step.NewID("ClaimResponse")
	}
	if to == AuthorizationDenied && x.Reason.IsZero() && !blank(w.step.Why) {
		x.Reason = Words(w.step.Why)
	}
	if to == AuthorizationException && blank(x.Saves) {
		w.add(exceptionReason, x.ID, "argument.saves")
	}
}

func (w *acting) decideAppeal(x *Authorization, a Ruling) {
	p := find(x.Appeals, func(p *Appeal) bool { return p.ID == a.Appeal })
	switch {
	case p == nil:
		w.add(appealUnknown, a.Appeal, "argument.appeal")
		return
	case p.Status != AppealFiled:
		w.add(edgeRules[KindAppeal], p.ID, "argument.appeal")
		return
	case a.AppealStatus != AppealUpheld && a.AppealStatus != AppealOverturned:
		w.add(rulingUnknown, p.ID, "argument.appealStatus")
		return
	}
	p.Status, p.DecidedAt, p.DecidedBy, p.Reason = a.AppealStatus, At(w.step.At), w.step.Actor.Party, w.step.Why
	if a.AppealStatus != AppealOverturned {
		return
	}
	to := AuthorizationApproved
	if a.Status == AuthorizationException {
		to = a.Status
	}
	w.rule(x, to, a)
}

// Appealing files an appeal against a denial; the reason of the step is its grounds.
type Appealing struct {
	Authorization Ref  `json:"authorization"`
	Due           Date `json:"due,omitzero"` // when the decision is due
}

// FileAppeal appeals a denial.
func FileAppeal(c Case, s Step, a Appealing) (Result, error) {
	return act(c, ActionAppeal, s, func(w *acting) {
		x := w.c.Authorization(a.Authorization)
		if x == nil {
			w.add(authUnknown, a.Authorization, "argument.authorization")
			return
		}
		if x.Status != AuthorizationDenied {
			w.add(appealDenial, x.ID, "argument.authorization")
		}
		if find(x.Appeals, func(p *Appeal) bool { return p.Status == AppealFiled }) != nil {
			w.add(appealOpen, x.ID, "argument.authorization")
		}
		if a.Due.Past(s.At) {
			w.add(dueInPast, x.ID, "argument.due")
		}
		x.Appeals = append(x.Appeals, Appeal{
			ID: w.step.NewID("Task"), Status: AppealFiled, At: At(s.At), By: s.Actor.Party, Grounds: s.Why, Due: a.Due,
		})
	})
}
