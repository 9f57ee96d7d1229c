package mapping

import (
	"reflect"

	"caseway/mapping/casemodel"

	episodepb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/episode_of_care_go_proto"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

var closure = object(
	extension(".reason", func(c *casemodel.Closure) *casemodel.Concept { return &c.Reason }, inConcept),
	extension(".summary", func(c *casemodel.Closure) *string { return &c.Summary }, inString),
	extension(".handOver", func(c *casemodel.Closure) *string { return &c.HandOver }, inString),
	extension(".to", func(c *casemodel.Closure) *casemodel.Party { return &c.To }, inParty),
	extension(".at", func(c *casemodel.Closure) *casemodel.Date { return &c.At }, inDate),
	extension(".by", func(c *casemodel.Closure) *casemodel.Party { return &c.By }, inParty),
)

var hold = object(
	extension(".from", func(h *casemodel.Hold) *casemodel.Phase { return &h.From }, inText[casemodel.Phase]("code")),
	extension(".reason", func(h *casemodel.Hold) *string { return &h.Reason }, inString),
	extension(".at", func(h *casemodel.Hold) *casemodel.Date { return &h.At }, inDate),
	extension(".by", func(h *casemodel.Hold) *casemodel.Party { return &h.By }, inParty),
	extension(".until", func(h *casemodel.Hold) *casemodel.Date { return &h.Until }, inDate),
)

var cancellation = object(
	extension(".reason", func(c *casemodel.Cancellation) *string { return &c.Reason }, inString),
	extension(".at", func(c *casemodel.Cancellation) *casemodel.Date { return &c.At }, inDate),
	extension(".by", func(c *casemodel.Cancellation) *casemodel.Party { return &c.By }, inParty),
)

var place = object(
	extension(".manager", func(p *casemodel.Place) *casemodel.Party { return &p.Manager }, inParty),
	extension(".organization", func(p *casemodel.Place) *casemodel.Party { return &p.Organization }, inParty),
	extension(".setting", func(p *casemodel.Place) *casemodel.Setting { return &p.Setting }, inText[casemodel.Setting]("code")),
)

var transfer = object(
	extension(".from", func(t *casemodel.Transfer) *casemodel.Place { return &t.From }, place),
	extension(".to", func(t *casemodel.Transfer) *casemodel.Place { return &t.To }, place),
	extension(".reason", func(t *casemodel.Transfer) *string { return &t.Reason }, inString),
	extension(".at", func(t *casemodel.Transfer) *casemodel.Date { return &t.At }, inDate),
	extension(".by", func(t *casemodel.Transfer) *casemodel.Party { return &t.By }, inParty),
)

var reopening = object(
	extension(".reason", func(r *casemodel.Reopening) *string { return &r.Reason }, inString),
	extension(".at", func(r *casemodel.Reopening) *casemodel.Date { return &r.At }, inDate),
	extension(".by", func(r *casemodel.Reopening) *casemodel.Party { return &r.By }, inParty),
	extension(".closure", func(r *casemodel.Reopening) **casemodel.Closure { return &r.Closure }, pointer(closure)),
)

var cadence = object(
	extension(".kind", func(c *casemodel.Cadence) *casemodel.ContactKind { return &c.Kind }, inText[casemodel.ContactKind]("code")),
	extension(".days", func(c *casemodel.Cadence) *int { return &c.Days }, inInteger),
	extension(".nextDue", func(c *casemodel.Cadence) *casemodel.Date { return &c.NextDue }, inDate),
	extension(".lastAt", func(c *casemodel.Cadence) *casemodel.Date { return &c.LastAt }, inDate),
)

var due = object(
	extension(".date", func(d *casemodel.Due) *casemodel.Date { return &d.Date }, inDate),
	extension(".kind", func(d *casemodel.Due) *string { return &d.Kind }, inString),
	extension(".part", func(d *casemodel.Due) *casemodel.Ref { return &d.Part }, inRef),
)

// diagnosis is the codec of EpisodeOfCare.diagnosis.
var diagnosis = object(
	one("condition", func(d *casemodel.Diagnosis) *casemodel.Ref { return &d.Problem }, ref),
	one("role", func(d *casemodel.Diagnosis) *casemodel.Concept { return &d.Role }, concept),
	one("rank", func(d *casemodel.Diagnosis) *int { return &d.Rank }, number),
).about(func(a, b casemodel.Diagnosis) bool { return a.Problem == b.Problem })

// episode are the elements of EpisodeOfCare that a case owns.
var episode = []binding[casemodel.Case]{
	{readCaseID, writeCaseID},
	{readPhase, writePhase},
	kindOfCase("case-model", func(c *casemodel.Case) *casemodel.Model { return &c.Model }, tableOf("model")),
	kindOfCase("case-setting", func(c *casemodel.Case) *casemodel.Setting { return &c.Setting }, tableOf("setting")),
	many("identifier", func(c *casemodel.Case) *[]casemodel.Identifier { return &c.Identifiers }, identifier),
	extension("case-template", func(c *casemodel.Case) *string { return &c.Template }, in("canonical", words)),
	extensions("case-requires", func(c *casemodel.Case) *[]casemodel.Requirement { return &c.Requires }, in("code", coded[casemodel.Requirement](tableOf("requirement")))),
	extension("target-population", func(c *casemodel.Case) *casemodel.Concept { return &c.TargetPopulation }, inConcept),
	one("period", func(c *casemodel.Case) *casemodel.Period { return &c.Period }, period),
	many("statusHistory", func(c *casemodel.Case) *[]casemodel.PhaseSpan { return &c.History }, phaseSpan),
	extension("case-hold", func(c *casemodel.Case) **casemodel.Hold { return &c.Hold }, pointer(hold)),
	{readPatient, writePatient},
	one("careManager", func(c *casemodel.Case) *casemodel.Party { return &c.Manager }, party),
	one("managingOrganization", func(c *casemodel.Case) *casemodel.Party { return &c.ManagingOrganization }, party),
	named("team", func(c *casemodel.Case) *[]casemodel.Team { return &c.Teams }, func(t *casemodel.Team) *casemodel.Ref { return &t.ID }),
	named("referralRequest", func(c *casemodel.Case) *[]casemodel.Referral { return &c.Referrals }, func(r *casemodel.Referral) *casemodel.Ref { return &r.ID }),
	many("diagnosis", func(c *casemodel.Case) *[]casemodel.Diagnosis { return &c.Diagnoses }, diagnosis),
	many("account", func(c *casemodel.Case) *[]casemodel.Ref { return &c.Accounts }, ref),
	extensions("case-cadence", func(c *casemodel.Case) *[]casemodel.Cadence { return &c.Cadences }, cadence),
	extension("case-closure", func(c *casemodel.Case) **casemodel.Closure { return &c.Closure }, pointer(closure)),
	extension("case-cancellation", func(c *casemodel.Case) **casemodel.Cancellation { return &c.Cancellation }, pointer(cancellation)),
	extensions("case-transfer", func(c *casemodel.Case) *[]casemodel.Transfer { return &c.Transfers }, transfer),
	extensions("case-reopening", func(c *casemodel.Case) *[]casemodel.Reopening { return &c.Reopenings }, reopening),
	extension("next-due", func(c *casemodel.Case) **casemodel.Due { return &c.NextDue }, pointer(due)),
}

// EpisodeFromCase writes what a case keeps in its EpisodeOfCare over the
// stored one, nil for none. Only elements that the case owns change.
func EpisodeFromCase(c *casemodel.Case, stored *episodepb.EpisodeOfCare) (*episodepb.EpisodeOfCare, Losses) {
	m := writeEpisode(c, stored)
	var back casemodel.Case
	readEpisode(m, &back)
	mine := inEpisode(c)
	lost := missing("EpisodeOfCare", reflect.ValueOf(mine), reflect.ValueOf(inEpisode(&back)))
	return m, lost.of("EpisodeOfCare/" + c.ID)
}

// CaseFromEpisode reads the case that an EpisodeOfCare keeps. Teams and
// referrals are only named by it. One without Caseway's phase gives a case with
// an inferred phase, which isn't adopted.
func CaseFromEpisode(e *episodepb.EpisodeOfCare) (casemodel.Case, Losses) {
	return ApplyEpisode(casemodel.Case{}, e)
}

// ApplyEpisode lays a changed EpisodeOfCare onto a case. Extensions of
// Caseway's that it leaves out keep what the case has; a status that
// contradicts the phase moves it.
func ApplyEpisode(c casemodel.Case, e *episodepb.EpisodeOfCare) (casemodel.Case, Losses) {
	readEpisode(e, &c)
	alone := writeEpisode(&c, nil)
	lost := unsaid("EpisodeOfCare", e.ProtoReflect(), alone.ProtoReflect(), true)
	return c, lost.of("EpisodeOfCare/" + c.ID)
}

func readEpisode(e *episodepb.EpisodeOfCare, c *casemodel.Case) {
	for _, b := range episode {
		b.read(e.ProtoReflect(), c)
	}
}

func writeEpisode(c *casemodel.Case, stored *episodepb.EpisodeOfCare) *episodepb.EpisodeOfCare {
	m := &episodepb.EpisodeOfCare{}
	if stored != nil {
		m = proto.Clone(stored).(*episodepb.EpisodeOfCare)
	}
	for _, b := range episode {
		b.write(m.ProtoReflect(), c)
	}
	return m
}

// inEpisode is the part of a case that its EpisodeOfCare holds.
func inEpisode(c *casemodel.Case) casemodel.Case {
	mine := casemodel.Case{
		ID: c.ID, Identifiers: c.Identifiers, Adopted: c.Adopted, Phase: c.Phase, Queued: c.Queued,
		Model: c.Model, Setting: c.Setting, Template: c.Template, Requires: c.Requires, TargetPopulation: c.TargetPopulation,
		Period: c.Period, History: c.History, Hold: c.Hold, Manager: c.Manager,
		ManagingOrganization: c.ManagingOrganization, Diagnoses: c.Diagnoses, Accounts: c.Accounts,
		Cadences: c.Cadences, Closure: c.Closure, Cancellation: c.Cancellation, Transfers: c.Transfers,
		Reopenings: c.Reopenings, NextDue: c.NextDue,
	}
	mine.Client.ID, mine.Client.Identifier = c.Client.ID, c.Client.Identifier
	for i := range c.Teams {
		mine.Teams = append(mine.Teams, casemodel.Team{ID: c.Teams[i].ID})
	}
	for i := range c.Referrals {
		mine.Referrals = append(mine.Referrals, casemodel.Referral{ID: c.Referrals[i].ID})
	}
	return mine
}

func readCaseID(m protoreflect.Message, c *casemodel.Case) {
	c.ID = words.read(m.Get(field(m, "id")).Message())
}

func writeCaseID(m protoreflect.Message, c *casemodel.Case) {
	if c.ID != "" {
		words.write(m.Mutable(field(m, "id")).Message(), c.ID)
	}
}

func readPatient(m protoreflect.Message, c *casemodel.Case) {
	p := party.read(m.Get(field(m, "patient")).Message())
	if p.Ref != c.Client.ID || p.Ref == "" && p.Identifier != c.Client.Identifier {
		c.Client = casemodel.Client{ID: p.Ref, Name: p.Name}
	}
	c.Client.Identifier = p.Identifier
}

// writePatient leaves the client as they are named, as long as it is the same person.
func writePatient(m protoreflect.Message, c *casemodel.Case) {
	f := field(m, "patient")
	if have := party.read(m.Get(f).Message()); have.Ref != c.Client.ID || have.Identifier != c.Client.Identifier {
		p := c.Client.Party()
		p.Identifier = c.Client.Identifier
		party.write(m.Mutable(f).Message(), p)
	}
}

// named binds the references of a repeating element to the parts that they
// name: parts already known stay whole, new ones have nothing but their id.
func named[T any](element string, at func(*casemodel.Case) *[]T, id func(*T) *casemodel.Ref) binding[casemodel.Case] {
	return binding[casemodel.Case]{
		read: func(m protoreflect.Message, c *casemodel.Case) {
			var refs []casemodel.Ref
			refsOf[struct{}](element, &refs).read(m, nil)
			old := *at(c)
			*at(c) = nil
			for _, r := range refs {
				var part T
				*id(&part) = r
				for i := range old {
					if *id(&old[i]) == r {
						part = old[i]
					}
				}
				*at(c) = append(*at(c), part)
			}
		},
		write: func(m protoreflect.Message, c *casemodel.Case) {
			var refs []casemodel.Ref
			for i := range *at(c) {
				refs = append(refs, *id(&(*at(c))[i]))
			}
			refsOf[struct{}](element, &refs).write(m, nil)
		},
	}
}

func refsOf[C any](element string, refs *[]casemodel.Ref) binding[C] {
	return many(element, func(*C) *[]casemodel.Ref { return refs }, ref)
}
