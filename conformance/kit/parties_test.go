package kit_test

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"caseway/conformance/kit"
	"caseway/fhir/store/mongo/mongotest"
	"caseway/mapping/casemodel"
	"caseway/server/cases"
	"caseway/server/cases/problem"
)

// parties is a server with a login on which those who take part in the home
// infusion are signed in, each as somebody of the own organization.
type parties struct {
	*kit.Process
	t      *testing.T
	client *kit.Client
	tokens map[string]string // by user
	path   string            // of the case below the server's root
	etag   map[string]string // of the case as each user saw it last
	c      casemodel.Case    // as the hospital's case manager sees it
	deeds  []deed            // what was done to it
	before map[string]object // its resources, as the telling has come to them
}

// deed is an action, and whose it was.
type deed struct{ user, action string }

type object = map[string]any

// partyOf is as whom each user takes steps.
var partyOf = map[string]casemodel.Party{
	"hana": {Ref: "Practitioner/hana"}, "drew": {Ref: "Practitioner/drew"}, "pat": {Ref: "Patient/pat"},
	"ina": {Ref: "Organization/insurer"}, "alma": {Ref: "Organization/agency"}, "phil": {Ref: "Organization/pharmacy"},
	"rita": {Ref: "Organization/rival"},
}

var partiesStores = []struct {
	name string
	uri  func(*testing.T) string
}{
	{"sqlite", func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "caseway.db") }},
	{"mongodb", func(t *testing.T) string { return mongotest.Server(t).URI }},
}

// newParties starts a server, stores who there is, and signs everybody in.
func newParties(t *testing.T, uri string) *parties {
	t.Helper()
	process := startAt(t, uri, "--auth", "embedded", "--auth-seed", filepath.Join("testdata", "parties", "seed.yaml"))
	p := &parties{Process: process, t: t, client: kit.NewClient(process.Base), tokens: map[string]string{}, etag: map[string]string{}}
	for _, user := range []string{"root", "hana", "drew", "ina", "alma", "phil", "rita", "olaf"} {
		p.tokens[user] = newVisitor(t, process.Root).signIn(user, "user/*.cruds openid fhirUser").Access
	}
	p.directory()
	for _, user := range []string{"pat", "fay", "quinn"} {
		p.tokens[user] = newVisitor(t, process.Root).signIn(user, "launch/patient openid fhirUser patient/*.cruds").Access
	}
	return p
}

// do sends a request as a user. A path that begins with a slash is below the
// server's root, any other below the FHIR base.
func (p *parties) do(user, method, path string, body any, header ...string) kit.Answer {
	p.t.Helper()
	header = append([]string{"Authorization", "Bearer " + p.tokens[user]}, header...)
	if strings.HasPrefix(path, "/") {
		path = p.Root + path
		header = append(header, "Content-Type", "application/json")
	}
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			p.t.Fatal(err)
		}
	}
	answer, err := p.client.Do(p.t.Context(), method, path, text, header...)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer
}

// directory stores people, organizations and policies.
func (p *parties) directory() {
	p.t.Helper()
	var entries []object
	put := func(typ, id string, r object) {
		r["resourceType"], r["id"] = typ, id
		entries = append(entries, object{"resource": r, "request": object{"method": "PUT", "url": typ + "/" + id}})
	}
	for _, id := range []string{"hana", "drew", "ina", "alma", "phil", "rita", "olaf"} {
		put("Practitioner", id, object{"active": true})
	}
	put("PractitionerRole", "drew", object{
		"practitioner": object{"reference": "Practitioner/drew"},
		"code":         []object{{"coding": []object{{"system": "http://terminology.hl7.org/CodeSystem/practitioner-role", "code": "doctor"}}}},
	})
	for _, id := range []string{"insurer", "agency", "pharmacy", "rival", "other"} {
		put("Organization", id, object{"name": id})
	}
	for patient, payor := range map[string]string{"pat": "insurer", "fay": "insurer", "quinn": "other"} {
		put("Patient", patient, object{"name": []object{{"text": "Client"}}})
		put("Coverage", patient, object{
			"status": "active", "beneficiary": object{"reference": "Patient/" + patient}, "payor": []object{{"reference": "Organization/" + payor}},
		})
	}
	if got := p.do("root", "POST", "", object{"resourceType": "Bundle", "type": "transaction", "entry": entries}); got.Status != http.StatusOK {
		p.t.Fatalf("the directory: %d %s", got.Status, got.Body)
	}
}

// open makes pat's case.
func (p *parties) open() {
	p.t.Helper()
	got := p.do("hana", "POST", "/cases", object{
		"action": "open", "client": "Patient/pat", "bring": []string{"Coverage/pat"},
		"argument": casemodel.Opening{Model: casemodel.ModelClinical, Setting: casemodel.SettingHomeHealth, Manager: partyOf["hana"]},
	})
	if got.Status != http.StatusCreated {
		p.t.Fatalf("open: %d %s", got.Status, got.Body)
	}
	p.path = strings.TrimPrefix(got.Header.Get("Location"), p.Root)
	p.deeds = append(p.deeds, deed{"hana", "open"})
	p.look()
}

// look sees the case as the case manager does.
func (p *parties) look() {
	p.t.Helper()
	p.c = p.view("hana").Case
}

// view is the case as a user sees it.
func (p *parties) view(user string) (v cases.View) {
	p.t.Helper()
	got := p.do(user, "GET", p.path+"?view=whole", nil)
	if got.Status != http.StatusOK {
		p.t.Fatalf("%s sees the case: %d %s", user, got.Status, got.Body)
	}
	if err := json.Unmarshal(got.Body, &v); err != nil {
		p.t.Fatal(err)
	}
	p.etag[user] = got.Header.Get("ETag")
	return v
}

func (p *parties) post(user, action string, argument any, reason string) kit.Answer {
	p.t.Helper()
	body := object{}
	if argument != nil {
		body["argument"] = argument
	}
	if reason != "" {
		body["reason"] = reason
	}
	p.view(user)
	return p.do(user, "POST", p.path+"/actions/"+action, body, "If-Match", p.etag[user])
}

// must takes an action that is a user's to take.
func (p *parties) must(user, action string, argument any) {
	p.t.Helper()
	if got := p.post(user, action, argument, ""); got.Status != http.StatusOK {
		p.t.Fatalf("%s by %s: %d %s", action, user, got.Status, got.Body)
	}
	p.deeds = append(p.deeds, deed{user, action})
	p.look()
}

// refused takes an action that a rule stands against.
func (p *parties) refused(user, rule, action string, argument any) {
	p.t.Helper()
	got := p.post(user, action, argument, "")
	var problem problem.Problem
	if err := json.Unmarshal(got.Body, &problem); err != nil || problem.Rule != rule {
		p.t.Fatalf("%s by %s: %d %s, not refused by %s", action, user, got.Status, got.Body, rule)
	}
}

// infusion takes the home infusion from its opening to its closing, each step by
// whose it is.
func (p *parties) infusion() {
	p.t.Helper()
	p.open()
	p.plan()
	drug, nurse := p.service("home infusion"), p.service("home nursing with a pump")
	p.must("hana", "offer", casemodel.Offering{Service: drug, Providers: []casemodel.Asked{{Provider: partyOf["phil"]}, {Provider: partyOf["rita"]}}})
	p.must("hana", "offer", casemodel.Offering{Service: nurse, Providers: []casemodel.Asked{{Provider: partyOf["alma"]}}})
	p.must("pat", "choose", p.offer(drug, "phil"))
	p.refused("rita", "role-not-allowed", "choose", p.offer(drug, "rita"))
	p.refused("phil", "offer-unknown", "accept", p.offer(drug, "rita"))
	p.must("phil", "accept", p.offer(drug, "phil"))
	p.must("alma", "accept", p.offer(nurse, "alma"))
	p.negotiate(drug)
	p.must("hana", "request-authorization", casemodel.Authorization{Service: drug, Necessity: "three weeks"})
	start := casemodel.Delivering{Service: drug, Status: casemodel.ServiceInProgress}
	p.refused("phil", "service-needs-authorization", "deliver", start)
	amount := casemodel.USD(250000)
	ruling := casemodel.Ruling{Authorization: p.c.Authorizations[0].ID, Status: casemodel.AuthorizationException, Amount: &amount}
	p.refused("ina", "exception-needs-reason", "decide", ruling)
	ruling.Saves = "a hospital stay costs more"
	p.must("ina", "decide", ruling)
	p.must("phil", "deliver", start)
	p.must("phil", "deliver", casemodel.Delivering{Service: drug, Status: casemodel.ServiceDelivered})
	p.must("alma", "deliver", casemodel.Delivering{Service: nurse, Status: casemodel.ServiceInProgress})
	p.must("alma", "deliver", casemodel.Delivering{Service: nurse, Status: casemodel.ServiceDelivered})
	p.meddle()
	p.must("hana", "record-outcome", casemodel.Measuring{Outcome: casemodel.Outcome{
		Goals: []casemodel.Ref{p.c.Goals[0].ID}, Value: casemodel.Value{Quantity: &casemodel.Quantity{Value: "21", Unit: "days"}},
	}})
	p.must("hana", "close", casemodel.Closure{Reason: casemodel.ClosureReason("goals-met"), Summary: "at home", HandOver: "nothing is left to do"})
}

// plan brings the case to its plan in force, with the drug and the nurse.
func (p *parties) plan() {
	p.t.Helper()
	p.must("hana", "assess", casemodel.Assessing{
		Assessment: casemodel.Assessment{
			Status: casemodel.AssessmentCompleted, Summary: "could be at home", Needs: []casemodel.Need{{Text: "antibiotics"}},
			Necessity: []casemodel.Necessity{{Care: casemodel.Words("antibiotics"), Setting: casemodel.SettingHomeHealth}},
		},
		Problems: []casemodel.Problem{{Code: casemodel.Words("bone infection"), Clinical: "active", Categories: []casemodel.Concept{{
			Codings: []casemodel.Coding{{System: "http://terminology.hl7.org/CodeSystem/condition-category", Code: "problem-list-item"}},
		}}}},
	})
	p.must("hana", "plan", casemodel.Planning{
		Plan: casemodel.Plan{Title: "Antibiotics at home", Participants: []casemodel.Party{partyOf["pat"]}},
		Goals: []casemodel.Goal{{
			Description: casemodel.Words("to be at home"), Targets: []casemodel.Target{{Measure: casemodel.Words("days"), Due: "2030-01-01"}},
		}},
		Services: []casemodel.Service{
			{Code: casemodel.Words("home infusion"), Ordered: &casemodel.Quantity{Value: "21", Unit: "days"}, NeedsAuthorization: true},
			{Code: casemodel.Words("home nursing with a pump"), Ordered: &casemodel.Quantity{Value: "9", Unit: "visits"}},
		},
	})
	p.must("hana", "submit", casemodel.Submission{Approver: partyOf["drew"]})
	p.must("drew", "approve", nil)
}

func (p *parties) service(code string) casemodel.Ref {
	p.t.Helper()
	for _, x := range p.c.Services {
		if x.Code.Text == code {
			return x.ID
		}
	}
	p.t.Fatalf("no service %s", code)
	return ""
}

// offer is that of a service to a user's organization.
func (p *parties) offer(service casemodel.Ref, user string) casemodel.Answering {
	p.t.Helper()
	for _, o := range p.c.Service(service).Offers {
		if o.Provider.Same(partyOf[user]) {
			return casemodel.Answering{Service: service, Offer: o.ID}
		}
	}
	p.t.Fatalf("no offer of %s to %s", service, user)
	return casemodel.Answering{}
}

// negotiate goes from the pharmacy's price to who pays which share of it.
func (p *parties) negotiate(drug casemodel.Ref) {
	p.t.Helper()
	p.must("phil", "negotiate", casemodel.Negotiation{
		Service: drug, Round: casemodel.Round{Kind: casemodel.RoundOffer, ListPrice: casemodel.USD(500000)},
	})
	deal := p.c.Agreements[0].ID
	p.refused("hana", "shares-must-add-up", "negotiate", casemodel.Negotiation{Agreement: deal, Round: shares(50000, 240000)})
	p.must("hana", "negotiate", casemodel.Negotiation{Agreement: deal, Round: shares(80000, 220000)})
	p.must("alma", "negotiate", casemodel.Negotiation{Agreement: deal, Round: shares(50000, 250000)})
	p.must("phil", "negotiate", casemodel.Negotiation{Agreement: deal, Round: casemodel.Round{Kind: casemodel.RoundAgreement}})
}

// shares is a counter-offer in which agency and insurer pay so much.
func shares(agency, insurer int64) casemodel.Round {
	return casemodel.Round{
		Kind: casemodel.RoundCounterOffer, ListPrice: casemodel.USD(500000),
		Reductions: []casemodel.Reduction{{By: partyOf["phil"], Amount: casemodel.USD(100000)}},
		Shares: []casemodel.Share{
			{Party: partyOf["pat"], Role: casemodel.RoleClient, Amount: casemodel.USD(100000)},
			{Party: partyOf["alma"], Role: casemodel.RoleProvider, Amount: casemodel.USD(agency), For: "the pump"},
			{Party: partyOf["ina"], Role: casemodel.RolePayer, Amount: casemodel.USD(insurer)},
		},
	}
}

// TestTheHomeInfusionWithLogins runs the second story with everybody logged in:
// by the case API, and once more by FHIR alone, to the same resources.
func TestTheHomeInfusionWithLogins(t *testing.T) {
	for _, s := range partiesStores {
		t.Run(s.name, func(t *testing.T) {
			p := newParties(t, s.uri(t))
			p.infusion()
			p.showsEachHisOwn()
			p.tellByFHIR()
		})
	}
}

// showsEachHisOwn looks at the case through everybody's eyes, over FHIR and as a
// case.
func (p *parties) showsEachHisOwn() {
	p.t.Helper()
	const everything = "Invoice Contract Task ServiceRequest EpisodeOfCare Patient CarePlan Goal Condition Claim ClaimResponse Coverage"
	for _, row := range []struct {
		user string
		sees string // how many of each of these types
	}{
		{"hana", "3 1 10 2 1 3 1 1 1 1 1 3"},
		{"pat", "1 1 10 2 1 1 1 1 1 1 1 1"},
		{"ina", "1 1 10 2 1 2 1 1 1 1 1 2"},
		{"phil", "3 1 1 1 1 1 1 0 0 0 0 0"},
		{"alma", "1 1 1 1 1 1 1 0 0 0 0 0"},
		{"rita", "0 0 1 1 1 1 1 0 0 0 0 0"},
		{"fay", "0 0 0 0 0 1 0 0 0 0 0 1"},
		{"quinn", "0 0 0 0 0 1 0 0 0 0 0 1"},
		{"olaf", "0 0 0 0 0 1 0 0 0 0 0 1"},
	} {
		var sees []string
		for _, typ := range strings.Fields(everything) {
			var found struct{ Total int }
			got := p.do(row.user, "GET", typ+"?_summary=count", nil)
			if err := json.Unmarshal(got.Body, &found); err != nil || got.Status != http.StatusOK {
				p.t.Fatalf("%s?_summary=count by %s: %d %s", typ, row.user, got.Status, got.Body)
			}
			sees = append(sees, strconv.Itoa(found.Total))
		}
		if got := strings.Join(sees, " "); got != row.sees {
			p.t.Errorf("of %s\n%s sees %s, not %s", everything, row.user, got, row.sees)
		}
		p.showsAsCase(row.user, strings.Fields(row.sees))
	}
}

// showsAsCase compares a user's view of the case, and list of cases, with what
// FHIR shows them.
func (p *parties) showsAsCase(user string, sees []string) {
	p.t.Helper()
	var list cases.Page
	got := p.do(user, "GET", "/cases", nil)
	if err := json.Unmarshal(got.Body, &list); err != nil || strconv.Itoa(len(list.Cases)) != sees[4] {
		p.t.Errorf("%s lists %s", user, got.Body)
	}
	if sees[4] == "0" {
		if got := p.do(user, "GET", p.path, nil); got.Status != http.StatusNotFound || strings.Contains(string(got.Body), "Practitioner") {
			p.t.Errorf("%s sees the case: %d %s", user, got.Status, got.Body)
		}
		return
	}
	c := p.view(user).Case
	bills := 0
	for _, a := range c.Agreements {
		bills += len(a.Bills)
	}
	for at, n := range map[int]int{0: bills, 1: len(c.Agreements), 3: len(c.Services), 6: len(c.Plans), 7: len(c.Goals), 8: len(c.Problems), 9: len(c.Authorizations)} {
		if strconv.Itoa(n) != sees[at] {
			p.t.Errorf("the case that %s sees has %d, not %s of number %d", user, n, sees[at], at)
		}
	}
	text := string(p.do(user, "GET", p.path, nil).Body)
	hidden := map[string][]string{
		"phil": {"Organization/rival", "bone infection", "could be at home"}, "alma": {"Organization/rival", "bone infection"},
		"rita": {"500000", "250000", "5000", "Organization/insurer", "bone infection"},
	}
	for _, secret := range hidden[user] {
		if strings.Contains(text, secret) {
			p.t.Errorf("%s is told of %q: %s", user, secret, text)
		}
	}
}
