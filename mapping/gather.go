package mapping

import (
	"slices"
	"strings"

	"caseway/mapping/casemodel"

	appointmentpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/appointment_go_proto"
	planpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/care_plan_go_proto"
	careteampb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/care_team_go_proto"
	communicationpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/communication_go_proto"
	communicationrequestpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/communication_request_go_proto"
	conditionpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/condition_go_proto"
	encounterpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/encounter_go_proto"
	episodepb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/episode_of_care_go_proto"
	flagpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/flag_go_proto"
	goalpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/goal_go_proto"
	observationpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/observation_go_proto"
	affiliationpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/organization_affiliation_go_proto"
	patientpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/patient_go_proto"
	practitionerpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/practitioner_go_proto"
	questionnairepb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/questionnaire_response_go_proto"
	relatedpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/related_person_go_proto"
	riskpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/risk_assessment_go_proto"
	servicepb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/service_request_go_proto"
	taskpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/task_go_proto"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// gathering puts a case together. Resources are read in the order of their
// ids, those that others hang on first.
type gathering struct {
	c     casemodel.Case
	types map[string][]*remembered
}

// gather reads a case from its resources.
func gather(resources []proto.Message) casemodel.Case { return gatherFrom((&Memory{}).of(resources)) }

func gatherFrom(resources []*remembered) casemodel.Case {
	g := gathering{types: map[string][]*remembered{}}
	for _, r := range resources {
		g.types[r.typ] = append(g.types[r.typ], r)
	}
	for _, all := range g.types {
		slices.SortStableFunc(all, func(a, b *remembered) int { return strings.Compare(string(a.id), string(b.id)) })
	}
	for m := range of[*episodepb.EpisodeOfCare](&g, "EpisodeOfCare") {
		readEpisode(m, &g.c)
		break
	}
	g.people()
	g.findings()
	g.plans()
	g.work()
	g.contacts()
	g.payers()
	g.papers()
	return g.c
}

// of gives the resources of a type.
func of[P proto.Message](g *gathering, typ string) func(func(P, *remembered) bool) {
	return func(yield func(P, *remembered) bool) {
		for _, r := range g.types[typ] {
			if p, ok := r.resource.(P); ok && !yield(p, r) {
				return
			}
		}
	}
}

// takeAll reads every resource of a type as a part.
func takeAll[C, E any, P interface {
	*E
	proto.Message
}](g *gathering, p *pair[C, E, P]) []C {
	var all []C
	for _, r := range of[P](g, p.typ) {
		all = append(all, take(p, r))
	}
	return all
}

func take[C, E any, P interface {
	*E
	proto.Message
}](p *pair[C, E, P], r *remembered) C {
	return recall(r, p, func() (part C) {
		p.read(r.resource.(P), &part) // callers look at the type first
		return part
	})
}

// ownerOf is the part that a resource belongs to.
func ownerOf[C, E any, P interface {
	*E
	proto.Message
}](p *pair[C, E, P], r *remembered) casemodel.Ref {
	return recall(r, owning{p}, func() casemodel.Ref { return p.frameOf(r.resource.(P)).owner })
}

// owning names the reader of whom a pair's resource belongs to.
type owning struct{ pair any }

// looking names a reader of what kind of part a resource is.
type looking int

const (
	atCode looking = iota
	atFocus
	atStrength
	atPlanned
	atClass
	atCategory
	atUse
	atMark
)

func (g *gathering) people() {
	c := &g.c
	for m := range of[*patientpb.Patient](g, "Patient") {
		if idOf(m) == c.Client.ID || c.Client.Party().IsZero() {
			clients.read(m, &c.Client)
			break
		}
	}
	c.Family = takeAll[casemodel.Relative, relatedpb.RelatedPerson](g, &relatives)
	c.Networks = takeAll[casemodel.Network, affiliationpb.OrganizationAffiliation](g, &networks)
	for _, r := range of[*careteampb.CareTeam](g, "CareTeam") {
		c.Teams = placed(c.Teams, take(&teams, r), func(t *casemodel.Team) *casemodel.Ref { return &t.ID })
	}
	certified := map[casemodel.Ref][]casemodel.Certification{}
	for _, r := range of[*practitionerpb.Practitioner](g, "Practitioner") {
		certified[r.id] = take(&practitioners, r).Certifications
	}
	for i := range c.Teams {
		c.Teams[i].Members = slices.Clone(c.Teams[i].Members)
		for j := range c.Teams[i].Members {
			m := &c.Teams[i].Members[j]
			m.Certifications = certified[m.Party.Ref]
			m.Networks = networksOf(c, m)
		}
	}
}

// networksOf are the networks that a member, or whom the member acts for,
// belongs to.
func networksOf(c *casemodel.Case, m *casemodel.Member) []casemodel.Party {
	var all []casemodel.Party
	for _, n := range c.Networks {
		mine := n.Member.Same(m.Party) || !m.OnBehalfOf.IsZero() && n.Member.Same(m.OnBehalfOf)
		if mine && !n.Inactive && !n.Member.IsZero() {
			all = append(all, n.Network)
		}
	}
	return all
}

// placed puts a part where its id stands already, or behind.
func placed[T any](all []T, part T, id func(*T) *casemodel.Ref) []T {
	for i := range all {
		if *id(&all[i]) == *id(&part) {
			all[i] = part
			return all
		}
	}
	return append(all, part)
}

func (g *gathering) findings() {
	c := &g.c
	c.Problems = takeAll[casemodel.Problem, conditionpb.Condition](g, &problems)
	c.Barriers = takeAll[casemodel.Barrier, flagpb.Flag](g, &barriers)
	c.Risks = takeAll[casemodel.Risk, riskpb.RiskAssessment](g, &risks)
	c.Assessments = takeAll[casemodel.Assessment, questionnairepb.QuestionnaireResponse](g, &assessments)
	c.Goals = takeAll[casemodel.Goal, goalpb.Goal](g, &goals)
	c.Plans = takeAll[casemodel.Plan, planpb.CarePlan](g, &plans)
	measured := map[casemodel.Ref]bool{}
	for _, p := range c.Plans {
		for _, a := range p.Activities {
			for _, r := range a.Outcomes {
				measured[r] = true
			}
		}
	}
	for m, r := range of[*observationpb.Observation](g, "Observation") {
		if recall(r, atStrength, func() bool { return isStrength(m.ProtoReflect()) }) {
			c.Strengths = append(c.Strengths, take(&strengths, r))
			continue
		}
		o := take(&outcomes, r)
		o.Goals = append(goalsNaming(c, o.ID), o.Goals...)
		if len(o.Goals) > 0 || measured[o.ID] {
			c.Outcomes = append(c.Outcomes, o)
		}
	}
}

// goalsNaming are the goals that name an outcome. The outcome says itself only
// those that don't.
func goalsNaming(c *casemodel.Case, id casemodel.Ref) []casemodel.Ref {
	var all []casemodel.Ref
	for i := range c.Goals {
		if slices.Contains(c.Goals[i].Outcomes, id) {
			all = append(all, c.Goals[i].ID)
		}
	}
	return all
}

// plans orders the versions of the plan.
func (g *gathering) plans() {
	slices.SortStableFunc(g.c.Plans, func(a, b casemodel.Plan) int { return a.Version - b.Version })
}

func (g *gathering) work() {
	c := &g.c
	for _, m := range of[*servicepb.ServiceRequest](g, "ServiceRequest") {
		if slices.ContainsFunc(c.Referrals, func(r casemodel.Referral) bool { return r.ID == m.id }) {
			c.Referrals = placed(c.Referrals, take(&referrals, m), func(r *casemodel.Referral) *casemodel.Ref { return &r.ID })
			continue
		}
		c.Services = append(c.Services, take(&services, m))
	}
	for m, r := range of[*taskpb.Task](g, "Task") {
		g.task(m, r)
	}
	for i := range c.Plans {
		byTime(c.Plans[i].Approvals, func(a *casemodel.Approval) casemodel.Date { return a.RequestedAt })
	}
}

// task reads a Task as what its code makes it.
func (g *gathering) task(m *taskpb.Task, r *remembered) {
	c, code := &g.c, codeOfTask(m, r)
	if s := g.offered(m, r); s != nil {
		s.Offers = append(s.Offers, take(&offers, r))
		return
	}
	switch {
	case code.Is(approveCode.System, approveCode.Code):
		focus := recall(r, atFocus, func() casemodel.Ref { return ref.read(m.GetFocus().ProtoReflect()) })
		if p := c.Plan(focus); p != nil {
			p.Approvals = append(p.Approvals, take(&approvals, r))
			return
		}
	case code.Is(reviewCode.System, reviewCode.Code):
		c.Reviews = append(c.Reviews, take(&reviews, r))
		return
	case code.Is(appealCode.System, appealCode.Code):
		return // with the payers' papers
	}
	c.Tasks = append(c.Tasks, take(&tasks, r))
}

func codeOfTask(m *taskpb.Task, r *remembered) casemodel.Concept {
	return recall(r, atCode, func() casemodel.Concept { return concept.read(m.GetCode().ProtoReflect()) })
}

func (g *gathering) contacts() {
	c := &g.c
	for m, r := range of[*appointmentpb.Appointment](g, "Appointment") {
		if recall(r, atPlanned, func() bool { return findExtension(m.ProtoReflect(), extensionURL(plannedMark)) != nil }) {
			c.Contacts = append(c.Contacts, take(&plannedVisits, r))
		} else {
			c.Appointments = append(c.Appointments, take(&appointments, r))
		}
	}
	c.Contacts = append(c.Contacts, takeAll[casemodel.Contact, communicationrequestpb.CommunicationRequest](g, &plannedCalls)...)
	for m, r := range of[*encounterpb.Encounter](g, "Encounter") {
		g.meeting(m, r)
	}
	for m, r := range of[*communicationpb.Communication](g, "Communication") {
		g.communication(m, r)
	}
	for i := range c.Reviews {
		byTime(c.Reviews[i].Exchanges, func(x *casemodel.Exchange) casemodel.Date { return x.At })
	}
}

// meeting reads an Encounter: the holding of a planned contact, or one of its
// own. A stay in hospital is none, nor a visit with a provider.
func (g *gathering) meeting(m *encounterpb.Encounter, r *remembered) {
	owner := ownerOf(&meetings, r)
	if at := slices.IndexFunc(g.c.Contacts, func(k casemodel.Contact) bool { return k.ID == owner }); at >= 0 {
		g.c.Contacts[at] = withMeeting(g.c.Contacts[at], m)
		return
	}
	class := recall(r, atClass, func() string { return codingAt("class", actCodes).read(m.ProtoReflect()) })
	if owner != "" || contactClass.toCase[class] == "" {
		return
	}
	k := take(&visits, r)
	if k.Status == casemodel.ContactHeld || k.Status == casemodel.ContactInProgress {
		k.Held = k.ID
	}
	g.c.Contacts = append(g.c.Contacts, k)
}

// withMeeting lays the Encounter in which a contact was held onto it.
func withMeeting(k casemodel.Contact, m *encounterpb.Encounter) casemodel.Contact {
	held := k
	meetings.read(m, &held)
	if held.Kind == "" {
		held.Kind = k.Kind
	}
	if held.By.IsZero() {
		held.By = k.By
	}
	return held
}

func (g *gathering) communication(m *communicationpb.Communication, r *remembered) {
	c := &g.c
	owner := ownerOf(&exchanges, r)
	for i := range c.Reviews {
		if c.Reviews[i].ID == owner && owner != "" {
			c.Reviews[i].Exchanges = append(c.Reviews[i].Exchanges, take(&exchanges, r))
			return
		}
	}
	if recall(r, atCategory, func() bool { return hasCategory(m.ProtoReflect(), contactCategory) }) {
		c.Contacts = append(c.Contacts, take(&messages, r))
		return
	}
	c.Notes = append(c.Notes, take(&notes, r))
}

func hasCategory(m protoreflect.Message, k casemodel.Coding) bool {
	list := m.Get(field(m, "category")).List()
	for i := range list.Len() {
		if concept.read(list.Get(i).Message()).Is(k.System, k.Code) {
			return true
		}
	}
	return false
}

// byTime orders a list by a date; those of the same time stay in the order of
// their ids.
func byTime[T any](all []T, at func(*T) casemodel.Date) {
	slices.SortStableFunc(all, func(a, b T) int {
		switch {
		case at(&a).Before(at(&b)):
			return -1
		case at(&b).Before(at(&a)):
			return 1
		}
		return 0
	})
}
