package mapping

import (
	"reflect"
	"slices"

	"caseway/mapping/casemodel"

	episodepb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/episode_of_care_go_proto"
	"google.golang.org/protobuf/proto"
)

// writing makes the resources of a case: what is to be written is found first,
// and becomes resources by finish.
type writing struct {
	f      frame
	stored map[casemodel.Ref]proto.Message
	sheets map[casemodel.Ref]sheet
	out    map[casemodel.Ref]proto.Message
	order  []casemodel.Ref
}

// newWriting finds what a case writes over stored resources, which may be nil.
func newWriting(c *casemodel.Case, stored map[casemodel.Ref]proto.Message) *writing {
	w := &writing{f: frameOf(c), stored: stored, sheets: map[casemodel.Ref]sheet{}, out: map[casemodel.Ref]proto.Message{}}
	w.all(c)
	return w
}

func byRef(resources []proto.Message) map[casemodel.Ref]proto.Message {
	all := make(map[casemodel.Ref]proto.Message, len(resources))
	for _, m := range resources {
		all[idOf(m)] = m
	}
	return all
}

// sheet is what one resource is written from.
type sheet struct {
	by    any // the pair; nil where part doesn't say all
	f     frame
	part  any
	write func() proto.Message
}

// same reports whether two sheets give the same resource.
func (s sheet) same(other sheet) bool {
	return s.by != nil && s.by == other.by && s.f == other.f && casemodel.Alike(reflect.ValueOf(s.part), reflect.ValueOf(other.part))
}

// add notes a sheet; one noted later for the same resource counts.
func (w *writing) add(id casemodel.Ref, s sheet) {
	if _, there := w.sheets[id]; !there {
		w.order = append(w.order, id)
	}
	w.sheets[id] = s
}

func (w *writing) finish() {
	for _, id := range w.order {
		w.out[id] = w.sheets[id].write()
	}
}

// put writes one part. A part that is nothing but its id stands for a resource
// that isn't at hand, and is left alone.
func put[C, E any, P interface {
	*E
	proto.Message
}](w *writing, p *pair[C, E, P], f frame, part C) {
	id := *p.id(&part)
	stored, known := w.stored[id].(P)
	if localID(id, p.typ) == "" || !known && onlyID(p, part) {
		return
	}
	w.add(id, sheet{by: p, f: f, part: part, write: func() proto.Message { return p.write(f, &part, stored) }})
}

func onlyID[C, E any, P interface {
	*E
	proto.Message
}](p *pair[C, E, P], part C) bool {
	*p.id(&part) = ""
	return zero(part)
}

func putAll[C, E any, P interface {
	*E
	proto.Message
}](w *writing, p *pair[C, E, P], f frame, parts []C) {
	for _, part := range parts {
		put(w, p, f, part)
	}
}

func (w *writing) all(c *casemodel.Case) {
	w.people(c)
	w.findings(c)
	w.work(c)
	w.payers(c)
	putAll(w, &files, w.f, c.Files)
	putAll(w, &notes, w.f, c.Notes)
	putAll(w, &consents, w.f, c.Consents)
}

func (w *writing) people(c *casemodel.Case) {
	if stored := w.stored[c.Client.ID]; stored != nil {
		w.add(c.Client.ID, sheet{write: func() proto.Message { return stored }}) // shown, not owned
	} else {
		put(w, &clients, w.f, c.Client)
	}
	if c.ID != "" {
		id := casemodel.Ref("EpisodeOfCare/" + c.ID)
		stored, _ := w.stored[id].(*episodepb.EpisodeOfCare)
		w.add(id, sheet{write: func() proto.Message { return writeEpisode(c, stored) }})
	}
	putAll(w, &relatives, w.f, c.Family)
	putAll(w, &networks, w.f, c.Networks)
	putAll(w, &referrals, w.f, c.Referrals)
	putAll(w, &teams, w.f, c.Teams)
	for _, t := range c.Teams {
		for _, m := range t.Members {
			if len(m.Certifications) > 0 { // none says nothing: the Practitioner may be known from elsewhere
				put(w, &practitioners, w.f, casemodel.Member{Party: casemodel.Party{Ref: m.Party.Ref}, Certifications: m.Certifications})
			}
		}
	}
}

func (w *writing) findings(c *casemodel.Case) {
	putAll(w, &problems, w.f, c.Problems)
	putAll(w, &strengths, w.f, c.Strengths)
	putAll(w, &barriers, w.f, c.Barriers)
	putAll(w, &risks, w.f, c.Risks)
	putAll(w, &assessments, w.f, c.Assessments)
	putAll(w, &goals, w.f, c.Goals)
	for _, o := range c.Outcomes {
		named := goalsNaming(c, o.ID)
		o.Goals = slices.DeleteFunc(slices.Clone(o.Goals), func(r casemodel.Ref) bool { return slices.Contains(named, r) })
		put(w, &outcomes, w.f, o)
	}
}

func (w *writing) work(c *casemodel.Case) {
	putAll(w, &plans, w.f, c.Plans)
	for _, p := range c.Plans {
		putAll(w, &approvals, w.f.ownedBy(p.ID), p.Approvals)
	}
	putAll(w, &services, w.f, c.Services)
	for _, s := range c.Services {
		putAll(w, &offers, w.f.ownedBy(s.ID), s.Offers)
	}
	putAll(w, &appointments, w.f, c.Appointments)
	for _, k := range c.Contacts {
		w.contact(k)
	}
	for _, t := range c.Tasks {
		put(w, pairOfTask(c, &t), w.f, t)
	}
}

// contact writes a contact as the resource that its id names, and the
// Encounter in which a planned one was held.
func (w *writing) contact(k casemodel.Contact) {
	planned := k
	if k.Held != "" && k.Held != k.ID {
		planned.Period = casemodel.Period{} // as the meeting says
	}
	planned.Held = ""
	switch k.ID.Type() {
	case "Appointment":
		put(w, &plannedVisits, w.f, planned)
	case "CommunicationRequest":
		put(w, &plannedCalls, w.f, planned)
	case "Encounter":
		put(w, &visits, w.f, planned)
	case "Communication":
		put(w, &messages, w.f, planned)
	}
	if k.Held != "" && k.Held != k.ID {
		put(w, &meetings, w.f.ownedBy(k.ID), k)
	}
}

func (w *writing) payers(c *casemodel.Case) {
	putAll(w, &reviews, w.f, c.Reviews)
	for _, r := range c.Reviews {
		putAll(w, &exchanges, w.f.ownedBy(r.ID), r.Exchanges)
	}
	putAll(w, &coverages, w.f, c.Coverages)
	for _, v := range c.Coverages {
		putAll(w, &eligibilities, w.f.ownedBy(v.ID), v.Eligibility)
	}
	for _, a := range c.Authorizations {
		put(w, &requests, w.f, asked(a))
		if a.Decision != "" {
			put(w, &decisions, w.f.ownedBy(a.ID), answered(a))
		}
		putAll(w, &appeals, w.f.ownedBy(a.ID), a.Appeals)
	}
	putAll(w, &agreements, w.f, c.Agreements)
	for _, a := range c.Agreements {
		putAll(w, &bills, w.f.ownedBy(a.ID), a.Bills)
	}
}
