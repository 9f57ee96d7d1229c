package cases_test

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"

	"caseway/auth"
)

// piece is a resource of a random store. Who sees it, FHIR reads say.
type piece struct {
	typ, id string
	of      string // id of the case that it belongs to, "" for none
	secret  string // what nobody may be told who doesn't see it
	body    string // JSON of its elements, with $secret
}

func (p *piece) key() string { return p.typ + "/" + p.id }

func (p *piece) json() string {
	tag := ""
	if p.of != "" {
		tag = `"meta":{"tag":[{"system":"https://caseway.dev/fhir/CodeSystem/case","code":"` + p.of + `"}]},`
	}
	return `{"resourceType":"` + p.typ + `","id":"` + p.id + `",` + tag + strings.ReplaceAll(p.body, "$secret", p.secret) + `}`
}

// decides are types by which it is decided what somebody sees.
func (p *piece) decides() bool {
	switch p.typ {
	case "Patient", "Practitioner", "Organization", "Coverage", "Task", "Contract":
		return true
	}
	return false
}

// binds are parts by which it is decided what somebody may write to their case.
func (p *piece) binds() bool { return p.typ == "EpisodeOfCare" || p.typ == "ServiceRequest" }

// loose are parts by which no other part is judged.
func (p *piece) loose() bool { return p.typ == "Goal" || p.typ == "Invoice" }

// drawPieces makes people, and cases of three patients with parts of all kinds.
func drawPieces(t *rapid.T) []*piece {
	var all []*piece
	add := func(of, typ, id, body string) {
		all = append(all, &piece{typ, id, of, fmt.Sprintf("secret%04dx", len(all)), body})
	}
	org := func(label string) string {
		return fmt.Sprintf(`{"reference":"Organization/o%d"}`, rapid.IntRange(0, 2).Draw(t, label))
	}
	add("", "Practitioner", "m", `"active":true`)
	for n := range 3 {
		add("", "Organization", fmt.Sprint("o", n), `"active":true`)
	}
	for n := range 3 {
		patient := fmt.Sprint("p", n)
		add("", "Patient", patient, `"name":[{"text":"$secret"}]`)
		add("", "CareTeam", "team-"+patient, `"status":"active","name":"$secret","subject":{"reference":"Patient/`+patient+`"}`)
		for k := range rapid.SampledFrom([]int{1, 2, 0}).Draw(t, "cases") {
			drawCase(t, patient, fmt.Sprintf("%s-c%d", patient, k), org, add)
		}
	}
	return all
}

// drawCase makes an episode, of Caseway's or from elsewhere, and its parts.
func drawCase(t *rapid.T, patient, id string, org func(string) string, add func(of, typ, id, body string)) {
	who := `{"reference":"Patient/` + patient + `"}`
	phase := ""
	if rapid.IntRange(0, 3).Draw(t, "adopted") > 0 {
		phase = `,"extension":[{"url":"https://caseway.dev/fhir/StructureDefinition/episode-phase","valueCode":"active"},` +
			`{"url":"https://caseway.dev/fhir/StructureDefinition/next-due","extension":[{"url":"date","valueDateTime":"2020-01-01"},{"url":"kind","valueString":"task"}]}]`
	}
	add(id, "EpisodeOfCare", id, `"status":"active","patient":`+who+`,"careManager":{"reference":"Practitioner/m","display":"$secret"},`+
		`"diagnosis":[{"condition":{"reference":"Condition/`+id+`-problem"}}],"type":[{"coding":[{"system":"https://caseway.dev/fhir/CodeSystem/case-model","code":"brokerage"}]},`+
		`{"coding":[{"system":"https://caseway.dev/fhir/CodeSystem/case-setting","code":"home-health"}]}]`+phase)
	add(id, "Condition", id+"-problem", `"subject":`+who+`,"code":{"coding":[{"system":"http://x.example","code":"k`+fmt.Sprint(rapid.IntRange(0, 1).Draw(t, "code"))+`"}],"text":"$secret"},"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-category","code":"problem-list-item"}]}]`)
	add(id, "Goal", id+"-goal", `"lifecycleStatus":"active","subject":`+who+`,"description":{"text":"$secret"}`)
	add(id, "CarePlan", id+"-plan", `"status":"active","intent":"plan","subject":`+who+`,"title":"$secret","goal":[{"reference":"Goal/`+id+`-goal"}],"activity":[{"reference":{"reference":"ServiceRequest/`+id+`-service"}}]`)
	add(id, "ServiceRequest", id+"-service", `"status":"active","intent":"plan","subject":`+who+`,"code":{"text":"$secret"}`)
	for n := range 2 {
		status := rapid.SampledFrom([]string{"requested", "accepted", "rejected"}).Draw(t, "offer")
		add(id, "Task", fmt.Sprintf("%s-offer%d", id, n), `"status":"`+status+`","intent":"order","for":`+who+`,"focus":{"reference":"ServiceRequest/`+id+`-service"},`+
			`"code":{"coding":[{"system":"http://hl7.org/fhir/CodeSystem/task-code","code":"fulfill"}]},"owner":`+org("provider")+`,"statusReason":{"text":"$secret"}`)
	}
	add(id, "Task", id+"-task", `"status":"requested","intent":"order","for":`+who+`,"focus":{"reference":"EpisodeOfCare/`+id+`"},"description":"$secret","owner":{"reference":"Practitioner/m"}`)
	add(id, "Coverage", id+"-policy", `"status":"active","beneficiary":`+who+`,"payor":[`+org("payor")+`],"subscriberId":"$secret"`)
	price := `"net":{"value":5000,"currency":"USD"},"entityCodeableConcept":{"coding":[{"system":"https://caseway.dev/fhir/CodeSystem/cost-item","code":"list-price"}]}`
	add(id, "Contract", id+"-deal", `"status":"offered","subject":[`+who+`],"title":"$secret","author":`+org("seller")+`,"topicReference":{"reference":"ServiceRequest/`+id+`-service"},`+
		`"term":[{"offer":{"party":[{"reference":[`+org("bidder")+`],"role":{"text":"x"}}]},"asset":[{"valuedItem":[{`+price+`}]}]}]`)
	add(id, "Invoice", id+"-bill", `"status":"issued","subject":`+who+`,"recipient":`+org("recipient")+`,"issuer":`+org("issuer")+`,"paymentTerms":"$secret",`+
		`"extension":[{"url":"https://caseway.dev/fhir/StructureDefinition/bill-agreement","valueReference":{"reference":"Contract/`+id+`-deal"}}]`)
}

// drawCaller makes somebody who asks, with their scopes.
func drawCaller(t *rapid.T) (auth.Principal, string) {
	patient := fmt.Sprint("p", rapid.IntRange(0, 2).Draw(t, "who"))
	org := fmt.Sprint("o", rapid.IntRange(0, 2).Draw(t, "org"))
	some := rapid.SampledFrom([]string{
		"*.cruds", "*.cruds", "*.cruds", "*.rs", "EpisodeOfCare.cruds", "EpisodeOfCare.rs CTX/Task.cruds CTX/Patient.rs",
		"EpisodeOfCare.cruds CTX/Task.rs?status=requested CTX/Patient.rs", "Task.cruds CTX/CarePlan.rs",
		"EpisodeOfCare.cruds CTX/Task.cruds CTX/Observation.cruds CTX/Patient.rs",
	}).Draw(t, "scopes")
	p, context := auth.Principal{Role: auth.Staff, FHIRUser: "Practitioner/m"}, "user"
	switch rapid.IntRange(0, 7).Draw(t, "caller") {
	case 0:
		p = auth.Principal{Role: auth.Patient, FHIRUser: "Patient/" + patient, Patient: patient}
		context = "patient"
	case 1:
		p = auth.Principal{Role: auth.Caregiver, FHIRUser: "RelatedPerson/r", Charges: []string{patient}}
	case 2, 3:
		p.Organization, p.FHIRUser = org, "Practitioner/x"
	case 4:
		p.Patient, context = patient, "patient"
	}
	return p, context + "/" + strings.ReplaceAll(some, "CTX", context)
}
