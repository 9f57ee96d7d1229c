package kit_test

// The paths by which ann's token could reach what is bob's. Each must look as if
// nothing were there.

// headerAttacks come with a token that is right, in a way that isn't, or try to
// be taken for somebody else.
func headerAttacks() []attack {
	const none = ""
	row := func(name, status string, header ...string) attack {
		return attack{name: "header " + name, method: "GET", path: "Patient/bob", status: status, header: header}
	}
	return []attack{
		row("no token", "401", "Authorization", none),
		row("Basic", "401", "Authorization", "Basic Ym9iOng="),
		row("Bearer alone", "401", "Authorization", "Bearer"),
		row("Bearer null", "401", "Authorization", "Bearer null"),
		row("Bearer undefined", "401", "Authorization", "Bearer undefined"),
		row("X-Forwarded-User", "404", "X-Forwarded-User", "root"),
		row("X-Remote-User", "404", "X-Remote-User", "root"),
		row("X-Forwarded-For loopback", "404", "X-Forwarded-For", "127.0.0.1"),
		row("X-Forwarded-Host", "404", "X-Forwarded-Host", "evil.example"),
		row("X-Original-URL", "404", "X-Original-URL", "/fhir/metadata"),
		row("X-Rewrite-URL", "404", "X-Rewrite-URL", "/fhir/metadata"),
		row("X-HTTP-Method-Override", "404", "X-HTTP-Method-Override", "OPTIONS"),
		row("another patient in a header", "404", "X-Patient", "bob"),
		row("If-None-Match of his version", "404", "If-None-Match", `W/"2"`),
		row("If-Modified-Since", "404", "If-Modified-Since", "Sat, 01 Jan 2050 00:00:00 GMT"),
		row("X-Security-Context", "404", "X-Security-Context", "Patient/bob"),
		{name: "URL token in the query", method: "GET", path: "Patient/ann?access_token=x", status: "401"},
		{name: "URL token, odd case", method: "GET", path: "Patient?Access_Token=x", status: "401"},
		{
			name: "form token", method: "POST", path: "Patient/_search", status: "401", body: "access_token=x",
			header: []string{"Content-Type", "application/x-www-form-urlencoded"},
		},
		{
			name: "cross-origin write", method: "POST", path: "Observation", status: "403", body: `{"resourceType":"Observation"}`,
			header: []string{"Origin", "https://evil.example"},
		},
		{
			name: "cross-origin write, null", method: "PUT", path: "Patient/ann", status: "403", body: `{"resourceType":"Patient","id":"ann"}`,
			header: []string{"Origin", "null"},
		},
		{
			name: "cross-site write", method: "DELETE", path: "Patient/ann", status: "403",
			header: []string{"Sec-Fetch-Site", "cross-site"},
		},
	}
}

// readAttacks read one resource, its versions and histories.
func readAttacks() []attack {
	var rows []attack
	for _, key := range bobsKeys {
		rows = append(rows,
			attack{name: "read " + key, method: "GET", path: key, status: "403 404"},
			attack{name: "history " + key, method: "GET", path: key + "/_history", status: "403 404"},
		)
	}
	get := func(name, path, status string) {
		rows = append(rows, attack{name: name, method: "GET", path: path, status: status, matches: -1})
	}
	get("vread", "Patient/bob/_history/1", "404")
	get("vread current", "Patient/bob/_history/2", "404")
	get("vread of none", "Patient/bob/_history/99", "404")
	get("read of the deleted", "Condition/bob-gone", "404")
	get("vread of the deleted", "Condition/bob-gone/_history/1", "404")
	get("vread of the tombstone", "Condition/bob-gone/_history/2", "404")
	get("history of the deleted", "Condition/bob-gone/_history", "404")
	get("type history", "Patient/_history", "200 403")
	get("type history of plans", "CarePlan/_history?_count=1000", "200 403")
	get("system history", "_history?_count=1000", "200 403")
	get("system history since", "_history?_since=2020-01-01T00:00:00Z", "200 403")
	get("type history by list", "CarePlan/_history?_list=bob-list", "200 400 403 404")
	get("summary of a read", "Patient/bob?_summary=true", "404")
	get("elements of a read", "Patient/bob?_elements=id", "404")
	get("everything", "Patient/bob/$everything", "403 404")
	get("everything of a type", "Patient/bob/$everything?_type=CarePlan", "403 404")
	get("escaped id", "Patient/%62ob", "404")
	get("dot segments", "Patient/ann/../bob", "404 400")
	get("encoded dot segments", "Patient/ann/%2e%2e/bob", "404 400 405")
	get("case of the id", "Patient/BOB", "404")
	get("double slash", "Patient//bob", "404 400")
	rows = append(rows,
		attack{name: "native Binary", method: "GET", path: "Binary/bob-scan", status: "404", header: []string{"Accept", "text/plain"}},
		attack{name: "HEAD", method: "HEAD", path: "Patient/bob", status: "404"},
	)
	return rows
}

// searchAttacks search. What doesn't match ann's own matches nothing.
func searchAttacks() []attack {
	var rows []attack
	none := func(paths ...string) {
		for _, path := range paths {
			rows = append(rows, attack{name: "search " + path, method: "GET", path: path, status: "200 400 403 404"})
		}
	}
	none(
		"Patient?_id=bob", "Patient?identifier=MRN-B", "Patient?birthdate=1950-05-05", "Patient?name=quill",
		"Patient?name:contains=feather", "Patient?family:exact=Quillfeather", "Patient?birthdate=lt1960",
		"Patient?_id=bob&_summary=count", "Patient?_id=bob&_count=0", "Patient?name=quill&_summary=count",
		"Patient?_filter=name co \"quill\"", "Patient?_filter=id eq bob",
		"CarePlan?_id=bob-plan", "CarePlan?patient=Patient/bob", "CarePlan?subject=Patient/bob", "CarePlan?patient=bob",
		"CarePlan?subject:Patient=bob", "CarePlan?patient.name=quill", "CarePlan?subject:Patient.name=quill",
		"CarePlan?patient.identifier=MRN-B", "CarePlan?part-of.patient=Patient/bob", "CarePlan?part-of.patient.name=quill",
		"CarePlan?care-team=CareTeam/bob-team", "CarePlan?patient:identifier=MRN-B", "CarePlan?_list=bob-list",
		"CarePlan?patient=Patient/bob&_summary=count", "CarePlan?patient=Patient/bob&_total=accurate",
		"CarePlan?patient._has:Coverage:beneficiary:status=active&patient=bob",
		"Patient?_has:CarePlan:patient:_id=bob-plan", "Patient?_has:CarePlan:patient:part-of=CarePlan/ann-plan",
		"Patient?_has:Task:patient:_id=bob-task", "Patient?link=Patient/bob&_has:RelatedPerson:patient:name=quill",
		"Patient?link:Patient.name=quill", "Patient?link.birthdate=1950-05-05",
		"Practitioner?_has:Patient:general-practitioner:name=quill", "Practitioner?_has:Task:owner:_id=bob-task",
		"Organization?_has:Patient:organization:name=quill", "Organization?_has:Coverage:payor:_id=bob-coverage",
		"Task?patient=Patient/bob", "Task?owner=Practitioner/dr&patient:not=Patient/ann", "Task?focus:CarePlan.patient=Patient/bob",
		"Task?focus:CarePlan.title=Quillfeather", "Task?focus.patient.name=quill",
		"Observation?patient=Patient/bob", "Observation?_id=bob-weight", "Observation?patient.name=quill",
		"Encounter?patient=Patient/bob", "Condition?patient=Patient/bob", "Goal?patient=Patient/bob", "CareTeam?patient=Patient/bob",
		"Coverage?beneficiary=Patient/bob", "DocumentReference?patient=Patient/bob", "RelatedPerson?patient=Patient/bob",
		"RelatedPerson?name=quill", "Appointment?actor=Patient/bob", "Appointment?patient.name=quill",
		"Provenance?target=CarePlan/bob-plan", "Provenance?agent=Patient/bob", "Binary?_id=bob-scan",
		"Group?member=Patient/bob", "Group?_id=bob-group", "List?subject=Patient/bob", "List?item=CarePlan/bob-plan",
		"Basic?subject=Patient/bob", "Basic?_id=bob-basic", "AuditEvent?patient=Patient/bob", "AuditEvent",
		"Patient/bob/CarePlan", "Patient/bob/Task?status=requested", "Patient/bob/Observation?_summary=count",
		"?_id=bob", "?_type=Patient,CarePlan&_id=bob-plan", "?_type=Patient&name=quill",
	)
	shown := func(path string, matches int) {
		rows = append(rows, attack{name: "search " + path, method: "GET", path: path, status: "200", matches: matches})
	}
	shown("Patient", 1)
	shown("Patient?_total=accurate", 1)
	shown("Patient?_summary=count", 1)
	shown("Patient?_sort=birthdate", 1)
	shown("Patient?_sort=-family&_count=1", 1)
	shown("CarePlan?_sort=-_lastUpdated", 2)
	shown("CarePlan?_include=CarePlan:part-of", 2)
	shown("CarePlan?_include=CarePlan:part-of&_include:iterate=CarePlan:subject", 2)
	shown("CarePlan?_include=*", 2)
	shown("CarePlan?_revinclude=Task:focus", 2)
	shown("CarePlan?_revinclude=Provenance:target", 2)
	shown("CarePlan?_revinclude=*", 2)
	shown("Task?_include=Task:focus", 3)
	shown("Task?_include=Task:focus&_include:iterate=CarePlan:patient", 3)
	shown("Patient?_include=Patient:link", 1)
	shown("Patient?_revinclude=Patient:link", 1)
	shown("Practitioner?_revinclude=Patient:general-practitioner", 3)
	shown("Practitioner?_revinclude=Task:owner&_revinclude:iterate=*", 3)
	shown("Organization?_revinclude=Coverage:payor", 2)
	shown("Observation?code=http://loinc.org|29463-7", 1)
	shown("Observation?value-quantity=gt1&_summary=count", 1)
	shown("CarePlan?status:not=completed", 2)
	shown("CarePlan?patient:missing=false", 2)
	shown("Patient/bob/*", 1) // ann's own record, which names him
	rows = append(rows, attack{
		name: "search by POST", method: "POST", path: "CarePlan/_search", body: "patient=Patient/bob", status: "200",
		header: []string{"Content-Type", "application/x-www-form-urlencoded"},
	})
	return rows
}
