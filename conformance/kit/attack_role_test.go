package kit_test

import "strings"

// roleAttacks would make somebody something in ann's case by what they write
// themselves, or change what isn't theirs to: staff that are nothing to the case, a
// provider that turned its task down, ann and who cares for her.
func (st *stage) roleAttacks() []attack {
	const (
		episode = `"status":"active","patient":{"reference":"Patient/ann"},"period":{"start":"2026-01-01"}`
		team    = `"status":"active","subject":{"reference":"Patient/ann"},"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare","valueReference":{"reference":"EpisodeOfCare/ann-case"}}]`
		leads   = `"role":[{"coding":[{"system":"https://caseway.dev/fhir/CodeSystem/case-role","code":"administrator"}]}]`
		doctor  = `"code":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/practitioner-role","code":"doctor"}]}]`
		task    = `"status":"requested","intent":"order","for":{"reference":"Patient/ann"},"owner":{"reference":"Organization/homecare"}`
	)
	var rows []attack
	add := func(token, name, key, body string) {
		method, r := "POST", body
		typ, id, has := strings.Cut(key, "/")
		entry := `"method":"POST","url":"` + typ + `"`
		if has {
			method, r, entry = "PUT", `"id":"`+id+`",`+body, `"method":"PUT","url":"`+key+`"`
		}
		r = `{"resourceType":"` + typ + `",` + r + `}`
		const refused = "403 404 422"
		rows = append(rows,
			attack{name: "role, " + token + ": " + name, token: token, method: method, path: key, body: r, status: refused, matches: -1},
			attack{
				name: "role, " + token + ": " + name + ", transaction", token: token, method: "POST", status: refused, matches: -1,
				body: `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":` + r + `,"request":{` + entry + `}}]}`,
			})
	}
	for _, who := range [][2]string{{"stranger", "Practitioner/sue"}, {"provider", "Practitioner/otto"}, {"provider", "Organization/homecare"}, {"", "Patient/ann"}, {"caregiver", "RelatedPerson/of-ann"}} {
		token, self := who[0], `{"reference":"`+who[1]+`"}`
		add(token, "manager", "EpisodeOfCare/ann-case", episode+`,"careManager":`+self)
		add(token, "nobody as manager", "EpisodeOfCare/ann-case", episode)
		add(token, "a team", "CareTeam", team+`,"participant":[{`+leads+`,"member":`+self+`}]`)
		if strings.HasPrefix(who[1], "Practitioner") {
			add(token, "the directory", "PractitionerRole", `"active":true,"practitioner":`+self+`,`+doctor)
		}
		for _, action := range []string{"cancel", "hold", "transfer", "close"} {
			rows = append(rows, attack{
				name: "role, " + token + ": " + action, token: token, method: "POST", path: st.Root + "/cases/ann-case/actions/" + action,
				body: `{"reason":"x","role":"administrator"}`, status: "400 403 404 422", header: plainJSON, matches: -1,
			})
		}
	}
	add("provider", "a task more", "Task", task+`,"description":"x"`)
	add("provider", "a policy", "Coverage", `"status":"active","beneficiary":{"reference":"Patient/ann"},"payor":[{"reference":"Organization/homecare"}]`)
	for _, token := range []string{"", "caregiver"} {
		add(token, "an insurer", "Coverage", `"status":"active","beneficiary":{"reference":"Patient/ann"},"payor":[{"reference":"Organization/homecare"}]`)
		add(token, "a task for a provider", "Task", task)
		add(token, "the model", "EpisodeOfCare/ann-case", episode+`,"careManager":{"reference":"Practitioner/dr"},"type":[{"coding":[{"system":"https://caseway.dev/fhir/CodeSystem/case-model","code":"clinical"}]}]`)
		add(token, "the diagnoses", "EpisodeOfCare/ann-case", episode+`,"careManager":{"reference":"Practitioner/dr"},"diagnosis":[{"condition":{"reference":"Condition/ann-condition"},"rank":2}]`)
		add(token, "the identifiers", "Patient/ann", `"identifier":[{"system":"http://clinic.example/mrn","value":"MRN-B"}],"name":[{"family":"Attacker"}],"birthDate":"1980-04-01"`)
		add(token, "a plan in the case", "CarePlan", `"status":"active","intent":"plan","subject":{"reference":"Patient/ann"},"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare","valueReference":{"reference":"EpisodeOfCare/ann-case"}}]`)
		rows = append(rows,
			attack{name: "role, " + token + ": patch of the identifiers", token: token, method: "PATCH", path: "Patient/ann", body: `[{"op":"replace","path":"/identifier/0/value","value":"x"}]`, status: "403 404 422", header: []string{"Content-Type", "application/json-patch+json"}},
			attack{name: "role, " + token + ": patch of the manager", token: token, method: "PATCH", path: "EpisodeOfCare/ann-case", body: `[{"op":"replace","path":"/careManager/reference","value":"Practitioner/stranger"}]`, status: "403 404 422", header: []string{"Content-Type", "application/json-patch+json"}},
			attack{name: "role, " + token + ": edit of the model", token: token, method: "PATCH", path: st.Root + "/cases/ann-case", body: `{"model":"clinical"}`, status: "422", header: []string{"Content-Type", "application/merge-patch+json", "If-Match", "*"}, matches: -1},
			attack{name: "role, " + token + ": edit of the teams", token: token, method: "POST", path: st.Root + "/cases/ann-case/teams", body: `{"name":"x"}`, status: "422", header: plainJSON, matches: -1})
	}
	return rows
}
