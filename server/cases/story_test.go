package cases_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"caseway/mapping/casemodel"
	"caseway/server/cases"
)

var (
	manager   = casemodel.Party{Ref: "Practitioner/manager"}
	physician = casemodel.Party{Ref: "Practitioner/physician"}
	insurer   = casemodel.Party{Ref: "Organization/insurer"}
	agency    = casemodel.Party{Ref: "Organization/agency"}
	pharmacy  = casemodel.Party{Ref: "Organization/pharmacy"}
	client    = casemodel.Party{Ref: "Patient/p1"}
)

var problemList = []casemodel.Concept{{Codings: []casemodel.Coding{
	{System: "http://terminology.hl7.org/CodeSystem/condition-category", Code: "problem-list-item"},
}}}

// course takes a case through actions over HTTP.
type course struct {
	*api
	path string
	etag string
	c    casemodel.Case
}

type object = map[string]any

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// directory stores who takes part.
func (a *api) directory() {
	for _, id := range []string{"manager", "physician"} {
		a.put("Practitioner/"+id, `{"resourceType":"Practitioner","id":"`+id+`","active":true}`)
	}
	for _, id := range []string{"insurer", "agency", "pharmacy"} {
		a.put("Organization/"+id, `{"resourceType":"Organization","id":"`+id+`","name":"`+id+`"}`)
	}
	a.put("Patient/p1", `{"resourceType":"Patient","id":"p1","name":[{"text":"Client"}]}`)
	a.put("Coverage/v1", `{"resourceType":"Coverage","id":"v1","status":"active","beneficiary":{"reference":"Patient/p1"},"payor":[{"reference":"Organization/insurer"}]}`)
}

// open makes a case.
func (a *api) open() *course {
	a.t.Helper()
	a.directory()
	got := a.do("POST", "/cases", text(object{
		"action": "open", "client": "Patient/p1", "bring": []string{"Coverage/v1"}, "role": "case-manager", "by": manager,
		"argument": casemodel.Opening{Model: casemodel.ModelClinical, Setting: casemodel.SettingAcuteHospital, Manager: manager},
	}))
	v := a.view(got, http.StatusCreated)
	k := &course{api: a, path: "/cases/" + v.Case.ID, etag: got.header.Get("ETag"), c: v.Case}
	if got.header.Get("Location") != a.url+k.path || k.etag == "" {
		a.t.Fatalf("Location %q, ETag %q", got.header.Get("Location"), k.etag)
	}
	return k
}

func (k *course) post(action string, role casemodel.Role, by casemodel.Party, argument any, reason string) answer {
	k.t.Helper()
	body := object{"role": role, "by": by}
	if argument != nil {
		body["argument"] = argument
	}
	if reason != "" {
		body["reason"] = reason
	}
	return k.do("POST", k.path+"/actions/"+action, text(body), "If-Match", k.etag)
}

// must takes an action that is allowed.
func (k *course) must(action string, role casemodel.Role, by casemodel.Party, argument any, reason ...string) cases.View {
	k.t.Helper()
	got := k.post(action, role, by, argument, strings.Join(reason, " "))
	if got.status != http.StatusOK {
		k.t.Fatalf("%s in phase %s: %d %s", action, k.c.Phase, got.status, got.body)
	}
	v := k.view(got, http.StatusOK)
	if len(v.Changes) == 0 {
		k.t.Errorf("%s changed nothing", action)
	}
	if len(v.Losses) > 0 {
		k.t.Errorf("%s lost %v", action, v.Losses)
	}
	k.c, k.etag = v.Case, got.header.Get("ETag")
	return v
}

// refused takes an action that rules stand against, which must leave the case
// as it is.
func (k *course) refused(rule, action string, role casemodel.Role, by casemodel.Party, argument any) {
	k.t.Helper()
	p := k.problem(k.post(action, role, by, argument, ""), http.StatusUnprocessableEntity)
	if p.Rule != rule || len(p.Errors) == 0 || p.Errors[0].Detail == "" {
		k.t.Fatalf("%s: refused by %q, not %q: %+v", action, p.Rule, rule, p)
	}
	if got := k.do("GET", k.path, ""); got.header.Get("ETag") != k.etag {
		k.t.Errorf("%s was refused and changed the case", action)
	}
}

func (k *course) phase(want casemodel.Phase) {
	k.t.Helper()
	if k.c.Phase != want {
		k.t.Fatalf("the case is in phase %s, not %s", k.c.Phase, want)
	}
}

func goal(text string) casemodel.Goal {
	return casemodel.Goal{Description: casemodel.Words(text), Targets: []casemodel.Target{{Measure: casemodel.Words("days"), Due: "2030-01-01"}}}
}

// planned brings a case to its plan in force, with one service.
func (k *course) planned() casemodel.Ref {
	k.t.Helper()
	k.must("assess", casemodel.RoleCaseManager, manager, casemodel.Assessing{
		Assessment: casemodel.Assessment{
			Status: casemodel.AssessmentCompleted, Summary: "could be at home",
			Needs:     []casemodel.Need{{Text: "antibiotics"}},
			Necessity: []casemodel.Necessity{{Care: casemodel.Words("antibiotics"), Setting: casemodel.SettingHomeHealth}},
		},
		Problems: []casemodel.Problem{{Code: casemodel.Words("bone infection"), Clinical: "active", Categories: problemList}},
	})
	k.must("plan", casemodel.RoleCaseManager, manager, casemodel.Planning{
		Plan:  casemodel.Plan{Title: "Antibiotics at home", Participants: []casemodel.Party{client}},
		Goals: []casemodel.Goal{goal("to be at home")},
		Services: []casemodel.Service{{
			Code: casemodel.Words("home infusion"), Ordered: &casemodel.Quantity{Value: "21", Unit: "days"}, NeedsAuthorization: true,
		}},
	})
	k.must("submit", casemodel.RoleCaseManager, manager, casemodel.Submission{Approver: physician})
	k.must("approve", casemodel.RolePhysician, physician, nil)
	k.phase(casemodel.PhaseActive)
	return k.c.Services[0].ID
}

func round(kind casemodel.RoundKind, payer int64) casemodel.Round {
	return casemodel.Round{
		Kind: kind, ListPrice: casemodel.USD(500000),
		Reductions: []casemodel.Reduction{{By: pharmacy, Amount: casemodel.USD(100000)}},
		Shares: []casemodel.Share{
			{Party: client, Role: casemodel.RoleClient, Amount: casemodel.USD(100000)},
			{Party: agency, Role: casemodel.RoleProvider, Amount: casemodel.USD(50000), For: "the pump"},
			{Party: insurer, Role: casemodel.RolePayer, Amount: casemodel.USD(payer)},
		},
	}
}

// TestTheHomeInfusion runs the second story by the case API.
func TestTheHomeInfusion(t *testing.T) {
	onEachStore(t, func(_ *testing.T, a *api) { a.infusion().seenOverFHIR() })
}

func (a *api) infusion() *course {
	a.t.Helper()
	k := a.open()
	id := k.planned()
	k.must("offer", casemodel.RoleCaseManager, manager, casemodel.Offering{Service: id, Providers: []casemodel.Asked{{Provider: pharmacy}}})
	k.must("accept", casemodel.RoleProvider, pharmacy, casemodel.Answering{Service: id, Offer: k.c.Services[0].Offers[0].ID})
	k.must("negotiate", casemodel.RoleProvider, pharmacy, casemodel.Negotiation{
		Service: id, Round: casemodel.Round{Kind: casemodel.RoundOffer, ListPrice: casemodel.USD(500000)},
	})
	deal := k.c.Agreements[0].ID
	k.refused("shares-must-add-up", "negotiate", casemodel.RoleCaseManager, manager,
		casemodel.Negotiation{Agreement: deal, Round: round(casemodel.RoundCounterOffer, 240000)})
	k.must("negotiate", casemodel.RoleCaseManager, manager,
		casemodel.Negotiation{Agreement: deal, Round: round(casemodel.RoundCounterOffer, 250000)})
	k.must("negotiate", casemodel.RoleProvider, pharmacy,
		casemodel.Negotiation{Agreement: deal, Round: casemodel.Round{Kind: casemodel.RoundAgreement}})
	bills := k.c.Agreements[0].Bills
	if len(bills) != 3 {
		a.t.Fatalf("%d bills for 3 who pay", len(bills))
	}
	start := casemodel.Delivering{Service: id, Status: casemodel.ServiceInProgress}
	k.refused("service-needs-authorization", "deliver", casemodel.RoleProvider, pharmacy, start)
	k.must("request-authorization", casemodel.RoleCaseManager, manager, casemodel.Authorization{Service: id, Necessity: "three weeks"})
	amount := casemodel.USD(250000)
	ruling := casemodel.Ruling{Authorization: k.c.Authorizations[0].ID, Status: casemodel.AuthorizationException, Amount: &amount}
	k.refused("exception-needs-reason", "decide", casemodel.RolePayer, insurer, ruling)
	ruling.Saves = "a hospital stay costs more"
	k.must("decide", casemodel.RolePayer, insurer, ruling)
	k.must("deliver", casemodel.RoleProvider, pharmacy, start)
	k.must("deliver", casemodel.RoleProvider, pharmacy, casemodel.Delivering{Service: id, Status: casemodel.ServiceDelivered})
	k.phase(casemodel.PhaseMonitoring)
	one := casemodel.Decimal("1")
	k.must("record-outcome", casemodel.RoleCaseManager, manager, casemodel.Measuring{
		Outcome: casemodel.Outcome{Goals: []casemodel.Ref{k.c.Goals[0].ID}, Value: casemodel.Value{Quantity: &casemodel.Quantity{Value: one}}},
	})
	k.must("close", casemodel.RoleCaseManager, manager, casemodel.Closure{
		Reason: casemodel.ClosureReason("goals-met"), Summary: "at home", HandOver: "nothing is left to do",
	})
	k.phase(casemodel.PhaseClosed)
	return k
}

// seenOverFHIR looks at the end of the story as any FHIR client does.
func (k *course) seenOverFHIR() {
	k.t.Helper()
	episode := k.do("GET", "/fhir/EpisodeOfCare/"+k.c.ID, "")
	if !strings.Contains(episode.body, `"status":"finished"`) {
		k.t.Errorf("the episode isn't finished: %s", episode.body)
	}
	for query, want := range map[string]int{
		"Invoice?_tag=https://caseway.dev/fhir/CodeSystem/case|" + k.c.ID:                                 3,
		"Coverage?_tag=https://caseway.dev/fhir/CodeSystem/case|" + k.c.ID:                                1,
		"Contract?_tag=https://caseway.dev/fhir/CodeSystem/case|" + k.c.ID:                                1,
		"ClaimResponse?_tag=https://caseway.dev/fhir/CodeSystem/case|" + k.c.ID + "&patient=Patient/p1":   1,
		"Provenance?_count=100&_tag=https://caseway.dev/fhir/CodeSystem/case|" + k.c.ID:                   16,
		"Provenance?_tag=https://caseway.dev/fhir/CodeSystem/case|" + k.c.ID + "&agent=Practitioner/none": 0,
	} {
		got := k.do("GET", "/fhir/"+query, "")
		var b struct{ Entry []json.RawMessage }
		if err := json.Unmarshal([]byte(got.body), &b); err != nil || len(b.Entry) != want {
			k.t.Errorf("%s: %d found, not %d (%d)", query, len(b.Entry), want, got.status)
		}
	}
}

// TestTwoDoors: what FHIR writes is in the case at once, and the other way round.
func TestTwoDoors(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.open()
		k.must("work", casemodel.RoleCaseManager, manager, casemodel.Task{Text: "call the pharmacy", Due: "2030-01-01"})
		var id casemodel.Ref
		for _, task := range k.c.Tasks {
			if task.Text == "call the pharmacy" {
				id = task.ID
			}
		}
		got := k.do("GET", "/fhir/"+string(id), "")
		if got.status != http.StatusOK || !strings.Contains(got.body, `"status":"requested"`) {
			t.Fatalf("%s over FHIR: %d %s", id, got.status, got.body)
		}
		k.put(string(id), strings.Replace(got.body, `"status":"requested"`, `"status":"completed"`, 1), "If-Match", got.header.Get("ETag"))
		v := k.view(k.do("GET", k.path+"?view=whole", ""), http.StatusOK)
		for _, task := range v.Case.Tasks {
			if task.ID == id && task.Status != casemodel.TaskCompleted {
				t.Errorf("the task is %s in the case", task.Status)
			}
		}
		p := k.problem(k.post("hold", casemodel.RoleCaseManager, manager, nil, "on holiday"), http.StatusPreconditionFailed)
		if p.Type == "" {
			t.Errorf("got %+v, want a problem with a type", p)
		}
		k.etag = k.do("GET", k.path, "").header.Get("ETag")
		k.must("hold", casemodel.RoleCaseManager, manager, nil, "on holiday")
		if got := k.do("GET", k.path, "", "If-None-Match", k.etag); got.status != http.StatusNotModified || got.body != "" {
			t.Errorf("If-None-Match: %d with %d bytes", got.status, len(got.body))
		}
	})
}

// TestList filters and pages.
func TestList(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.open()
		for i := range 3 {
			id := fmt.Sprintf("f%d", i)
			a.put("EpisodeOfCare/"+id, `{"resourceType":"EpisodeOfCare","id":"`+id+`","status":"active","patient":{"reference":"Patient/p1"}}`)
		}
		a.put("EpisodeOfCare/f0", `{"resourceType":"EpisodeOfCare","id":"f0","status":"active","patient":{"reference":"Patient/p1"},
			"extension":[{"url":"https://caseway.dev/fhir/StructureDefinition/next-due","extension":[{"url":"date","valueDateTime":"2020-01-01"}]}]}`)
		for query, want := range map[string]int{
			"":                                    4,
			"?client=Patient/p1":                  4,
			"?assignee=Practitioner/manager":      1,
			"?assignee=Practitioner/none":         0,
			"?phase=opened":                       1,
			"?phase=active,closed":                3, // those from elsewhere
			"?model=clinical":                     1,
			"?model=brokerage":                    0,
			"?setting=acute-hospital,community":   1,
			"?insurer=Organization/insurer":       1,
			"?insurer=Organization/agency":        0,
			"?condition=http://snomed.info/sct|1": 0,
			"?overdue=true":                       1,
			"?phase=opened&model=clinical&insurer=Organization/insurer&assignee=Practitioner/manager": 1,
		} {
			t.Run(query, func(t *testing.T) {
				if got := len(a.page("/cases" + query).Cases); got != want {
					t.Errorf("%s: %d cases, not %d", query, got, want)
				}
			})
		}
		seen := map[string]bool{}
		next := "/cases?count=1&client=Patient/p1"
		for range 5 {
			page := a.page(next)
			for _, row := range page.Cases {
				if seen[row.ID] {
					t.Errorf("%s is there twice", row.ID)
				}
				seen[row.ID] = true
				if row.Adopted != (row.ID == k.c.ID) {
					t.Errorf("%s adopted: %t", row.ID, row.Adopted)
				}
			}
			if next = page.Next; next == "" {
				break
			}
		}
		if len(seen) != 4 || next != "" {
			t.Errorf("paging found %d cases", len(seen))
		}
		for _, query := range []string{"?assigned=x", "?phase=open", "?model=", "?count=0", "?count=1000", "?overdue=false", "?assignee=x", "?phase=opened&phase=opened"} {
			a.problem(a.do("GET", "/cases"+query, ""), http.StatusBadRequest)
		}
	})
}

func (a *api) page(path string) (p cases.Page) {
	a.t.Helper()
	got := a.do("GET", path, "")
	if got.status != http.StatusOK {
		a.t.Fatalf("%s: %d %s", path, got.status, got.body)
	}
	if err := json.Unmarshal([]byte(got.body), &p); err != nil {
		a.t.Fatal(err)
	}
	return p
}
