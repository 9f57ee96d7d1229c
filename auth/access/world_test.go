package access_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// thing is a resource of a random world, in words that the oracle understands.
// References are keys, "" for none.
type thing struct {
	typ, id string
	// subject is the patient whose it is, other another patient who is in it:
	// as performer, participant or subscriber.
	subject, other string
	owner          string // Organization of a Task
	payor          string // Organization of a Coverage
	focus          string // of a Task
	episode        string // to whose case a Task or Contract belongs
	party          string // Organization whose price a Contract is about, or who issued an Invoice
	recipient      string // of an Invoice
	binary         string // that a DocumentReference has the URL of
	context        string // securityContext of a Binary
	status         string
	secret         string // what nobody may see who doesn't see the resource
	// moved is what another version became, nil where there is one version.
	moved *thing
}

func (x *thing) key() string { return x.typ + "/" + x.id }

// now is the current version.
func (x *thing) now() *thing {
	if x.moved != nil {
		return x.moved
	}
	return x
}

// elements say how each type says whose it is, and who the other one is. %s is
// a reference.
var elements = map[string]struct{ subject, other, rest string }{
	"Patient":           {"", `"link":[{"other":%s,"type":"seealso"}]`, `"name":[{"family":"$secret"}]`},
	"CarePlan":          {`"subject":%s`, `"activity":[{"detail":{"status":"scheduled","performer":[%s]}}]`, `"intent":"plan","title":"$secret"`},
	"CareTeam":          {`"subject":%s`, `"participant":[{"member":%s}]`, `"name":"$secret"`},
	"Task":              {`"for":%s`, "", `"intent":"order","description":"$secret"`},
	"Observation":       {`"subject":%s`, `"performer":[%s]`, `"code":{"coding":[{"code":"c1"}],"text":"$secret"},"category":[{"coding":[{"code":"k"}]}]`},
	"Condition":         {`"subject":%s`, `"asserter":%s`, `"code":{"text":"$secret"}`},
	"Encounter":         {`"subject":%s`, "", `"class":{"code":"AMB","display":"$secret"}`},
	"EpisodeOfCare":     {`"patient":%s`, "", `"type":[{"text":"$secret"}]`},
	"Contract":          {`"subject":[%s]`, "", `"title":"$secret"`},
	"Invoice":           {`"subject":%s`, "", `"paymentTerms":"$secret"`},
	"Coverage":          {`"beneficiary":%s`, `"subscriber":%s`, `"subscriberId":"$secret"`},
	"Appointment":       {"", "", `"description":"$secret"`},
	"RelatedPerson":     {`"patient":%s`, "", `"name":[{"text":"$secret"}]`},
	"DocumentReference": {`"subject":%s`, `"author":[%s]`, `"description":"$secret"`},
	"Device":            {`"patient":%s`, "", `"lotNumber":"$secret"`},
	"List":              {`"subject":%s`, "", `"mode":"working","title":"$secret"`},
	"Basic":             {`"subject":%s`, "", `"code":{"text":"$secret"}`},
	"Group":             {"", `"member":[{"entity":%s}]`, `"type":"person","actual":true,"name":"$secret"`},
	"Person":            {"", `"link":[{"target":%s}]`, `"name":[{"text":"$secret"}]`},
	"Practitioner":      {"", "", `"name":[{"family":"$secret"}]`},
	"Organization":      {"", "", `"name":"$secret"`},
	"Binary":            {"", "", `"contentType":"text/plain","data":"$base64"`},
}

// kinds are the types that worlds have, and how many ids of each there can be.
var kinds = map[string]int{
	"Patient": 4, "CarePlan": 4, "CareTeam": 3, "Task": 6, "Observation": 8, "Condition": 3, "Encounter": 2, "EpisodeOfCare": 3,
	"Coverage": 5, "Appointment": 3, "RelatedPerson": 2, "DocumentReference": 4, "Device": 3, "List": 2, "Basic": 2, "Group": 2,
	"Person": 1, "Practitioner": 1, "Organization": 3, "Binary": 4, "Contract": 3, "Invoice": 5,
}

var statuses = map[string][]string{
	"CarePlan": {"draft", "active"}, "CareTeam": {"active"}, "Task": {"requested", "accepted", "completed"},
	"Observation": {"final", "preliminary"}, "Encounter": {"planned"}, "EpisodeOfCare": {"active"},
	"Coverage": {"active", "entered-in-error"}, "Appointment": {"booked"}, "DocumentReference": {"current"}, "List": {"current"},
	"Invoice": {"draft", "issued"},
}

func idOf(typ string, n int) string { return fmt.Sprintf("%s-%d", strings.ToLower(typ), n) }

// shown is the secret as it stands in the resource.
func (x *thing) shown() string {
	if x.typ == "Binary" {
		return base64.StdEncoding.EncodeToString([]byte(x.secret))
	}
	return x.secret
}

// world is what is stored.
type world []*thing

// drawWorld makes things of every type, some of which moved from patient to
// patient.
func drawWorld(t *rapid.T) world {
	var w world
	for _, typ := range typesOf() {
		for n := range kinds[typ] {
			x := drawThing(t, typ, idOf(typ, n))
			if movable[typ] && rapid.IntRange(0, 5).Draw(t, "moves") == 0 {
				x.moved = drawThing(t, typ, x.id)
			}
			w = append(w, x)
		}
	}
	for _, x := range w {
		x.episode, x.focus = w.ownEpisode(x, x.episode), w.ownEpisode(x, x.focus)
	}
	return w
}

// ownEpisode is a reference, but for one to the episode of another patient, which
// nothing may have.
func (w world) ownEpisode(x *thing, reference string) string {
	for _, y := range w {
		if y.typ == "EpisodeOfCare" && y.key() == reference && y.subject != x.subject {
			return ""
		}
	}
	return reference
}

// movable are types that don't decide what else is seen.
var movable = map[string]bool{"Observation": true, "CarePlan": true, "Condition": true, "Appointment": true, "Device": true}

func typesOf() []string {
	var all []string
	for typ := range kinds {
		all = append(all, typ)
	}
	slices.Sort(all)
	return all
}

func drawThing(t *rapid.T, typ, id string) *thing {
	x := &thing{typ: typ, id: id}
	x.secret = fmt.Sprintf("secret%06x", rapid.IntRange(0, 0xffffff).Draw(t, "secret"))
	patient := func() string { return "Patient/" + idOf("Patient", rapid.IntRange(0, 3).Draw(t, "patient")) }
	some := func(label string, in int) bool { return rapid.IntRange(0, in-1).Draw(t, label) == 0 }
	e := elements[typ]
	if e.subject != "" && !(typ == "Device" && some("nobody's", 2)) || typ == "Appointment" {
		x.subject = patient()
	}
	if (e.other != "" || typ == "Appointment") && (some("other", 3) || typ == "Group" || typ == "Person") {
		x.other = patient()
	}
	if typ == "Patient" && x.other == x.key() {
		x.other = ""
	}
	if s := statuses[typ]; s != nil {
		x.status = rapid.SampledFrom(s).Draw(t, "status")
	}
	org := func() string {
		return "Organization/" + idOf("Organization", rapid.IntRange(0, 2).Draw(t, "organization"))
	}
	switch typ {
	case "Task":
		x.owner = org()
		if !some("unfocused", 3) {
			of := rapid.SampledFrom([]string{"CarePlan", "Observation", "EpisodeOfCare", "Group", "Condition"}).Draw(t, "focus")
			x.focus = of + "/" + idOf(of, rapid.IntRange(0, kinds[of]-1).Draw(t, "focus"))
		}
		x.episode = drawEpisode(t, some("in a case", 3))
	case "Contract":
		x.party, x.episode = org(), drawEpisode(t, some("in a case", 2))
	case "Invoice":
		x.party, x.recipient = org(), rapid.SampledFrom([]string{"", org(), patient(), "RelatedPerson/relatedperson-0"}).Draw(t, "recipient")
	case "Coverage":
		x.payor = org()
	case "DocumentReference":
		if !some("without", 3) {
			x.binary = "Binary/" + idOf("Binary", rapid.IntRange(0, 3).Draw(t, "binary"))
		}
	case "Binary":
		if some("context", 2) {
			x.context = rapid.SampledFrom([]string{patient(), "Observation/observation-1", "Binary/binary-0"}).Draw(t, "context")
		}
	}
	return x
}

// drawEpisode is an episode or none.
func drawEpisode(t *rapid.T, is bool) string {
	if !is {
		return ""
	}
	return "EpisodeOfCare/" + idOf("EpisodeOfCare", rapid.IntRange(0, kinds["EpisodeOfCare"]-1).Draw(t, "episode"))
}

func reference(key string) string { return `{"reference":"` + key + `"}` }

// json writes a resource. Its identifier says which it is.
func (x *thing) json() string {
	e := elements[x.typ]
	secret := strings.NewReplacer("$secret", x.secret, "$base64", base64.StdEncoding.EncodeToString([]byte(x.secret))).Replace(e.rest)
	parts := []string{`"resourceType":"` + x.typ + `"`, `"id":"` + x.id + `"`, secret}
	if x.typ != "Binary" {
		identifier := `{"value":"` + x.id + `"}`
		if x.typ != "QuestionnaireResponse" {
			identifier = "[" + identifier + "]"
		}
		parts = append(parts, `"identifier":`+identifier)
	}
	if x.subject != "" && e.subject != "" {
		parts = append(parts, fmt.Sprintf(e.subject, reference(x.subject)))
	}
	if x.other != "" && e.other != "" {
		parts = append(parts, fmt.Sprintf(e.other, reference(x.other)))
	}
	if x.status != "" {
		parts = append(parts, `"status":"`+x.status+`"`)
	}
	return "{" + strings.Join(append(parts, x.own()...), ",") + "}"
}

// own are the elements of single types.
func (x *thing) own() []string {
	var parts []string
	add := func(format, key string) {
		if key != "" {
			parts = append(parts, fmt.Sprintf(format, key))
		}
	}
	add(`"owner":{"reference":"%s"}`, x.owner)
	add(`"payor":[{"reference":"%s"}]`, x.payor)
	add(`"focus":{"reference":"%s"}`, x.focus)
	add(`"recipient":{"reference":"%s"}`, x.recipient)
	add(`"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare","valueReference":{"reference":"%s"}}]`, x.episode)
	add(`"securityContext":{"reference":"%s"}`, x.context)
	switch x.typ {
	case "Contract":
		add(`"author":{"reference":"%s"}`, x.party)
	case "Invoice":
		add(`"issuer":{"reference":"%s"}`, x.party)
	case "Appointment":
		actors := []string{}
		for _, key := range []string{x.subject, x.other} {
			if key != "" {
				actors = append(actors, `{"actor":`+reference(key)+`,"status":"accepted"}`)
			}
		}
		parts = append(parts, `"participant":[`+strings.Join(actors, ",")+`]`)
	case "DocumentReference":
		url := x.binary
		if url == "" {
			url = "http://elsewhere.test/x"
		}
		parts = append(parts, `"content":[{"attachment":{"url":"`+url+`"}}]`)
	case "List":
		parts = append(parts, `"entry":[{"item":`+reference("Observation/observation-0")+`},{"item":`+reference("Observation/observation-1")+`}]`)
	}
	return parts
}

// bundle is a transaction that stores versions under their ids.
func bundle(list []*thing) string {
	entries := make([]string, len(list))
	for i, x := range list {
		entries[i] = `{"resource":` + x.json() + `,"request":{"method":"PUT","url":"` + x.key() + `"}}`
	}
	return `{"resourceType":"Bundle","type":"transaction","entry":[` + strings.Join(entries, ",") + `]}`
}
