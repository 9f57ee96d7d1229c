package cases_test

import (
	"net/http"
	"strings"
	"testing"

	"caseway/mapping/casemodel"
)

// TestEvidenceIsShown has the case manager record what a provider and the client
// said, and looks for it in the case, in FHIR and in Provenance.
func TestEvidenceIsShown(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		stage := newStage(a)
		k := stage.scene("active").on(t)
		k.offered(agency)
		x := k.c.Services[0]
		accept := casemodel.Answering{Service: x.ID, Offer: x.Offers[0].ID}
		k.refusedBy("evidence-needed", "accept", accept)
		accept.Evidence.Note = "said so on the telephone"
		k.must("accept", cm, manager, accept)
		if got := k.c.Services[0].Offers[0].Evidence; got.Note != accept.Evidence.Note || got.By.Ref != manager.Ref {
			t.Errorf("the case shows the evidence %+v", got)
		}
		k.negotiated(0, casemodel.RoundOffer)
		agree := casemodel.Negotiation{Agreement: k.c.Agreements[0].ID, Round: casemodel.Round{Kind: casemodel.RoundAgreement, By: client}}
		agree.Round.ListPrice, agree.Round.Reductions, agree.Round.Shares = k.c.Agreements[0].Rounds[0].ListPrice, k.c.Agreements[0].Rounds[0].Reductions, k.c.Agreements[0].Rounds[0].Shares
		k.refusedBy("evidence-needed", "negotiate", agree)
		agree.Round.Evidence.Note = "signed at home"
		k.must("negotiate", cm, manager, agree)

		for _, row := range []struct{ path, want string }{
			{"/fhir/" + string(accept.Offer), `"url":"https://caseway.dev/fhir/StructureDefinition/evidence"`},
			{"/fhir/" + string(agree.Agreement), `signed at home`},
			{"/fhir/Provenance?target=" + string(accept.Offer), `said so on the telephone`},
			{"/fhir/Provenance?target=" + string(agree.Agreement), `signed at home`},
			{"/fhir/Provenance?agent=" + string(client.Ref), `"code":"informant"`},
		} {
			t.Run(row.path, func(t *testing.T) {
				if got := a.do("GET", row.path, ""); got.status != http.StatusOK || !strings.Contains(got.body, row.want) {
					t.Errorf("%s: %d %s, want %s in it", row.path, got.status, got.body, row.want)
				}
			})
		}
	})
}

// refusedBy takes an action as case manager that a rule stands against.
func (k *course) refusedBy(rule, action string, argument any) {
	k.t.Helper()
	got := k.post(action, cm, manager, argument, "")
	if p := k.problem(got, http.StatusUnprocessableEntity); p.Rule != rule {
		k.t.Errorf("%s: refused by %s, want %s", action, p.Rule, rule)
	}
}
