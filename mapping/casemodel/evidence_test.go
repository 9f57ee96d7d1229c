package casemodel_test

import (
	"testing"

	"caseway/mapping/casemodel"
)

var byTelephone = casemodel.Evidence{Note: "said so on the telephone"}

// TestWhoSpeaksForWhom has people record what others say.
func TestWhoSpeaksForWhom(t *testing.T) {
	asked, service := infusion(t)
	asked.must(casemodel.Negotiate(asked.c, asked.by(casemodel.RoleProvider, pharmacy), casemodel.Negotiation{
		Service: service, Round: round(casemodel.RoundOffer, shares(100000, 50000, 250000)...),
	}))
	one := offered(t, agency)
	one.c.Files = []casemodel.File{{ID: "DocumentReference/letter"}}
	agree := func(r casemodel.Role, change func(*casemodel.Round)) func(*course) error {
		return func(k *course) error {
			x := casemodel.Round{Kind: casemodel.RoundAgreement}
			change(&x)
			return errOf(casemodel.Negotiate(k.c, k.as(r), casemodel.Negotiation{Agreement: k.c.Agreements[0].ID, Round: x}))
		}
	}
	accept := func(r casemodel.Role, by casemodel.Party, e casemodel.Evidence) func(*course) error {
		return func(k *course) error {
			a := answer(k)
			a.Evidence = e
			return errOf(casemodel.Accept(k.c, k.by(r, by), a))
		}
	}
	write := func(r casemodel.Role, e casemodel.Evidence) func(*course) error {
		return func(k *course) error {
			after := k.c.Clone()
			o := &after.Services[0].Offers[0]
			o.Status, o.Evidence = casemodel.TaskAccepted, e
			return errOf(casemodel.Apply(k.c, after, k.as(r)))
		}
	}
	itself := func(*casemodel.Round) {}
	shown := func(r *casemodel.Round) { r.By, r.Evidence = client, byTelephone }
	run(t, []illegal{
		{"the insurer agrees", asked, agree(casemodel.RolePayer, itself), nil},
		{"the client agrees", asked, agree(casemodel.RoleClient, itself), nil},
		{"the family agrees for the client", asked, agree(casemodel.RoleFamily, func(r *casemodel.Round) { r.By = client }), nil},
		{"the provider agrees for the client", asked, agree(casemodel.RoleProvider, func(r *casemodel.Round) { r.By = client }), []string{"party-is-another"}},
		{"the client agrees for the insurer", asked, agree(casemodel.RoleClient, func(r *casemodel.Round) { r.By = insurer }), []string{"party-is-another"}},
		{"the manager agrees", asked, agree(cm, itself), []string{"evidence-needed"}},
		{"the manager says that the client agrees", asked, agree(cm, func(r *casemodel.Round) { r.By = client }), []string{"evidence-needed"}},
		{"the manager says how the client agreed", asked, agree(cm, shown), nil},
		{"the client brings evidence", asked, agree(casemodel.RoleClient, shown), []string{"evidence-of-ones-own"}},
		{"the provider accepts", one, accept(casemodel.RoleProvider, agency, casemodel.Evidence{}), nil},
		{"the manager accepts", one, accept(cm, manager, casemodel.Evidence{}), []string{"evidence-needed"}},
		{"the manager accepts by telephone", one, accept(cm, manager, byTelephone), nil},
		{"the manager accepts by letter", one, accept(cm, manager, casemodel.Evidence{File: "DocumentReference/letter"}), nil},
		{"the manager accepts by no letter", one, accept(cm, manager, casemodel.Evidence{File: "DocumentReference/none"}), []string{"file-unknown"}},
		{"the manager writes that it is accepted", one, write(cm, casemodel.Evidence{}), []string{"evidence-needed"}},
		{"the manager writes how it was accepted", one, write(cm, byTelephone), nil},
		{"an EHR writes that it is accepted", one, write(casemodel.RoleSystem, casemodel.Evidence{}), nil},
	})
}

// TestEvidenceSaysWhoRecorded keeps with what is recorded who did.
func TestEvidenceSaysWhoRecorded(t *testing.T) {
	k := offered(t, agency)
	a := answer(k)
	a.Evidence = byTelephone
	k.must(casemodel.Accept(k.c, k.as(cm), a))
	want := casemodel.Evidence{By: manager, Note: byTelephone.Note}
	if got := k.c.Services[0].Offers[0].Evidence; got != want {
		t.Errorf("the evidence is %+v, want %+v", got, want)
	}
}
