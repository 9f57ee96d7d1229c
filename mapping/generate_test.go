package mapping

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"

	"caseway/mapping/casemodel"

	"pgregory.net/rapid"
)

// idTypes are the resource types that parts are kept as, by their Go type.
var idTypes = map[string]string{
	"Relative": "RelatedPerson", "Team": "CareTeam", "Network": "OrganizationAffiliation", "Referral": "ServiceRequest",
	"Problem": "Condition", "Strength": "Observation", "Barrier": "Flag", "Risk": "RiskAssessment",
	"Assessment": "QuestionnaireResponse", "Goal": "Goal", "Outcome": "Observation", "Plan": "CarePlan",
	"Approval": "Task", "Service": "ServiceRequest", "Offer": "Task", "Appointment": "Appointment", "Contact": "Appointment",
	"Task": "Task", "UtilizationReview": "Task", "Exchange": "Communication", "Coverage": "Coverage",
	"Eligibility": "CoverageEligibilityResponse", "Authorization": "Claim", "Appeal": "Task", "CostAgreement": "Contract",
	"Bill": "Invoice", "File": "DocumentReference", "Note": "Communication", "Consent": "Consent", "Client": "Patient",
}

// codeValues are what strings hold that FHIR binds to a value set.
var codeValues = map[string][]string{
	"Client.Gender":         {"male", "female", "other", "unknown"},
	"Telecom.System":        {"phone", "email", "sms"},
	"Telecom.Use":           {"home", "work", "mobile"},
	"Problem.Clinical":      {"active", "inactive", "resolved"},
	"Problem.Verification":  {"confirmed", "provisional"},
	"Barrier.Status":        {"active", "inactive", "entered-in-error"},
	"Plan.Intent":           {"proposal", "plan", "order", "option"},
	"Service.Intent":        {"proposal", "plan", "order"},
	"Service.Priority":      {"routine", "urgent", "asap", "stat"},
	"Referral.Priority":     {"routine", "urgent", "asap", "stat"},
	"Referral.Status":       {"draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"},
	"Task.Intent":           {"proposal", "plan", "order"},
	"Task.Priority":         {"routine", "urgent", "asap", "stat"},
	"Detail.Kind":           {"Appointment", "Task", "ServiceRequest", "MedicationRequest"},
	"Detail.Status":         {"not-started", "scheduled", "in-progress", "on-hold", "completed", "cancelled", "stopped", "unknown", "entered-in-error"},
	"Attendee.Required":     {"required", "optional", "information-only"},
	"Attendee.Status":       {"accepted", "declined", "tentative", "needs-action"},
	"Coverage.Status":       {"active", "cancelled", "draft", "entered-in-error"},
	"Eligibility.Status":    {"active", "cancelled", "draft", "entered-in-error"},
	"Eligibility.Outcome":   {"queued", "complete", "error", "partial"},
	"Bill.Status":           {"draft", "issued", "balanced", "cancelled", "entered-in-error"},
	"File.Status":           {"current", "superseded", "entered-in-error"},
	"File.Progress":         {"preliminary", "final", "amended", "entered-in-error"},
	"Note.Status":           {"preparation", "in-progress", "completed"},
	"Consent.Status":        {"draft", "proposed", "active", "rejected", "inactive", "entered-in-error"},
	"Provision.Type":        {"deny", "permit"},
	"ConsentedPart.Meaning": {"instance", "related", "dependents", "authoredby"},
	"Content.ContentType":   {"application/pdf", "text/plain"},
	"Content.Language":      {"en", "de-CH"},
	"Content.Hash":          {"2jmj7l5rSw0yVb/vlWAYkK/YBwk="},
	"Quantity.Comparator":   {"<", "<=", ">=", ">"},
	"Party.Type":            {"Organization", "Practitioner"},
	"Due.Kind":              {"contact", "task", "plan"},
	"Assessment.Instrument": {"http://example.org/Questionnaire/a", "http://example.org/Questionnaire/b|1"},
	"Case.Template":         {"http://example.org/PlanDefinition/a"},
	"Answer.LinkID":         {"1", "1.1", "2"},
	"Coding.System":         {"http://snomed.info/sct", "http://loinc.org"},
	"Coding.Code":           {"a", "b-1", "two words"},
	"Identifier.System":     {"http://example.org/mrn", "urn:oid:1.2.3"},
	"Quantity.System":       {"http://unitsofmeasure.org"},
	"Quantity.Code":         {"d", "mg"},
	"Plan.Templates":        {"http://example.org/PlanDefinition/a", "http://example.org/PlanDefinition/b|2"},
	"Value.URI":             {"http://example.org/", "urn:uuid:8a5d0a4e-8a5c-4d6e-9f0e-0a6f6f1d2c3b"},
	"Value.Time":            {"10:30:00", "23:59:59.5"},
	"Content.URL":           {"Binary/b", "http://example.org/file.pdf"},
}

// typeTables are the tables that hold the codes of a type of the case model.
var typeTables = map[reflect.Type]string{
	reflect.TypeFor[casemodel.Phase](): "phase", reflect.TypeFor[casemodel.Model](): "model",
	reflect.TypeFor[casemodel.Setting](): "setting", reflect.TypeFor[casemodel.Role](): "role",
	reflect.TypeFor[casemodel.StrengthSource](): "strength-source", reflect.TypeFor[casemodel.TeamStatus](): "team-status",
	reflect.TypeFor[casemodel.GoalStatus](): "goal-status", reflect.TypeFor[casemodel.PlanStatus](): "plan-status",
	reflect.TypeFor[casemodel.TaskStatus](): "task-status", reflect.TypeFor[casemodel.ApprovalStatus](): "approval-status",
	reflect.TypeFor[casemodel.ServiceStatus](): "service-status", reflect.TypeFor[casemodel.FindingStatus](): "finding-status",
	reflect.TypeFor[casemodel.AssessmentStatus](): "assessment-status", reflect.TypeFor[casemodel.AppointmentStatus](): "appointment-status",
	reflect.TypeFor[casemodel.ContactStatus](): "contact-appointment", reflect.TypeFor[casemodel.ContactKind](): "contact-medium",
	reflect.TypeFor[casemodel.ReviewStatus](): "review-status", reflect.TypeFor[casemodel.ExchangeKind](): "exchange-kind",
	reflect.TypeFor[casemodel.AuthorizationStatus](): "authorization-claim", reflect.TypeFor[casemodel.AppealStatus](): "appeal-status",
	reflect.TypeFor[casemodel.AgreementStatus](): "agreement-status", reflect.TypeFor[casemodel.RoundKind](): "round-kind",
}

// maker makes cases of arbitrary content whose ids are unique.
type maker struct {
	r    *rand.Rand
	next int
}

// drawCase makes a case from one draw: a case has some hundred values, which
// would make rapid slow, and a failing seed says all.
func drawCase(t *rapid.T) casemodel.Case {
	return makeCase(rapid.Uint64().Draw(t, "seed"))
}

func makeCase(seed uint64) casemodel.Case {
	m := maker{r: rand.New(rand.NewPCG(seed, 1))}
	var c casemodel.Case
	m.fill(reflect.ValueOf(&c).Elem(), 0)
	m.tidy(&c)
	return c
}

// tidy makes what must agree within a case agree.
func (m *maker) tidy(c *casemodel.Case) {
	c.ID = "episode"
	c.History = slices.DeleteFunc(c.History, func(s casemodel.PhaseSpan) bool { // FHIR has no empty elements
		return s.Phase == "" && s.Start == "" && s.End == ""
	})
	for i := range c.Contacts {
		k := &c.Contacts[i]
		if len(k.Messages) > 0 {
			k.Messages = []casemodel.Ref{"Communication/said"}
		}
		switch m.r.IntN(4) {
		case 0:
			k.Held = casemodel.Ref(fmt.Sprintf("Encounter/held%02d", i))
		case 1:
			k.ID, k.Held = casemodel.Ref(fmt.Sprintf("CommunicationRequest/k%02d", i)), casemodel.Ref(fmt.Sprintf("Encounter/held%02d", i))
		case 2:
			k.ID = casemodel.Ref(fmt.Sprintf("Encounter/k%02d", i))
			if k.Held = ""; k.Status == casemodel.ContactHeld || k.Status == casemodel.ContactInProgress {
				k.Held = k.ID
			}
		case 3:
			k.ID, k.Held = casemodel.Ref(fmt.Sprintf("Communication/k%02d", i)), ""
		}
	}
	for i := range c.Tasks { // some are about a service, and no offers of it
		if i < len(c.Services) {
			c.Tasks[i].About = c.Services[i].ID
		}
	}
	for i := range c.Authorizations {
		a := &c.Authorizations[i]
		if m.r.IntN(2) == 1 {
			a.Decision = casemodel.Ref(fmt.Sprintf("ClaimResponse/r%02d", i))
			continue
		}
		a.Decision, a.DecidedAt, a.DecidedBy, a.Number = "", "", casemodel.Party{}, ""
		a.Period, a.Granted, a.Amount = casemodel.Period{}, nil, nil
		a.Reason, a.Saves = casemodel.Concept{}, ""
	}
	for i := range c.Outcomes { // an Observation that no goal knows is no outcome
		c.Outcomes[i].Goals = append(c.Outcomes[i].Goals, "Goal/other")
	}
}

func (m *maker) fill(v reflect.Value, depth int) {
	if depth > 7 {
		return
	}
	typ := v.Type()
	switch {
	case typ == reflect.TypeFor[casemodel.Date]():
		v.SetString(oneOf(m, []string{"2026", "2026-11", "2026-11-22", "2026-11-22T10:30:00Z", "2026-11-22T10:30:00.5+01:00"}))
	case typ == reflect.TypeFor[casemodel.Decimal]():
		v.SetString(oneOf(m, []string{"1", "12.50", "-0.010", "1e3"}))
	case typ == reflect.TypeFor[casemodel.Ref]():
		v.SetString(oneOf(m, []string{"Goal/g", "Condition/c", "http://example.org/fhir/Observation/o"}))
	case typ == reflect.TypeFor[casemodel.Money]():
		v.Set(reflect.ValueOf(casemodel.USD(m.r.Int64N(1e9))))
	case typ == reflect.TypeFor[casemodel.Value]():
		at := m.r.IntN(v.NumField())
		f := v.Field(at)
		f.Set(reflect.New(f.Type().Elem()))
		if values := codeValues["Value."+typ.Field(at).Name]; values != nil {
			m.fillCode(f.Elem(), values)
			return
		}
		m.fill(f.Elem(), depth+1)
	case typ == reflect.TypeFor[casemodel.Amount]():
		f := v.Field(m.r.IntN(v.NumField()))
		f.Set(reflect.New(f.Type().Elem()))
		m.fill(f.Elem(), depth+1)
	case typeTables[typ] != "":
		rows := tableOf(typeTables[typ]).rows
		v.SetString(rows[m.r.IntN(len(rows))][0])
	default:
		m.fillKind(v, depth)
	}
}

func (m *maker) fillKind(v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Struct:
		m.fillStruct(v, depth)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		if m.fill(v.Elem(), depth+1); empty(v.Elem()) && v.Elem().Kind() == reflect.Struct {
			v.SetZero()
		}
	case reflect.Slice:
		n := m.r.IntN(3)
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		said := 0
		for range n {
			element := reflect.New(v.Type().Elem()).Elem()
			if m.fill(element, depth+1); !empty(element) { // FHIR has no empty elements
				v.Index(said).Set(element)
				said++
			}
		}
		if v.SetLen(said); said == 0 {
			v.SetZero()
		}
	case reflect.String:
		v.SetString(oneOf(m, []string{"a", "zwei Worte", "„Ziel“ \"x\"", "line\nline"}))
	case reflect.Bool:
		v.SetBool(m.r.IntN(2) == 1)
	case reflect.Int, reflect.Int64:
		v.SetInt(1 + m.r.Int64N(99))
	default:
		panic("can't make a " + v.Type().String())
	}
}

func (m *maker) fillStruct(v reflect.Value, depth int) {
	name := v.Type().Name()
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Name == "ID" && idTypes[name] != "" {
			m.next++
			v.Field(i).SetString(fmt.Sprintf("%s/i%04d", idTypes[name], m.next))
			continue
		}
		if values := codeValues[name+"."+f.Name]; values != nil {
			m.fillCode(v.Field(i), values)
			continue
		}
		if m.r.IntN(10) < 2 && depth > 0 {
			continue
		}
		m.fill(v.Field(i), depth+1)
	}
}

func oneOf(m *maker, all []string) string { return all[m.r.IntN(len(all))] }

// fillCode sets a string, or a list of them, to one of the values.
func (m *maker) fillCode(v reflect.Value, values []string) {
	if v.Kind() == reflect.Slice {
		v.Set(reflect.ValueOf(values[:m.r.IntN(len(values)+1)]))
		return
	}
	v.SetString(oneOf(m, values))
}
