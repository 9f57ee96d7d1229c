package kit_test

// writeAttacks write what is bob's, make something bob's, or learn by writing.
func writeAttacks() []attack {
	const (
		intruded = `{"resourceType":"CarePlan","id":"bob-plan","status":"active","intent":"plan","subject":{"reference":"Patient/ann"}}`
		moved    = `{"resourceType":"CarePlan","id":"ann-draft","status":"active","intent":"plan","subject":{"reference":"Patient/bob"}}`
		planted  = `{"resourceType":"CarePlan","status":"active","intent":"plan","subject":{"reference":"Patient/bob"}}`
		weight   = `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/bob"}}`
		own      = `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/ann"}}`
	)
	entry := func(kind, request, resource string) string {
		if resource != "" {
			resource = `"resource":` + resource + `,`
		}
		return `{"resourceType":"Bundle","type":"` + kind + `","entry":[{` + resource + `"request":{` + request + `}}]}`
	}
	rows := []attack{
		{name: "update of his", method: "PUT", path: "CarePlan/bob-plan", body: intruded, status: "403 404"},
		{name: "update of his, If-Match", method: "PUT", path: "CarePlan/bob-plan", body: intruded, status: "403 404 412", header: []string{"If-Match", `W/"1"`}},
		{name: "update of his, If-Match *", method: "PUT", path: "CarePlan/bob-plan", body: intruded, status: "403 404 412", header: []string{"If-Match", "*"}},
		{name: "update into his compartment", method: "PUT", path: "CarePlan/ann-draft", body: moved, status: "403"},
		{name: "update as create of his", method: "PUT", path: "CarePlan/new-plan", body: `{"resourceType":"CarePlan","id":"new-plan","status":"active","intent":"plan","subject":{"reference":"Patient/bob"}}`, status: "403 404"},
		{name: "update of the patient", method: "PUT", path: "Patient/bob", body: `{"resourceType":"Patient","id":"bob"}`, status: "403 404"},
		{name: "create of another patient", method: "POST", path: "Patient", body: `{"resourceType":"Patient"}`, status: "403"},
		{name: "revival of the deleted", method: "PUT", path: "Condition/bob-gone", body: `{"resourceType":"Condition","id":"bob-gone","subject":{"reference":"Patient/ann"}}`, status: "403 404"},
		{name: "create for him", method: "POST", path: "CarePlan", body: planted, status: "403"},
		{name: "create of an observation of him", method: "POST", path: "Observation", body: weight, status: "403"},
		{name: "create for nobody", method: "POST", path: "Observation", body: `{"resourceType":"Observation","status":"final","code":{"text":"x"}}`, status: "403"},
		{name: "create by identifier", method: "POST", path: "CarePlan", body: `{"resourceType":"CarePlan","status":"active","intent":"plan","subject":{"identifier":{"value":"MRN-B"}}}`, status: "403"},
		{name: "create by conditional reference", method: "POST", path: "", body: entry("transaction", `"method":"POST","url":"CarePlan"`, `{"resourceType":"CarePlan","status":"active","intent":"plan","subject":{"reference":"Patient?identifier=MRN-B"}}`), status: "403 404 412 422"},
		{name: "create with his plan contained", method: "POST", path: "CarePlan", body: `{"resourceType":"CarePlan","status":"active","intent":"plan","subject":{"reference":"#x"},"contained":[{"resourceType":"Patient","id":"x","link":[{"other":{"reference":"Patient/bob"},"type":"seealso"}]}]}`, status: "403 422"},
		{name: "delete", method: "DELETE", path: "CarePlan/bob-plan", status: "403 404"},
		{name: "delete of the patient", method: "DELETE", path: "Patient/bob", status: "403 404"},
		{name: "delete of the deleted", method: "DELETE", path: "Condition/bob-gone", status: "403 404"},
		{name: "conditional delete", method: "DELETE", path: "CarePlan?_id=bob-plan", status: "200 204 403 404"},
		{name: "conditional delete by chain", method: "DELETE", path: "CarePlan?patient.name=quill", status: "200 204 400 403 404"},
		{name: "conditional update", method: "PUT", path: "CarePlan?_id=bob-plan", body: intruded, status: "400 403 404 409 412"},
		{name: "conditional update by identifier", method: "PUT", path: "Patient?identifier=MRN-B", body: `{"resourceType":"Patient"}`, status: "403 404 412"},
		{name: "conditional create", method: "POST", path: "Patient", body: `{"resourceType":"Patient"}`, status: "403", header: []string{"If-None-Exist", "identifier=MRN-B"}},
		{name: "conditional create of an observation", method: "POST", path: "Observation", body: weight, status: "403", header: []string{"If-None-Exist", "_id=bob-weight"}},
		{name: "patch", method: "PATCH", path: "CarePlan/bob-plan", body: `[{"op":"replace","path":"/status","value":"revoked"}]`, status: "403 404 405 415", header: []string{"Content-Type", "application/json-patch+json"}},
		{name: "native Binary", method: "PUT", path: "Binary/bob-scan", body: "x", status: "403 404", header: []string{"Content-Type", "text/plain"}},
		{name: "Binary for him", method: "POST", path: "Binary", body: "x", status: "403", header: []string{"Content-Type", "text/plain", "X-Security-Context", "Patient/bob"}},
		{name: "document that shows his scan", method: "POST", path: "DocumentReference", body: `{"resourceType":"DocumentReference","status":"current","subject":{"reference":"Patient/bob"},"content":[{"attachment":{"url":"Binary/bob-scan"}}]}`, status: "403"},
		{name: "AuditEvent", method: "POST", path: "AuditEvent", body: `{"resourceType":"AuditEvent","type":{"code":"x"},"recorded":"2026-01-01T00:00:00Z","agent":[{"requestor":true}],"source":{"observer":{"display":"x"}}}`, status: "403"},
		{name: "SearchParameter", method: "POST", path: "SearchParameter", body: `{"resourceType":"SearchParameter","url":"http://x/y","name":"y","status":"active","description":"y","code":"y","base":["Patient"],"type":"string","expression":"Patient.name.family"}`, status: "403"},
		{name: "reindex", method: "POST", path: "$reindex", status: "403 404"},
	}
	for _, kind := range []string{"batch", "transaction"} {
		refused := "403 404"
		if kind == "batch" {
			refused = "200"
		}
		for name, body := range map[string]string{
			"read":               entry(kind, `"method":"GET","url":"Patient/bob"`, ""),
			"vread":              entry(kind, `"method":"GET","url":"Patient/bob/_history/1"`, ""),
			"update":             entry(kind, `"method":"PUT","url":"CarePlan/bob-plan"`, intruded),
			"update into his":    entry(kind, `"method":"PUT","url":"CarePlan/ann-draft"`, moved),
			"create for him":     entry(kind, `"method":"POST","url":"CarePlan"`, planted),
			"delete":             entry(kind, `"method":"DELETE","url":"Patient/bob"`, ""),
			"read of the binary": entry(kind, `"method":"GET","url":"Binary/bob-scan"`, ""),
		} {
			rows = append(rows, attack{name: kind + " " + name, method: "POST", body: body, status: refused, matches: -1})
		}
		rows = append(rows,
			attack{name: kind + " search", method: "POST", body: entry(kind, `"method":"GET","url":"CarePlan?patient=Patient/bob"`, ""), status: "200", matches: -1},
			attack{name: kind + " search by chain", method: "POST", body: entry(kind, `"method":"GET","url":"CarePlan?patient.name=quill"`, ""), status: "200", matches: -1},
			attack{name: kind + " condition", method: "POST", body: entry(kind, `"method":"POST","url":"Observation","ifNoneExist":"_id=bob-weight"`, own), status: "200 403 404 412 422", matches: -1},
		)
	}
	return rows
}

// scopeAttacks do more than a token's scopes allow.
func scopeAttacks() []attack {
	const plan = `{"resourceType":"CarePlan","id":"ann-plan","status":"active","intent":"plan","subject":{"reference":"Patient/ann"}}`
	const task = `{"resourceType":"Task","id":"ann-accepted","status":"requested","intent":"order","for":{"reference":"Patient/ann"}}`
	return []attack{
		{name: "scope: write with read", token: "readonly", method: "PUT", path: "CarePlan/ann-plan", body: plan, status: "403"},
		{name: "scope: create with read", token: "readonly", method: "POST", path: "CarePlan", body: `{"resourceType":"CarePlan","status":"active","intent":"plan","subject":{"reference":"Patient/ann"}}`, status: "403"},
		{name: "scope: delete with read", token: "readonly", method: "DELETE", path: "CarePlan/ann-plan", status: "403"},
		{name: "scope: another type", token: "readonly", method: "GET", path: "Observation/ann-weight", status: "403"},
		{name: "scope: search of another type", token: "readonly", method: "GET", path: "Observation", status: "403"},
		{name: "scope: the patient", token: "readonly", method: "GET", path: "Patient/ann", status: "403"},
		{name: "scope: chain through another type", token: "readonly", method: "GET", path: "CarePlan?patient.name=attacker", status: "200 403"},
		{name: "scope: _has through another type", token: "readonly", method: "GET", path: "CarePlan?_has:Task:focus:status=requested", status: "200 403"},
		{name: "scope: transaction of another type", token: "readonly", method: "POST", body: `{"resourceType":"Bundle","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Task/ann-task"}}]}`, status: "403"},
		{name: "scope: everything", token: "readonly", method: "GET", path: "Patient/ann/$everything", status: "200 403", matches: -1},
		{name: "granular: read of another status", token: "granular", method: "GET", path: "CarePlan/ann-draft", status: "403 404"},
		{name: "granular: search of another status", token: "granular", method: "GET", path: "CarePlan?status=draft", status: "200"},
		{name: "granular: count", token: "granular", method: "GET", path: "CarePlan?status=draft&_summary=count", status: "200"},
		{name: "granular: update into the scope", token: "granular", method: "PUT", path: "Task/ann-accepted", body: task, status: "403 404"},
		{name: "granular: update out of the scope", token: "granular", method: "PUT", path: "Task/ann-task", body: `{"resourceType":"Task","id":"ann-task","status":"accepted","intent":"order","for":{"reference":"Patient/ann"}}`, status: "403"},
		{name: "granular: delete", token: "granular", method: "DELETE", path: "Task/ann-task", status: "403"},
		{name: "user: another patient", token: "user", method: "GET", path: "Patient/bob", status: "404"},
		{name: "user: search", token: "user", method: "GET", path: "CarePlan?patient=Patient/bob", status: "200"},
		{name: "user: AuditEvent", token: "user", method: "GET", path: "AuditEvent", status: "200 403"},
		{name: "caregiver: not her charge", token: "caregiver", method: "GET", path: "Patient/bob", status: "404"},
		{name: "caregiver: search", token: "caregiver", method: "GET", path: "CarePlan?patient=Patient/bob", status: "200"},
		{name: "caregiver: history", token: "caregiver", method: "GET", path: "Patient/bob/_history", status: "404"},
		{name: "caregiver: everything", token: "caregiver", method: "GET", path: "Patient/bob/$everything", status: "403 404"},
		{name: "staff: AuditEvent", token: "staff", method: "GET", path: "AuditEvent", status: "403 200"},
		{name: "staff: an AuditEvent's history", token: "staff", method: "GET", path: "AuditEvent/_history", status: "403"},
		{name: "backend: metrics", token: "backend", method: "GET", path: "AuditEvent", status: "403 200"},
		{name: "reader: another type", token: "reader", method: "GET", path: "Patient/bob", status: "403"},
		{name: "reader: write", token: "reader", method: "PUT", path: "CarePlan/ann-plan", body: plan, status: "403"},
		{name: "reader: include", token: "reader", method: "GET", path: "CarePlan?_id=ann-plan&_include=CarePlan:subject&_include=CarePlan:goal", status: "200", matches: 1},
	}
}
