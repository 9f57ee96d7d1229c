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
}

// making is a request in the making.
type making struct {
	*applying
	act *planAction
	def activityDefinition
	r   object
}

// request makes the request of an action; definition is an ActivityDefinition,
// or nothing.
func (a *applying) request(act *planAction, definition []byte, path string) error {
	if len(a.contained) >= most {
		return fhir.NewError(fhir.TooCostly, fhir.IssueTooCostly, fmt.Sprintf("the PlanDefinition makes more than %d resources", most))
	}
	m := &making{applying: a, act: act, def: activityDefinition{Kind: "Task"}, r: object{}}
	if definition != nil {
		if err := json.Unmarshal(definition, &m.def); err != nil {
			return fmt.Errorf("an ActivityDefinition: %w", err)
		}
	}
	fill := kinds[m.def.Kind]
	if fill == nil {
		return unfit(path+".definition", "must be an ActivityDefinition whose kind is one of Appointment, CommunicationRequest, "+
			"DeviceRequest, MedicationRequest, ServiceRequest, Task")
	}
	m.r["resourceType"] = m.def.Kind
	fill(m)
	m.contact()
	if act.TimingAge != nil || act.TimingRange != nil {
		a.notes = append(a.notes, path+": its timing, an age or a range, isn't carried over.")
	}
	for _, list := range [][]dynamicValue{m.def.Dynamic, act.DynamicValue} {
		for i, v := range list {
			if err := m.dynamic(v, fmt.Sprintf("%s.dynamicValue[%d]", path, i)); err != nil {
				return err
			}
		}
	}
	a.activity = append(a.activity, object{"reference": a.contain(m.r)})
	return nil
}

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
	if len(m.def.BodySite) > 0 {
		m.r["bodySite"] = m.def.BodySite
	}
	m.occurrence(true)
}

func (m *making) device() {
	m.order()
	m.r["codeCodeableConcept"] = m.code()
	if len(m.def.Product) > 0 {
		m.r["codeCodeableConcept"] = m.def.Product
	}
	m.occurrence(true)
}

func (m *making) medication() {
	m.order()
	if m.def.Not {
		m.r["doNotPerform"] = true
	}
	if len(m.def.Dosage) > 0 {
		m.r["dosageInstruction"] = m.def.Dosage
	}
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
	if period := m.period(); period != nil {
		m.r["requestedPeriod"] = []any{period}
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
		name := map[string]string{"patient": "subject", "practitioner": "practitioner"}[p.Type]
		if n := m.names[name]; n.Valid() && m.r["owner"] == nil {
			m.r["owner"] = m.reference(name)
		}
	}
	if period := m.period(); period != nil {
		m.r["restriction"] = object{"period": period}
	}
}

// occurrence sets when it is wanted; schedules say whether the type takes a
// Timing.
func (m *making) occurrence(schedules bool) {
	timing := m.act.TimingTiming
	if timing == nil {
		timing = m.def.Timing
	}
	switch {
	case m.act.TimingDateTime != "":
		m.r["occurrenceDateTime"] = m.act.TimingDateTime
	case len(m.act.TimingPeriod) > 0:
		m.r["occurrencePeriod"] = m.act.TimingPeriod
	case m.act.TimingDuration != nil:
		set(m.r, "occurrenceDateTime", m.act.TimingDuration.after(m.now))
	case schedules:
		setRaw(m.r, "occurrenceTiming", timing)
	default:
		set(m.r, "occurrenceDateTime", firstOf(timing, m.now))
	}
}

// period is when it is to be done; nil for no time. A time on its own is the end.
func (m *making) period() any {
	end := m.act.TimingDateTime
	switch {
	case len(m.act.TimingPeriod) > 0:
		return m.act.TimingPeriod
	case m.act.TimingDuration != nil:
		end = m.act.TimingDuration.after(m.now)
	case end == "":
		end = firstOf(m.act.TimingTiming, m.now)
	}
	if end == "" {
		return nil
	}
	return object{"end": end}
}

// duration is a Duration, or the period of a Timing.
type duration struct {
	Value float64 `json:"value"`
	Code  string  `json:"code"`
}

// after is the date so long after now; "" for a unit that isn't one of time.
func (d duration) after(now time.Time) string {
	const most = 100_000
	n := int(d.Value)
	if float64(n) != d.Value || n < 0 || n > most {
		return ""
	}
	switch d.Code {
	case "h":
		return now.Add(time.Duration(n) * time.Hour).Format(time.RFC3339)
	case "d":
		return now.AddDate(0, 0, n).Format(time.DateOnly)
	case "wk":
		return now.AddDate(0, 0, 7*n).Format(time.DateOnly)
	case "mo":
		return now.AddDate(0, n, 0).Format(time.DateOnly)
	case "a":
		return now.AddDate(n, 0, 0).Format(time.DateOnly)
	}
	return ""
}

// firstOf is the first date of a schedule: one period from now.
func firstOf(timing json.RawMessage, now time.Time) string {
	var t struct {
		Repeat struct {
			Period     float64 `json:"period"`
			PeriodUnit string  `json:"periodUnit"`
		} `json:"repeat"`
	}
	if timing == nil || json.Unmarshal(timing, &t) != nil || t.Repeat.Period == 0 {
		return ""
	}
	return duration{t.Repeat.Period, t.Repeat.PeriodUnit}.after(now)
}
