package casemodel_test

import (
	"slices"
	"testing"

	"caseway/mapping/casemodel"
)

// TestACaseMayComeInAnywhere in its course, and gets the history that it lacks.
func TestACaseMayComeInAnywhere(t *testing.T) {
	for _, p := range casemodel.Phases() {
		k := at(t, p)
		c := k.c.Clone()
		c.History, c.Plans = nil, nil // a plan comes in later
		r, err := casemodel.Receive(c, k.as(casemodel.RoleSystem))
		if err != nil {
			t.Errorf("%s: got %v, want no error", p, err)
			continue
		}
		if h := r.Case.History; len(h) != 1 || h[0].Phase != p || h[0].Start != c.Period.Start && c.Period.Start != "" {
			t.Errorf("%s: the history is %+v", p, h)
		}
	}
}

// TestACaseThatComesInHoldsToTheRules of every state.
func TestACaseThatComesInHoldsToTheRules(t *testing.T) {
	for rule, change := range map[string]func(*casemodel.Case){
		"plan-needs-approval":    func(c *casemodel.Case) { c.Plans[0].Approvals = nil },
		"manager-needed":         func(c *casemodel.Case) { c.Manager = casemodel.Party{} },
		"history-not-contiguous": func(c *casemodel.Case) { c.History = c.History[:1] },
		"shares-must-add-up": func(c *casemodel.Case) {
			c.Agreements = []casemodel.CostAgreement{{ID: "Contract/c", Status: casemodel.AgreementOffered, Rounds: []casemodel.Round{{
				Kind: casemodel.RoundOffer, By: pharmacy, ListPrice: casemodel.USD(5),
				Shares: []casemodel.Share{{Party: insurer, Amount: casemodel.USD(4)}},
			}}}}
		},
	} {
		t.Run(rule, func(t *testing.T) {
			k := at(t, casemodel.PhaseActive)
			c := k.c.Clone()
			change(&c)
			_, err := casemodel.Receive(c, k.as(casemodel.RoleSystem))
			if got := rulesOf(err); !slices.Equal(got, []string{rule}) {
				t.Errorf("%s: refused with %v", rule, got)
			}
		})
	}
}
