package mapping

import (
	"strings"
	"time"

	"caseway/mapping/casemodel"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// performer marks whoever holds a contact among those who take part.
var performer = casemodel.Concept{Codings: []casemodel.Coding{{
	System: "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", Code: "PPRF", Display: "primary performer",
}}}

func isPerformer(roles []casemodel.Concept) bool {
	for _, r := range roles {
		if codeOf(r, performer.Codings[0].System) == performer.Codings[0].Code {
			return true
		}
	}
	return false
}

func attendees(all *[]casemodel.Attendee) binding[casemodel.Contact] {
	return many("participant", func(*casemodel.Contact) *[]casemodel.Attendee { return all }, attendee)
}

// readAttended reads who takes part in a planned visit.
func readAttended(m protoreflect.Message, c *casemodel.Contact) {
	var all []casemodel.Attendee
	attendees(&all).read(m, c)
	c.With, c.By = nil, casemodel.Party{}
	for _, a := range all {
		if isPerformer(a.Roles) && c.By.IsZero() {
			c.By = a.Party
		} else {
			c.With = append(c.With, a.Party)
		}
	}
}

func writeAttended(m protoreflect.Message, c *casemodel.Contact) {
	var have casemodel.Contact
	if readAttended(m, &have); same(have.With, c.With) && have.By == c.By {
		return
	}
	var all []casemodel.Attendee
	for _, p := range c.With {
		all = append(all, casemodel.Attendee{Party: p, Status: "accepted"})
	}
	if !c.By.IsZero() {
		all = append(all, casemodel.Attendee{Party: c.By, Roles: []casemodel.Concept{performer}, Status: "accepted"})
	}
	attendees(&all).write(m, c)
}

// writeVisitTimes gives a visit that was kept or missed the start and end that
// FHIR demands of it (invariant app-3). The contact's own times stand in its
// extensions and in its Encounter.
func writeVisitTimes(m protoreflect.Message, c *casemodel.Contact) {
	switch c.Status {
	case casemodel.ContactPlanned, casemodel.ContactCancelled, casemodel.ContactUnknown, "":
		return
	}
	from, to := c.Period.Start, c.Period.End
	if from == "" {
		from = c.Due
	}
	start, end, ok := from.Span()
	if !ok {
		return
	}
	if to != "" {
		if last, after, ok := to.Span(); ok && last.Equal(after) {
			end = last
		} else if ok {
			end = after.Add(-time.Second)
		}
	} else if !start.Equal(end) {
		end = end.Add(-time.Second)
	}
	for name, at := range map[string]time.Time{"start": start, "end": end} {
		if f := field(m, name); !m.Has(f) {
			date.write(m.Mutable(f).Message(), casemodel.At(at))
		}
	}
}

// participant is one of an Encounter: who held the contact.
type participant struct {
	Party casemodel.Party
	Types []casemodel.Concept
}

var participation = object(
	one("individual", func(p *participant) *casemodel.Party { return &p.Party }, party),
	many("type", func(p *participant) *[]casemodel.Concept { return &p.Types }, concept),
).about(func(a, b participant) bool { return a.Party.Same(b.Party) })

func participants(all *[]participant) binding[casemodel.Contact] {
	return many("participant", func(*casemodel.Contact) *[]participant { return all }, participation)
}

// visitorAt is where the performer stands among the participants: the one who
// is marked, else the first.
func visitorAt(all []participant) int {
	for i, p := range all {
		if isPerformer(p.Types) {
			return i
		}
	}
	if len(all) > 0 {
		return 0
	}
	return -1
}

func readVisitor(m protoreflect.Message, c *casemodel.Contact) {
	var all []participant
	participants(&all).read(m, c)
	c.By = casemodel.Party{}
	if at := visitorAt(all); at >= 0 {
		c.By = all[at].Party
	}
}

func writeVisitor(m protoreflect.Message, c *casemodel.Contact) {
	var all []participant
	participants(&all).read(m, c)
	at := visitorAt(all)
	switch {
	case at >= 0 && all[at].Party == c.By, at < 0 && c.By.IsZero():
		return
	case c.By.IsZero():
		all = append(all[:at], all[at+1:]...)
	case at >= 0:
		all[at].Party = c.By
	default:
		all = append(all, participant{c.By, []casemodel.Concept{performer}})
	}
	participants(&all).write(m, c)
}

// contactURL is the extension by which an Encounter names the
// CommunicationRequest that planned it; an Appointment has an element.
var contactURL = extensionURL("planned-contact")

func readPlanned(m protoreflect.Message, f *frame) {
	var refs []casemodel.Ref
	refsOf[frame]("appointment", &refs).read(m, f)
	if len(refs) > 0 {
		f.owner = refs[0]
	} else if e := findExtension(m, contactURL); e != nil {
		f.owner = inRef.read(e.ProtoReflect())
	}
}

func writePlanned(m protoreflect.Message, f *frame) {
	var have frame
	if readPlanned(m, &have); have.owner == f.owner {
		return
	}
	if strings.HasPrefix(string(f.owner), "Appointment/") {
		refs := []casemodel.Ref{f.owner}
		refsOf[frame]("appointment", &refs).write(m, f)
		return
	}
	removeExtensions(m, contactURL)
	e := newExtension(contactURL)
	inRef.write(e.ProtoReflect(), f.owner)
	addExtension(m, e)
}

// readSent reads when a message went: sent where that is all that is known.
func readSent(m protoreflect.Message, c *casemodel.Contact) {
	c.Period = casemodel.Period{Start: date.read(m.Get(field(m, "sent")).Message())}
	if e := findExtension(m, extensionURL("contact-period")); e != nil {
		c.Period = inPeriod.read(e.ProtoReflect())
	}
}

func writeSent(m protoreflect.Message, c *casemodel.Contact) {
	var have casemodel.Contact
	if readSent(m, &have); have.Period == c.Period {
		return
	}
	one("sent", func(p *casemodel.Period) *casemodel.Date { return &p.Start }, date).write(m, &c.Period)
	long := c.Period
	if long.End == "" {
		long = casemodel.Period{}
	}
	extension("contact-period", func(p *casemodel.Period) *casemodel.Period { return p }, inPeriod).write(m, &long)
}
