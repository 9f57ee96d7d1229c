package cases_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"caseway/mapping/casemodel"
	"caseway/server/cases"
)

// who edits as the case manager, for a reason.
const who = "?role=case-manager&by=Practitioner/manager&reason=as+the+client+said"

// Media types of the bodies of edits.
var (
	asJSON  = "application/json"
	asMerge = cases.MergePatch
	asPatch = cases.JSONPatch
)

// edit sends an edit of the case as it was last seen.
func (k *course) edit(method, path, mediaType string, body any) answer {
	k.t.Helper()
	t, ok := body.(string)
	if !ok {
		t = text(body)
	}
	return k.do(method, k.path+path+who, t, "If-Match", k.etag, "Content-Type", mediaType)
}

// edited sends an edit that must be carried out.
func (k *course) edited(method, path, mediaType string, body any) cases.View {
	k.t.Helper()
	got := k.edit(method, path, mediaType, body)
	status := http.StatusOK
	if method == http.MethodPost {
		status = http.StatusCreated
	}
	v := k.view(got, status)
	if len(v.Losses) > 0 || got.header.Get("Content-Location") != k.url+k.path+"?view=whole" {
		k.t.Errorf("%s %s lost %v, shows %q", method, path, v.Losses, got.header.Get("Content-Location"))
	}
	k.read()
	if v.Case.ID != k.c.ID || got.header.Get("ETag") != k.etag {
		k.t.Errorf("%s %s: the answer isn't the case as it is now", method, path)
	}
	return v
}

// read takes the case over as it is.
func (k *course) read() {
	k.t.Helper()
	got := k.do("GET", k.path+"?view=whole", "")
	k.c, k.etag = k.view(got, http.StatusOK).Case, got.header.Get("ETag")
}

// copyOf is a case or a part as a client has it.
func copyOf(v any) object {
	var o object
	if err := json.Unmarshal([]byte(text(v)), &o); err != nil {
		panic(err)
	}
	return o
}

// TestEachPartIsEdited: by PUT, by merge patch and by JSON Patch, what a part
// says is changed, in the resource that it is kept as.
func TestEachPartIsEdited(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.stocked()
		for i, row := range []struct {
			list, member string
			value        any
			resource     string // element that has it, "" where it is hard to find
		}{
			{"family", "name", "Aunt", "name"},
			{"teams", "name", "Team B", "name"},
			{"problems", "severity", object{"text": "severe"}, "severity"},
			{"strengths", "text", "a brother", "valueString"},
			{"barriers", "code", object{"text": "no lift"}, "code"},
			{"risks", "mitigation", "handrails", "mitigation"},
			{"assessments", "summary", "walks a little", ""},
			{"goals", "clientWords", "I want to dance", "extension"},
			{"outcomes", "remarks", []object{{"text": "by phone"}}, "note"},
			{"plans", "nextReview", "2031-01-01", "extension"},
			{"services", "instructions", "slowly", "patientInstruction"},
			{"appointments", "text", "bring shoes", "description"},
			{"contacts", "learned", "sleeps", ""},
			{"tasks", "priority", "urgent", "priority"},
			{"reviews", "nextReview", "2031-01-02", ""},
			{"coverages", "network", "north", "network"},
			{"authorizations", "necessity", "to walk again", ""},
			{"agreements", "title", "Pump", "title"},
			{"files", "description", "the letter", "description"},
			{"notes", "text", "called again", "payload"},
			{"consents", "policy", object{"text": "other"}, "policyRule"},
		} {
			t.Run(row.list, func(t *testing.T) {
				part := k.part(row.list)
				path := "/" + row.list + "/" + part["id"].(string)
				part[row.member] = row.value
				switch i % 3 {
				case 0:
					k.edited("PUT", path, asJSON, part)
				case 1:
					k.edited("PATCH", path, asMerge, object{row.member: row.value})
				case 2:
					k.edited("PATCH", path, asPatch, []object{{"op": "add", "path": "/" + row.member, "value": row.value}})
				}
				if got := k.part(row.list)[row.member]; text(got) != text(row.value) {
					t.Errorf("%s of %s is %v", row.member, row.list, got)
				}
				r, _ := a.stored(part["id"].(string))
				if row.resource != "" && r[row.resource] == nil {
					t.Errorf("%s: the resource has no %s", row.list, row.resource)
				}
			})
		}
		p := a.do("GET", "/fhir/Provenance?target="+string(k.c.Goals[0].ID)+"&agent=Practitioner/manager", "")
		if !strings.Contains(p.body, `"code":"change"`) || !strings.Contains(p.body, "as the client said") {
			t.Errorf("no Provenance of the edit: %s", p.body)
		}
	})
}

// part gives the first part of a list, of authorizations one that isn't decided.
func (k *course) part(list string) object {
	k.t.Helper()
	parts, _ := copyOf(k.c)[list].([]any)
	for _, p := range parts {
		if part := p.(object); list != "authorizations" || part["status"] == "requested" {
			return part
		}
	}
	k.t.Fatalf("the case has no %s", list)
	return nil
}

// stocked gives a case that has a part in each list.
func (a *api) stocked() *course {
	a.t.Helper()
	k := a.running()
	offer := casemodel.USD(100)
	k.must("schedule", casemodel.RoleCaseManager, manager, casemodel.Appointment{Services: []casemodel.Ref{k.c.Services[0].ID}, Start: "2031-01-01T10:00:00Z"})
	k.must("record-contact", casemodel.RoleCaseManager, manager, casemodel.Contact{Kind: casemodel.ContactTelephone, Learned: "sleeps well"})
	k.must("negotiate", casemodel.RoleCaseManager, manager, casemodel.Negotiation{
		Service: k.c.Services[0].ID, Provider: pharmacy,
		Round: casemodel.Round{Kind: casemodel.RoundOffer, ListPrice: offer, Shares: []casemodel.Share{{Party: client, Role: casemodel.RoleClient, Amount: offer}}},
	})
	k.must("request-authorization", casemodel.RoleCaseManager, manager, casemodel.Authorization{Service: k.c.Services[0].ID, Necessity: "more weeks"})
	k.must("record-outcome", casemodel.RoleCaseManager, manager, casemodel.Measuring{Outcome: casemodel.Outcome{
		Goals: []casemodel.Ref{k.c.Goals[0].ID}, Value: casemodel.Value{Quantity: &casemodel.Quantity{Value: "3", Unit: "steps"}},
	}})
	for list, part := range map[string]any{
		"family":    casemodel.Relative{Name: "Sister", Relationships: []casemodel.Concept{{Codings: []casemodel.Coding{{System: "http://terminology.hl7.org/CodeSystem/v3-RoleCode", Code: "SIS"}}}}},
		"referrals": casemodel.Referral{From: physician, Code: casemodel.Words("case management")},
		"problems":  casemodel.Problem{Code: casemodel.Words("fracture"), Categories: problemList},
		"strengths": casemodel.Strength{Source: casemodel.StrengthFamily, Text: "a sister"},
		"barriers":  casemodel.Barrier{Code: casemodel.Words("stairs")},
		"risks":     casemodel.Risk{Code: casemodel.Words("fall")},
		"files":     casemodel.File{Title: "Letter", Contents: []casemodel.Content{{ContentType: "text/plain", URL: "https://files.example/1"}}},
		"notes":     casemodel.Note{Text: "called"},
		"consents": casemodel.Consent{
			Scope:      casemodel.Concept{Codings: []casemodel.Coding{{System: "http://terminology.hl7.org/CodeSystem/consentscope", Code: "patient-privacy"}}},
			Categories: []casemodel.Concept{casemodel.Words("sharing")}, Policy: casemodel.Words("hospital"),
		},
	} {
		k.edited("POST", "/"+list, asJSON, part)
	}
	return k
}

// TestPartsAreAdded, get ids and a place, and belong to the case.
func TestPartsAreAdded(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.open()
		got := k.edit("POST", "/goals", asJSON, casemodel.Goal{Description: casemodel.Words("to walk")})
		v := k.view(got, http.StatusCreated)
		id := string(v.Case.Goals[0].ID)
		if got.header.Get("Location") != a.url+k.path+"/goals/"+id || v.Changes[0].ID != v.Case.Goals[0].ID {
			t.Errorf("Location is %q, changed is %+v", got.header.Get("Location"), v.Changes)
		}
		r, _ := a.stored(id)
		if !strings.Contains(text(r["meta"]), k.c.ID) || r["lifecycleStatus"] != "proposed" {
			t.Errorf("the Goal is %v", r)
		}
		part := a.do("GET", k.path+"/goals/"+id, "")
		if part.status != http.StatusOK || !strings.Contains(part.body, "to walk") {
			t.Fatalf("got %d %s, want the goal", part.status, part.body)
		}
		if again := a.do("GET", k.path+"/goals/"+id, "", "If-None-Match", part.header.Get("ETag")); again.status != http.StatusNotModified {
			t.Errorf("got %d, want 304", again.status)
		}
		// The tag of the part is enough, whatever happens to the rest of the case.
		if got := a.do("PUT", k.path+"/goals/"+id+who, part.body, "If-Match", part.header.Get("ETag")); got.status != http.StatusOK {
			t.Errorf("got %d %s, want 200", got.status, got.body)
		}
		k.read()
		// Several at once, one of which names another.
		k.edited("PATCH", "", asPatch, []object{
			{"op": "add", "path": "/problems/-", "value": object{"id": "urn:uuid:2f0f7f0e-0000-4000-8000-000000000001", "code": object{"text": "fall"}, "categories": problemList}},
			{"op": "add", "path": "/goals/-", "value": object{"description": object{"text": "no fall"}, "addresses": []string{"urn:uuid:2f0f7f0e-0000-4000-8000-000000000001"}}},
			{"op": "add", "path": "/diagnoses/-", "value": object{"problem": "urn:uuid:2f0f7f0e-0000-4000-8000-000000000001", "rank": 1}},
		})
		if len(k.c.Problems) != 1 || len(k.c.Goals) != 2 || k.c.Diagnoses[0].Problem != k.c.Problems[0].ID ||
			!slices.ContainsFunc(k.c.Goals, func(g casemodel.Goal) bool { return slices.Contains(g.Addresses, k.c.Problems[0].ID) }) {
			t.Errorf("got %s, want a goal that addresses the problem", text(k.c))
		}
	})
}

// TestTheCaseItselfIsEdited by the three ways.
func TestTheCaseItselfIsEdited(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.running()
		whole := copyOf(k.c)
		whole["identifiers"] = []object{{"system": "urn:claims", "value": "7"}}
		whole["goals"].([]any)[0].(object)["clientWords"] = "I want to go home"
		k.edited("PUT", "", asJSON, whole)
		if k.c.Identifiers[0].Value != "7" || k.c.Goals[0].ClientWords != "I want to go home" {
			t.Errorf("got %s, want the identifier and the client's words", text(k.c))
		}
		before := text(k.c)
		v := k.edited("PUT", "", asJSON, k.c)
		if text(k.c) != before || len(v.Changes) > 0 {
			t.Errorf("a case that is put as it was is changed: %v", v.Changes)
		}
		k.edited("PATCH", "", asMerge, object{"identifiers": nil, "targetPopulation": object{"text": "elders"}, "cadences": []object{{"kind": "telephone", "days": 7}}})
		if len(k.c.Identifiers) > 0 || k.c.TargetPopulation.Text != "elders" || k.c.Cadences[0].Days != 7 {
			t.Errorf("got %s, want no identifier, elders, and 7 days", text(k.c))
		}
		k.edited("PATCH", "", asPatch, []object{
			{"op": "test", "path": "/phase", "value": k.c.Phase},
			{"op": "add", "path": "/accounts/-", "value": "Account/a1"},
			{"op": "replace", "path": "/goals/0/description/text", "value": "home"},
		})
		if k.c.Accounts[0] != "Account/a1" || k.c.Goals[0].Description.Text != "home" {
			t.Errorf("got %s, want the account and the goal", text(k.c))
		}
		// Lists of parts that PUT leaves out stay as they are.
		bare := copyOf(k.c)
		for _, list := range []string{"goals", "services", "plans", "tasks", "contacts", "teams", "coverages", "client", "history", "phase", "nextDue"} {
			delete(bare, list)
		}
		before = text(k.c)
		k.edited("PUT", "", asJSON, bare)
		if text(k.c) != before {
			t.Errorf("the case was\n%s\nand is\n%s", before, text(k.c))
		}
	})
}

// TestNothingIsLostByAnEdit: what a case doesn't carry stays in the resource.
func TestNothingIsLostByAnEdit(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.running()
		id := string(k.c.Goals[0].ID)
		r, etag := a.stored(id)
		r["identifier"] = []object{{"system": "urn:goals", "value": "9"}}
		r["extension"] = append([]any{}, object{"url": "http://example.org/mine", "valueString": "x"})
		a.put(id, text(r), "If-Match", etag)
		k.read()
		k.edited("PATCH", "/goals/"+id, asMerge, object{"clientWords": "home"})
		after, _ := a.stored(id)
		if text(after["identifier"]) != text(r["identifier"]) || !strings.Contains(text(after["extension"]), "http://example.org/mine") {
			t.Errorf("the Goal is %v", after)
		}
	})
}

// TestBothDoorsConflict: an edit of what a FHIR client has changed meanwhile is
// refused, and the other way round.
func TestBothDoorsConflict(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.running()
		id := string(k.c.Goals[0].ID)
		part := a.do("GET", k.path+"/goals/"+id, "").header.Get("ETag")
		r, etag := a.stored(id)
		r["statusReason"] = "as planned"
		a.put(id, text(r), "If-Match", etag)
		for _, tag := range []string{k.etag, part, `"none"`, `W/"1"`} {
			got := a.do("PATCH", k.path+"/goals/"+id+who, `{"clientWords":"x"}`, "If-Match", tag, "Content-Type", asMerge)
			a.problem(got, http.StatusPreconditionFailed)
		}
		k.problem(k.edit("PATCH", "", asMerge, object{"accounts": []string{"Account/a"}}), http.StatusPreconditionFailed)
		k.problem(k.edit("DELETE", "/goals/"+id, "", ""), http.StatusPreconditionFailed)
		for _, method := range []string{"PUT", "PATCH", "DELETE"} {
			got := a.do(method, k.path+"/goals/"+id+who, `{}`, "Content-Type", map[bool]string{true: asMerge, false: asJSON}[method == "PATCH"])
			a.problem(got, http.StatusPreconditionRequired)
		}
		k.read()
		_, etag = a.stored(id)
		k.edited("PATCH", "/goals/"+id, asMerge, object{"clientWords": "home"})
		if got := a.do("PUT", "/fhir/"+id, text(r), "If-Match", etag); got.status != http.StatusPreconditionFailed {
			t.Errorf("a FHIR client overwrites an edit: %d", got.status)
		}
		if k.c.Goals[0].StatusReason != "as planned" || k.c.Goals[0].ClientWords != "home" {
			t.Errorf("got %+v, want the reason and the words that were there", k.c.Goals[0])
		}
	})
}

// TestPartsAreRemoved: marked, with a reason, and never taken out.
func TestPartsAreRemoved(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.stocked()
		for _, row := range []struct{ list, element, want string }{
			{"family", "active", "false"},
			{"teams", "status", `"inactive"`},
			{"referrals", "status", `"entered-in-error"`},
			{"strengths", "status", `"entered-in-error"`},
			{"barriers", "status", `"entered-in-error"`},
			{"risks", "status", `"entered-in-error"`},
			{"assessments", "status", `"entered-in-error"`},
			{"goals", "lifecycleStatus", `"entered-in-error"`},
			{"outcomes", "status", `"entered-in-error"`},
			{"services", "status", `"entered-in-error"`},
			{"appointments", "status", `"entered-in-error"`},
			{"contacts", "status", `"entered-in-error"`},
			{"tasks", "status", `"entered-in-error"`},
			{"reviews", "status", `"entered-in-error"`},
			{"agreements", "status", `"cancelled"`},
			{"coverages", "status", `"cancelled"`},
			{"files", "status", `"entered-in-error"`},
			{"notes", "status", `"entered-in-error"`},
			{"consents", "status", `"inactive"`},
		} {
			t.Run(row.list, func(t *testing.T) {
				id := k.part(row.list)["id"].(string)
				path := "/" + row.list + "/" + id
				unsaid := k.do("DELETE", k.path+path+"?role=case-manager", "", "If-Match", k.etag)
				if p := k.problem(unsaid, http.StatusUnprocessableEntity); p.Rule != "reason-needed" {
					t.Errorf("%s without a reason: %+v", row.list, p)
				}
				k.edited("DELETE", path, "", "")
				if r, _ := a.stored(id); text(r[row.element]) != row.want {
					t.Errorf("%s: %s is %v", row.list, row.element, r[row.element])
				}
			})
		}
		id := string(k.c.Problems[0].ID)
		k.edited("PATCH", "", asPatch, []object{{"op": "remove", "path": "/problems/0"}})
		r, _ := a.stored(id)
		if !strings.Contains(text(r["verificationStatus"]), "entered-in-error") || r["clinicalStatus"] != nil {
			t.Errorf("the Condition is %v", r)
		}
		p := k.problem(k.edit("DELETE", "/plans/"+string(k.c.Plans[0].ID), "", ""), http.StatusUnprocessableEntity)
		if p.Rule != "action-needed" || len(p.Errors[0].Actions) == 0 {
			t.Errorf("an approved plan is removed: %+v", p)
		}
	})
}
