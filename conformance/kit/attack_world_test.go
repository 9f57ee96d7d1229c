package kit_test

import "strings"

// attackWorld are Bundles to load: ann's and bob's resources refer to one
// another, so that a path from hers to theirs is there to be found.
func attackWorld() []string {
	var entries []string
	put := func(key, body string) {
		typ, id, _ := strings.Cut(key, "/")
		entries = append(entries, `{"resource":{"resourceType":"`+typ+`","id":"`+id+`",`+body+`},"request":{"method":"PUT","url":"`+key+`"}}`)
	}
	put("Organization/clinic", `"name":"Clinic"`)
	put("Practitioner/dr", `"name":[{"family":"Doctor"}]`)
	put("Practitioner/sue", `"name":[{"family":"Stranger"}]`)
	put("Practitioner/otto", `"name":[{"family":"Provider"}]`)
	put("Organization/homecare", `"name":"Home care"`)
	for _, who := range []struct{ id, other, family, born, mrn, data string }{
		{"ann", "bob", "Attacker", "1980-04-01", "MRN-A", "QXR0YWNrZXI="},
		{"bob", "ann", "Quillfeather", "1950-05-05", "MRN-B", "UXVpbGxmZWF0aGVy"},
	} {
		of := func(text string) string {
			return strings.NewReplacer("WHO", who.id, "OTHER", who.other, "FAMILY", who.family, "BORN", who.born, "MRN", who.mrn, "DATA", who.data).Replace(text)
		}
		for _, r := range [][2]string{
			{"Patient/WHO", `"identifier":[{"system":"http://clinic.example/mrn","value":"MRN"}],"name":[{"family":"FAMILY"}],"birthDate":"BORN","generalPractitioner":[{"reference":"Practitioner/dr"}],"managingOrganization":{"reference":"Organization/clinic"},"link":[{"other":{"reference":"Patient/OTHER"},"type":"seealso"}]`},
			{"Encounter/WHO-visit", `"status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/WHO"}`},
			{"Condition/WHO-condition", `"code":{"text":"FAMILY"},"subject":{"reference":"Patient/WHO"}`},
			{"Condition/WHO-gone", `"code":{"text":"FAMILY"},"subject":{"reference":"Patient/WHO"}`},
			{"Goal/WHO-goal", `"lifecycleStatus":"active","description":{"text":"FAMILY"},"subject":{"reference":"Patient/WHO"}`},
			{"CareTeam/WHO-team", `"status":"active","subject":{"reference":"Patient/WHO"},"participant":[{"member":{"reference":"Practitioner/dr"}}]`},
			{"CarePlan/WHO-plan", `"status":"active","intent":"plan","title":"FAMILY","subject":{"reference":"Patient/WHO"},"careTeam":[{"reference":"CareTeam/WHO-team"}],"goal":[{"reference":"Goal/WHO-goal"}],"partOf":[{"reference":"CarePlan/OTHER-plan"}]`},
			{"CarePlan/WHO-draft", `"status":"draft","intent":"plan","title":"FAMILY","subject":{"reference":"Patient/WHO"}`},
			{"Task/WHO-task", `"status":"requested","intent":"order","for":{"reference":"Patient/WHO"},"focus":{"reference":"CarePlan/OTHER-plan"},"owner":{"reference":"Practitioner/dr"}`},
			{"Task/WHO-accepted", `"status":"accepted","intent":"order","for":{"reference":"Patient/WHO"},"owner":{"reference":"Practitioner/dr"}`},
			{"Observation/WHO-weight", `"status":"final","code":{"coding":[{"system":"http://loinc.org","code":"29463-7"}]},"subject":{"reference":"Patient/WHO"},"valueQuantity":{"value":70,"unit":"kg"}`},
			{"Coverage/WHO-coverage", `"status":"active","beneficiary":{"reference":"Patient/WHO"},"payor":[{"reference":"Organization/clinic"}]`},
			{"RelatedPerson/of-WHO", `"active":true,"patient":{"reference":"Patient/WHO"},"name":[{"family":"FAMILY"}]`},
			{"Appointment/WHO-appointment", `"status":"booked","participant":[{"actor":{"reference":"Patient/WHO"},"status":"accepted"}]`},
			{"Binary/WHO-scan", `"contentType":"text/plain","securityContext":{"reference":"Patient/WHO"},"data":"DATA"`},
			{"DocumentReference/WHO-document", `"status":"current","subject":{"reference":"Patient/WHO"},"content":[{"attachment":{"url":"Binary/WHO-scan","title":"FAMILY"}}]`},
			{"Provenance/WHO-provenance", `"target":[{"reference":"CarePlan/WHO-plan"}],"recorded":"2026-01-01T00:00:00Z","agent":[{"who":{"reference":"Patient/WHO"}}]`},
			{"Group/WHO-group", `"type":"person","actual":true,"name":"FAMILY","member":[{"entity":{"reference":"Patient/WHO"}}]`},
			{"List/WHO-list", `"status":"current","mode":"working","title":"FAMILY","subject":{"reference":"Patient/WHO"},"entry":[{"item":{"reference":"CarePlan/WHO-plan"}}]`},
			{"EpisodeOfCare/WHO-case", `"status":"active","patient":{"reference":"Patient/WHO"},"careManager":{"reference":"Practitioner/dr"},"period":{"start":"2026-01-01"},"diagnosis":[{"condition":{"reference":"Condition/WHO-condition"}}],"type":[{"coding":[{"system":"https://caseway.dev/fhir/CodeSystem/case-model","code":"brokerage"}]},{"coding":[{"system":"https://caseway.dev/fhir/CodeSystem/case-setting","code":"home-health"}]}],"extension":[{"url":"https://caseway.dev/fhir/StructureDefinition/episode-phase","valueCode":"active"}]`},
			{"Basic/WHO-basic", `"code":{"text":"FAMILY"},"subject":{"reference":"Patient/WHO"}`},
		} {
			put(of(r[0]), of(r[1]))
		}
	}
	put("Task/ann-declined", `"status":"rejected","intent":"order","for":{"reference":"Patient/ann"},"owner":{"reference":"Organization/homecare"},"focus":{"reference":"EpisodeOfCare/ann-case"},"description":"x"`)
	const start, end = `{"resourceType":"Bundle","type":"transaction","entry":[`, `]}`
	return []string{
		start + strings.Join(entries, ",") + end,
		start + `{"resource":{"resourceType":"Patient","id":"bob","identifier":[{"system":"http://clinic.example/mrn","value":"MRN-B"}],"name":[{"family":"Quillfeather","given":["Bob"]}],"birthDate":"1950-05-05","generalPractitioner":[{"reference":"Practitioner/dr"}]},"request":{"method":"PUT","url":"Patient/bob"}},` +
			`{"request":{"method":"DELETE","url":"Condition/bob-gone"}},{"request":{"method":"DELETE","url":"Condition/ann-gone"}}` + end,
	}
}

// bobsKeys are the resources that no attack may change.
var bobsKeys = []string{
	"Patient/bob", "CarePlan/bob-plan", "CarePlan/bob-draft", "Task/bob-task", "Task/bob-accepted", "Observation/bob-weight",
	"Condition/bob-condition", "Goal/bob-goal", "CareTeam/bob-team", "Coverage/bob-coverage", "Binary/bob-scan",
	"DocumentReference/bob-document", "RelatedPerson/of-bob", "Appointment/bob-appointment", "Encounter/bob-visit",
	"EpisodeOfCare/bob-case", "Basic/bob-basic", "List/bob-list", "Group/bob-group", "Provenance/bob-provenance",
}
