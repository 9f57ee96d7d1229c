package operation

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"caseway/fhir"
	"caseway/mapping"
)

// activityDefinition is what is read of an ActivityDefinition
// (https://hl7.org/fhir/R4/activitydefinition.html).
type activityDefinition struct {
	URL         string            `json:"url"`
	Version     string            `json:"version"`
	Kind        string            `json:"kind"`
	Title       string            `json:"title"`
	Description string            `json:"description"`
	Priority    string            `json:"priority"`
	Code        json.RawMessage   `json:"code"`
	Not         bool              `json:"doNotPerform"`
	Product     json.RawMessage   `json:"productCodeableConcept"`
	Medication  json.RawMessage   `json:"productReference"`
	Quantity    json.RawMessage   `json:"quantity"`
	Dosage      []json.RawMessage `json:"dosage"`
	BodySite    []json.RawMessage `json:"bodySite"`
	Timing      json.RawMessage   `json:"timingTiming"`
	Dynamic     []dynamicValue    `json:"dynamicValue"`
	Location    json.RawMessage   `json:"location"`
	Participant []struct {
		Role json.RawMessage `json:"role"`
	} `json:"participant"`
	Transform              string            `json:"transform"`
	Specimen               []json.RawMessage `json:"specimenRequirement"`
	ObservationRequirement []json.RawMessage `json:"observationRequirement"`
	ObservationResult      []json.RawMessage `json:"observationResultRequirement"`
	TimingDateTime         string            `json:"timingDateTime"`
	TimingPeriod           json.RawMessage   `json:"timingPeriod"`
	TimingDuration         *duration         `json:"timingDuration"`
	TimingAge              json.RawMessage   `json:"timingAge"`
	TimingRange            json.RawMessage   `json:"timingRange"`
}

// making is a request in the making.
type making struct {
	*applying
	act  *planAction
	path string
	def  activityDefinition
	r    object
}

// request makes the request of an action, and gives a reference to it; definition
// is an ActivityDefinition, or nothing.
func (a *applying) request(act *planAction, definition []byte, path string) (object, error) {
	m, err := a.making(act, definition, path)
	if err != nil {
		return nil, err
	}
	return a.contain(m.r), nil
}

func (a *applying) making(act *planAction, definition []byte, path string) (*making, error) {
	if len(a.contained) >= most {
		return nil, fhir.NewError(fhir.TooCostly, fhir.IssueTooCostly, fmt.Sprintf("the PlanDefinition makes more than %d resources", most))
	}
	m := &making{applying: a, act: act, path: path, def: activityDefinition{Kind: "Task"}, r: object{}}
	if definition != nil {
		if err := json.Unmarshal(definition, &m.def); err != nil {
			return nil, fmt.Errorf("an ActivityDefinition: %w", err)
		}
	}
	fill := kinds[m.def.Kind]
	if fill == nil {
		return nil, unfit(path+".definition", "must be an ActivityDefinition whose kind is one of Appointment, CommunicationRequest, "+
			"DeviceRequest, MedicationRequest, ServiceRequest, Task")
	}
	m.r["resourceType"] = m.def.Kind
	fill(m)
	m.contact()
	m.noteDefinition()
	for _, list := range [][]dynamicValue{m.def.Dynamic, act.DynamicValue} {
		for i, v := range list {
			if err := m.dynamic(v, fmt.Sprintf("%s.dynamicValue[%d]", path, i)); err != nil {
				return nil, err
			}
		}
	}
	return m, nil
}

// noteDefinition notes what of an ActivityDefinition its request has no place for.
func (m *making) noteDefinition() {
	d := &m.def
	performs := m.def.Kind == "ServiceRequest" || m.def.Kind == "DeviceRequest"
	m.noteMissing(m.path+".definition", []member{
		{"transform", d.Transform != ""},
		{"participant", len(d.Participant) > 0 && !performs},
		{"location", d.Location != nil && m.def.Kind != "ServiceRequest" && m.def.Kind != "Task"},
		{"specimenRequirement", len(d.Specimen) > 0},
		{"observationRequirement", len(d.ObservationRequirement) > 0},
		{"observationResultRequirement", len(d.ObservationResult) > 0},
		{"dosage", len(d.Dosage) > 0 && m.def.Kind != "MedicationRequest"},
	})
}

// questionnaire makes the Task to fill a Questionnaire in, and gives a reference to
// it.
func (a *applying) questionnaire(act *planAction, text []byte, path string) (object, error) {
	var q planDefinition // it has the same head
	if err := json.Unmarshal(text, &q); err != nil {
		return nil, fmt.Errorf("a Questionnaire: %w", err)
	}
	if q.URL == "" {
		q.URL = act.DefinitionCanonical
	}
	asked := *act
	if len(asked.Code) == 0 {
		asked.Code = []json.RawMessage{completeQuestionnaire}
	}
	if asked.Title == "" && asked.Description == "" {
		asked.Title = q.Title
	}
	m, err := a.making(&asked, nil, path)
	if err != nil {
		return nil, err
	}
	m.r["input"] = []object{{"type": questionnaireInput, "valueCanonical": q.canonical()}}
	return a.contain(m.r), nil
}

// How the Structured Data Capture guide marks Tasks to fill in a Questionnaire
// (http://hl7.org/fhir/uv/sdc/CodeSystem/temp).
var (
	completeQuestionnaire = json.RawMessage(`{"coding":[{"system":"http://hl7.org/fhir/uv/sdc/CodeSystem/temp","code":"complete-questionnaire"}]}`)
	questionnaireInput    = object{"coding": []object{{"system": "http://hl7.org/fhir/uv/sdc/CodeSystem/temp", "code": "questionnaire"}}}
)

// contact makes a request that plans a contact of case manager and client known
// for one.
func (m *making) contact() {
	for _, concept := range append(slices.Clone(m.act.Code), m.def.Code) {
		var c struct {
			Coding []struct{ System, Code string }
		}
		_ = json.Unmarshal(concept, &c) // nothing where there is no code
		for _, x := range c.Coding {
			for name, value := range mapping.ContactElements(m.def.Kind, mapping.ContactKindIn(x.System, x.Code)) {
				m.r[name] = value
				m.onDay()
			}
		}
	}
}

// onDay lets the Appointment of a contact be for the day that its timing ends
// with: contacts are planned for a day.
func (m *making) onDay() {
	wanted, _ := m.r["requestedPeriod"].([]any)
	if len(wanted) != 1 {
		return
	}
	if period, is := wanted[0].(object); is && period["start"] == nil {
		m.r["requestedPeriod"] = []any{object{"start": period["end"], "end": period["end"]}}
	}
}

// kinds fill the requests of each kind.
var kinds = map[string]func(*making){
	"Appointment": (*making).appointment, "CommunicationRequest": (*making).communication, "DeviceRequest": (*making).device,
	"MedicationRequest": (*making).medication, "ServiceRequest": (*making).service, "Task": (*making).task,
}

// words are what the request is about.
func (m *making) words() string {
	for _, s := range []string{m.act.Description, m.act.Title, m.def.Description, m.def.Title} {
		if s != "" {
			return s
		}
	}
	return ""
}

// code is the action's, else the definition's, else the words.
func (m *making) code() any {
	switch {
	case len(m.act.Code) > 0:
		return m.act.Code[0]
	case len(m.def.Code) > 0:
		return m.def.Code
	}
	return object{"text": m.words()}
}

// common sets what is the same for all requests but Appointment.
func (m *making) common(subject string) {
	m.r["status"] = "draft"
	m.r[subject] = m.reference("subject")
	m.r["authoredOn"] = m.now.Format(time.RFC3339)
	if m.names["encounter"].Valid() {
		m.r["encounter"] = m.reference("encounter")
	}
	if by := m.requester(); by != nil {
		m.r["requester"] = by
	}
	set(m.r, "priority", m.def.Priority)
	set(m.r, "priority", m.act.Priority)
}

// order sets what ServiceRequest, DeviceRequest and MedicationRequest share.
func (m *making) order() {
	m.common("subject")
	m.r["intent"] = "proposal"
	if m.def.URL != "" {
		d := planDefinition{URL: m.def.URL, Version: m.def.Version}
		m.r["instantiatesCanonical"] = []string{d.canonical()}
	}
	if len(m.act.Reason) > 0 {
		m.r["reasonCode"] = m.act.Reason
	}
}

func (m *making) service() {
	m.order()
	m.r["code"] = m.code()
	if m.def.Not {
		m.r["doNotPerform"] = true
	}
	setRaw(m.r, "quantityQuantity", m.def.Quantity)
	m.performer()
	if m.def.Location != nil {
		m.r["locationReference"] = []json.RawMessage{m.def.Location}
	}
	if len(m.def.BodySite) > 0 {
		m.r["bodySite"] = m.def.BodySite
	}
	m.occurrence(true)
}

// performer sets what kind of performer the definition wants.
func (m *making) performer() {
	for _, p := range m.def.Participant {
		if len(p.Role) > 0 && m.r["performerType"] == nil {
			m.r["performerType"] = p.Role
		}
	}
}

func (m *making) device() {
	m.order()
	m.r["codeCodeableConcept"] = m.code()
	if len(m.def.Product) > 0 {
		m.r["codeCodeableConcept"] = m.def.Product
	}
	m.performer()
	m.occurrence(true)
}

func (m *making) medication() {
	m.order()
	if m.def.Not {
		m.r["doNotPerform"] = true
	}
	m.dosage()
	switch {
	case len(m.def.Product) > 0:
		m.r["medicationCodeableConcept"] = m.def.Product
	case len(m.def.Medication) > 0:
		m.r["medicationReference"] = m.def.Medication
	default:
		m.r["medicationCodeableConcept"] = m.code()
	}
}

func (m *making) communication() {
	m.common("subject")
	m.r["category"] = []any{m.code()}
	if w := m.words(); w != "" {
		m.r["payload"] = []object{{"contentString": w}}
	}
	if m.names["subject"].Type().Name == "Patient" {
		m.r["recipient"] = []object{m.reference("subject")}
	}
	if m.def.Not {
		m.r["doNotPerform"] = true
	}
	m.occurrence(false)
}

func (m *making) appointment() {
	m.r["status"] = "proposed"
	m.r["serviceType"] = []any{m.code()}
	set(m.r, "description", m.words())
	participants := []object{}
	for _, name := range []string{"subject", "practitioner"} {
		if n := m.names[name]; n.Valid() && n.Type().Name != "Group" {
			participants = append(participants, object{"actor": m.reference(name), "status": "needs-action"})
		}
	}
	m.r["participant"] = participants
	if period, schedule := m.period(); period != nil {
		m.r["requestedPeriod"] = []any{period}
		m.noteRepeats(schedule)
	}
}

func (m *making) task() {
	m.common("for")
	m.r["intent"] = "proposal"
	m.r["code"] = m.code()
	set(m.r, "description", m.words())
	if m.def.URL != "" {
		set(m.r, "instantiatesCanonical", m.def.URL)
	}
	for _, p := range m.act.Participant {
		name := participantNames[p.Type]
		if n := m.names[name]; n.Valid() && m.r["owner"] == nil {
			m.r["owner"] = m.reference(name)
		}
	}
	setRaw(m.r, "location", m.def.Location)
	if period, schedule := m.period(); period != nil {
		restriction := object{"period": period}
		if schedule.Repeat.Count > 0 {
			restriction["repetitions"] = schedule.Repeat.Count
		} else {
			m.noteRepeats(schedule)
		}
		m.r["restriction"] = restriction
	}
}
