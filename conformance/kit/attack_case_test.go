package kit_test

import (
	"slices"
	"strings"
	"testing"

	"caseway/mapping/casemodel"
)

// plainJSON is the Content-Type of the case API.
var plainJSON = []string{"Content-Type", "application/json"}

// actionNames are those of every action.
func actionNames() []string {
	var all []string
	for _, row := range casemodel.PhaseSteps() {
		if name := string(row.Action); !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// caseRequests are requests of every kind to the case API about a case, "" for
// those that name none in their path.
func (st *stage) caseRequests(id string) []attack {
	at := st.Root + "/cases/" + id
	edits := []attack{
		{name: "change", method: "PUT", path: at, body: `{"id":"` + id + `"}`, header: []string{"Content-Type", "application/json", "If-Match", "*"}},
		{name: "change, merge patch", method: "PATCH", path: at, body: `{"title":"x"}`, header: []string{"Content-Type", "application/merge-patch+json", "If-Match", "*"}},
		{name: "change, JSON patch", method: "PATCH", path: at, body: `[{"op":"test","path":"/phase","value":"active"}]`, header: []string{"Content-Type", "application/json-patch+json", "If-Match", "*"}},
		{name: "change without If-Match", method: "PUT", path: at, body: `{"id":"x"}`, header: plainJSON},
		{name: "add a part", method: "POST", path: at + "/problems", body: `{"code":{"text":"x"}}`, header: plainJSON},
		{name: "read a part", method: "GET", path: at + "/problems/Condition/bob-condition"},
		{name: "change a part", method: "PUT", path: at + "/problems/Condition/bob-condition", body: `{"code":{"text":"x"}}`, header: []string{"Content-Type", "application/json", "If-Match", "*"}},
		{name: "remove a part", method: "DELETE", path: at + "/problems/Condition/bob-condition?reason=x", header: []string{"If-Match", "*"}},
	}
	all := []attack{
		{name: "read", method: "GET", path: at},
		{name: "HEAD", method: "HEAD", path: at},
		{name: "read, If-None-Match", method: "GET", path: at, header: []string{"If-None-Match", "*"}},
	}
	for _, name := range actionNames() {
		all = append(all, attack{name: name, method: "POST", path: at + "/actions/" + name, body: "{}", header: plainJSON})
	}
	return slices.Concat(all, edits)
}

// listRequests are those that name no case in their path, and must show nothing of
// bob's.
func (st *stage) listRequests() []attack {
	var all []attack
	for _, path := range []string{"", "/export"} {
		for _, filter := range []string{
			"", "client=Patient/bob", "assignee=Practitioner/dr", "condition=Condition/bob-condition", "insurer=Organization/clinic",
			"phase=active", "model=brokerage", "setting=home-health", "overdue=true",
		} {
			all = append(all, attack{name: "list" + path + " " + filter, method: "GET", path: strings.TrimSuffix(st.Root+"/cases"+path+"?"+filter, "?")})
		}
	}
	return all
}

// makingRequests make cases, for a patient or under an id.
func (st *stage) makingRequests(patient string) []attack {
	at := st.Root + "/cases"
	begin := func(action, more string) string {
		return `{"action":"` + action + `","client":"Patient/` + patient + `"` + more + `}`
	}
	const opening = `,"argument":{"model":"clinical","setting":"home-health","manager":{"ref":"Practitioner/dr"}}`
	return []attack{
		{name: "refer", method: "POST", path: at, body: begin("refer", `,"argument":{"referral":{"reasons":[{"text":"x"}]}}`), header: plainJSON},
		{name: "open", method: "POST", path: at, body: begin("open", opening), header: plainJSON},
		{name: "open and bring", method: "POST", path: at, body: begin("open", `,"bring":["Coverage/`+patient+`-coverage"]`+opening), header: plainJSON},
	}
}

// marked gives requests the token that they come with, and the statuses that are
// right.
func marked(rows []attack, name, token, status string) []attack {
	all := slices.Clone(rows)
	for i := range all {
		all[i].name, all[i].token, all[i].status, all[i].matches = name+": "+all[i].name, token, status, -1
	}
	return all
}

// caseAttacks reach for cases without a token that is right, and for those of
// others.
func (st *stage) caseAttacks(t *testing.T) []attack {
	t.Helper()
	var rows []attack
	every := slices.Concat(st.caseRequests("ann-case"), st.listRequests(), st.makingRequests("ann"), operationRequests("ann"))
	for _, row := range marked(every, "case, no token", "", "401") {
		row.header = append([]string{"Authorization", ""}, row.header...)
		rows = append(rows, row)
	}
	for _, row := range st.tokenAttacks(t) {
		row.name, row.path = "case, "+row.name, st.Root+"/cases/ann-case"
		rows = append(rows, row)
	}
	others := st.caseRequests("bob-case")
	for i, who := range []string{"", "foreign", "user", "caregiver", "launched"} {
		if i == 2 { // the actions don't differ in how they find the case
			others = slices.DeleteFunc(others, func(a attack) bool { return strings.Contains(a.path, "/actions/") && a.name != "hold" })
		}
		rows = append(rows, marked(others, "case, another's, "+who, who, "404")...)
		rows = append(rows, marked(st.listRequests(), "case, "+who, who, "200")...)
		rows = append(rows, marked(st.makingRequests("bob"), "case for bob, "+who, who, "403 404 422")...)
		rows = append(rows, st.importAttacks(who)...)
	}
	rows = append(rows, marked(st.caseRequests("ann-case")[:1], "case, another organization's", "foreign", "404")...)
	rows = append(rows, marked(st.caseRequests("none")[:1], "case, of nobody", "", "404")...)
	return rows
}

// importAttacks are files with what is bob's. Each line is refused by itself.
func (st *stage) importAttacks(who string) []attack {
	var all []attack
	for name, line := range map[string]string{
		"his case":             `{"id":"bob-case","adopted":true,"phase":"closed","client":{"id":"Patient/bob"}}`,
		"his case for ann":     `{"id":"bob-case","adopted":true,"phase":"active","client":{"id":"Patient/ann"}}`,
		"a new case for him":   `{"id":"new-case","adopted":true,"phase":"opened","client":{"id":"Patient/bob"}}`,
		"his goal in her case": `{"id":"ann-case","adopted":true,"phase":"active","client":{"id":"Patient/ann"},"goals":[{"id":"Goal/bob-goal","status":"cancelled","description":{"text":"x"}}]}`,
	} {
		all = append(all, attack{
			name: "import of " + name + ", " + who, token: who, method: "POST", path: st.Root + "/cases/import?existing=change", matches: -1,
			body: line + "\n", status: "200 403", header: []string{"Content-Type", "application/x-ndjson"},
		})
	}
	return all
}

// caseScopeAttacks do more on ann's case than scopes and roles allow.
func (st *stage) caseScopeAttacks() []attack {
	at := st.Root + "/cases/ann-case"
	act := func(token, action, body, status string) attack {
		return attack{
			name: "case, " + token + ": " + action + " " + body, token: token, method: "POST", path: at + "/actions/" + action,
			body: body, status: status, header: plainJSON, matches: -1,
		}
	}
	const hold, closing = `{"reason":"x"}`, `{"argument":{"reason":{"codings":[{"system":"https://caseway.dev/fhir/CodeSystem/closure-reason","code":"other"}]},"summary":"x","handOver":"x"}}`
	rows := []attack{
		act("", "hold", hold, "422"), act("", "close", closing, "422"), act("", "approve", "{}", "422"),
		act("", "hold", `{"reason":"x","role":"administrator"}`, "403"), act("", "hold", `{"reason":"x","role":"system"}`, "400 403"),
		act("", "hold", `{"reason":"x","by":{"ref":"Practitioner/dr"}}`, "400"), act("caregiver", "hold", hold, "422"),
		act("watcher", "hold", hold, "403"), act("tasks", "hold", hold, "403"), act("onhold", "hold", hold, "403"),
		act("watcher", "close", closing, "403"), act("tasks", "close", closing, "403"), act("readonly", "hold", hold, "403"),
		act("reader", "hold", hold, "403"), act("watcher", "work", `{"argument":{"text":"x"}}`, "403"),
		act("tasks", "assess", `{"argument":{"problems":[{"code":{"text":"x"}}]}}`, "403"),
		act("onhold", "work", `{"argument":{"text":"x"}}`, "403"),
		act("staff", "hold", `{"reason":"x","role":"physician"}`, "403"), act("staff", "hold", `{"reason":"x","role":"system"}`, "400 403"),
		act("staff", "hold", `{"reason":"x","by":{"ref":"Practitioner/other"}}`, "400"),
	}
	for _, token := range []string{"readonly", "reader"} {
		rows = append(rows, marked(st.caseRequests("ann-case")[:3], "case, wrong scope, "+token, token, "403")...)
		rows = append(rows, marked(st.listRequests(), "case, wrong scope, "+token, token, "403")...)
	}
	for _, token := range []string{"watcher", "tasks", "onhold", "readonly", "reader"} {
		rows = append(rows, marked(st.makingRequests("ann"), "case, "+token, token, "403")...)
	}
	for _, token := range []string{"watcher", "tasks", "readonly", "reader"} {
		rows = append(rows, marked(operationRequests("ann"), "operation, "+token, token, "403")...)
	}
	return rows
}

// operationRequests call every operation on cases, to write what is a patient's.
func operationRequests(patient string) []attack {
	call := func(name, path, parameters string) attack {
		return attack{name: name, method: "POST", path: path, body: `{"resourceType":"Parameters","parameter":[` + parameters + `]}`}
	}
	of := func(text string) string { return strings.ReplaceAll(text, "WHO", patient) }
	return []attack{
		call("$open", "EpisodeOfCare/$open", of(`{"name":"subject","valueReference":{"reference":"Patient/WHO"}},{"name":"model","valueCode":"clinical"},{"name":"setting","valueCode":"home-health"},{"name":"careManager","valueReference":{"reference":"Practitioner/dr"}}`)),
		call("$close", of("EpisodeOfCare/WHO-case/$close"), `{"name":"reason","valueCodeableConcept":{"coding":[{"system":"https://caseway.dev/fhir/CodeSystem/closure-reason","code":"other"}]}},{"name":"summary","valueString":"x"}`),
		call("$update-care-teams", of("EpisodeOfCare/WHO-case/$update-care-teams"), of(`{"name":"team","valueReference":{"reference":"CareTeam/WHO-team"}}`)),
		call("$update-care-teams, add", of("EpisodeOfCare/WHO-case/$update-care-teams"), of(`{"name":"addCareTeams","valueReference":{"reference":"CareTeam/WHO-team"}}`)),
		call("$update-care-teams, remove", of("EpisodeOfCare/WHO-case/$update-care-teams"), of(`{"name":"removeCareTeams","valueReference":{"reference":"CareTeam/WHO-team"}}`)),
		call("$update-care-teams of a plan", of("CarePlan/WHO-plan/$update-care-teams"), of(`{"name":"addCareTeams","valueReference":{"reference":"CareTeam/WHO-team"}}`)),
		call("$apply by episode", "PlanDefinition/clinical/$apply", of(`{"name":"episodeOfCare","valueString":"EpisodeOfCare/WHO-case"}`)),
		call("$create-episode-of-care", "$create-episode-of-care", of(`{"name":"episodeOfCareAndProvenances","resource":{"resourceType":"Bundle","type":"collection","entry":[`+
			`{"resource":{"resourceType":"EpisodeOfCare","id":"x","status":"planned","patient":{"reference":"Patient/WHO"}}},`+
			`{"resource":{"resourceType":"Provenance","recorded":"2026-01-01T00:00:00Z","target":[{"reference":"EpisodeOfCare/x"}],"agent":[{"who":{"reference":"Patient/WHO"}}]}}]}}`)),
		call("$apply, stored", "PlanDefinition/clinical/$apply", of(`{"name":"subject","valueString":"Patient/WHO"},{"name":"store","valueBoolean":true}`)),
		call("$reconcile, stored", of("CarePlan/WHO-plan/$reconcile"), of(`{"name":"other","valueReference":{"reference":"CarePlan/WHO-draft"}},{"name":"store","valueBoolean":true}`)),
	}
}

// operationAttacks call operations on what is bob's, or with it.
func operationAttacks() []attack {
	var rows []attack
	for _, who := range []string{"", "user", "caregiver", "launched", "foreign"} {
		rows = append(rows, marked(operationRequests("bob"), "operation for bob, "+who, who, "403 404 422")...)
		for _, path := range []string{
			"PlanDefinition/clinical/$apply?subject=Patient/bob", "PlanDefinition/clinical/$apply?episodeOfCare=EpisodeOfCare/bob-case",
			"CarePlan/bob-plan/$suggest-care-teams?regionCode=1", "EpisodeOfCare/bob-case/$is-context-allowed?patient=Patient/bob",
			"CarePlan/bob-plan/$reconcile?other=CarePlan/ann-plan",
			"CarePlan/ann-plan/$reconcile?other=CarePlan/bob-plan", "CarePlan/ann-plan/$reconcile?other=CarePlan/bob-draft&merge=true",
			"EpisodeOfCare/bob-case/$everything", "EpisodeOfCare/bob-case/$everything?_type=Condition",
		} {
			rows = append(rows, attack{name: "operation " + path + ", " + who, token: who, method: "GET", path: path, status: "403 404 422"})
		}
		rows = append(rows, attack{
			name: "operation with his team, " + who, token: who, method: "POST", path: "EpisodeOfCare/ann-case/$update-care-teams", status: "403 404 422",
			body: `{"resourceType":"Parameters","parameter":[{"name":"team","valueReference":{"reference":"CareTeam/bob-team"}}]}`,
		})
	}
	return rows
}
