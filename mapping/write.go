package mapping

import (
	"reflect"
	"slices"

	"caseway/fhir"
	"caseway/mapping/casemodel"
	"caseway/mapping/fhirproto"

	episodepb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/episode_of_care_go_proto"
	"google.golang.org/protobuf/proto"
)

// Write is a resource that a case makes or changes.
type Write struct {
	Key      fhir.Key
	Resource proto.Message
	// Stored is what the case was assembled from; nil for a new resource, which
	// must not exist yet.
	Stored proto.Message
}

// JSON is the resource as JSON.
func (w Write) JSON() []byte { return fhirproto.Encode(w.Resource) }

// Decode gives the proto of a stored resource. It fails with
// fhirproto.ErrNoProto for a type that no part of a case is kept as.
func Decode(t *fhir.Tree) (proto.Message, error) { return fhirproto.Decode(t) }

// Assemble puts a case together from the resources that belong to it, in any
// order: the EpisodeOfCare, all that carries the case's tag, the Patient, and
// of the directory what certifies and affiliates the team. It reports what
// they say and the case doesn't.
//
// Lists are in the order of ids, but for plans (by version) and what answers
// something (approvals, exchanges, appeals, eligibility: the latest last).
func Assemble(resources []proto.Message) (casemodel.Case, Losses) {
	c := gather(resources)
	w := writing{f: frameOf(&c), stored: nil, out: map[casemodel.Ref]proto.Message{}}
	w.all(&c)
	var lost Losses
	for _, m := range resources {
		r, id := m.ProtoReflect(), idOf(m)
		typ := string(r.Descriptor().Name())
		alone := w.out[id]
		if alone == nil || alone.ProtoReflect().Descriptor() != r.Descriptor() {
			lost = append(lost, Loss{Part: string(id), Path: typ, Kind: typ, Reason: reasonFor(typ, noPlace)})
			continue
		}
		lost = append(lost, unsaid(typ, r, alone.ProtoReflect(), true).of(string(id))...)
	}
	return c, lost.sorted()
}

// AssembleOnly is Assemble without the loss report, at half the cost.
func AssembleOnly(resources []proto.Message) casemodel.Case { return gather(resources) }

// Resources gives the resources that a case makes new or changes, over those
// that it was assembled from, in the order in which they can be written one by
// one. What doesn't change isn't there; what the case no longer has stays as it
// is. It reports what of the case wouldn't come back.
func Resources(c *casemodel.Case, stored []proto.Message) ([]Write, Losses) {
	w := writing{f: frameOf(c), stored: map[casemodel.Ref]proto.Message{}, out: map[casemodel.Ref]proto.Message{}}
	for _, m := range stored {
		w.stored[idOf(m)] = m
	}
	w.all(c)
	var writes []Write
	for _, id := range w.order {
		m, old := w.out[id], w.stored[id]
		if old != nil && proto.Equal(m, old) {
			continue
		}
		typ := string(m.ProtoReflect().Descriptor().Name())
		writes = append(writes, Write{fhir.Key{Type: typ, ID: localID(id, typ)}, m, old})
	}
	return writes, w.lost(c, stored)
}

// lost reads the case back from what would be stored.
func (w *writing) lost(c *casemodel.Case, stored []proto.Message) Losses {
	after := make([]proto.Message, 0, len(w.out)+len(stored))
	for _, m := range stored {
		if w.out[idOf(m)] == nil {
			after = append(after, m)
		}
	}
	for _, id := range w.order {
		after = append(after, w.out[id])
	}
	back := gather(after)
	mine := c.Clone()
	order(&mine)
	order(&back)
	return missing("case", reflect.ValueOf(mine), reflect.ValueOf(back)).sorted()
}

// order brings the lists of parts into the order that Assemble gives them.
func order(c *casemodel.Case) {
	byID(c.Family, func(p *casemodel.Relative) casemodel.Ref { return p.ID })
	byID(c.Networks, func(p *casemodel.Network) casemodel.Ref { return p.ID })
	byID(c.Problems, func(p *casemodel.Problem) casemodel.Ref { return p.ID })
	byID(c.Strengths, func(p *casemodel.Strength) casemodel.Ref { return p.ID })
	byID(c.Barriers, func(p *casemodel.Barrier) casemodel.Ref { return p.ID })
	byID(c.Risks, func(p *casemodel.Risk) casemodel.Ref { return p.ID })
	byID(c.Assessments, func(p *casemodel.Assessment) casemodel.Ref { return p.ID })
	byID(c.Goals, func(p *casemodel.Goal) casemodel.Ref { return p.ID })
	byID(c.Outcomes, func(p *casemodel.Outcome) casemodel.Ref { return p.ID })
	byID(c.Plans, func(p *casemodel.Plan) casemodel.Ref { return p.ID })
	for i := range c.Plans {
		byID(c.Plans[i].Approvals, func(p *casemodel.Approval) casemodel.Ref { return p.ID })
	}
	byID(c.Services, func(p *casemodel.Service) casemodel.Ref { return p.ID })
	for i := range c.Services {
		byID(c.Services[i].Offers, func(p *casemodel.Offer) casemodel.Ref { return p.ID })
	}
	byID(c.Appointments, func(p *casemodel.Appointment) casemodel.Ref { return p.ID })
	byID(c.Contacts, func(p *casemodel.Contact) casemodel.Ref { return p.ID })
	byID(c.Tasks, func(p *casemodel.Task) casemodel.Ref { return p.ID })
	byID(c.Reviews, func(p *casemodel.UtilizationReview) casemodel.Ref { return p.ID })
	for i := range c.Reviews {
		byID(c.Reviews[i].Exchanges, func(p *casemodel.Exchange) casemodel.Ref { return p.ID })
	}
	byID(c.Coverages, func(p *casemodel.Coverage) casemodel.Ref { return p.ID })
	for i := range c.Coverages {
		byID(c.Coverages[i].Eligibility, func(p *casemodel.Eligibility) casemodel.Ref { return p.ID })
	}
	byID(c.Authorizations, func(p *casemodel.Authorization) casemodel.Ref { return p.ID })
	for i := range c.Authorizations {
		byID(c.Authorizations[i].Appeals, func(p *casemodel.Appeal) casemodel.Ref { return p.ID })
	}
	byID(c.Agreements, func(p *casemodel.CostAgreement) casemodel.Ref { return p.ID })
	for i := range c.Agreements {
		byID(c.Agreements[i].Bills, func(p *casemodel.Bill) casemodel.Ref { return p.ID })
	}
	byID(c.Files, func(p *casemodel.File) casemodel.Ref { return p.ID })
	byID(c.Notes, func(p *casemodel.Note) casemodel.Ref { return p.ID })
	byID(c.Consents, func(p *casemodel.Consent) casemodel.Ref { return p.ID })
}

func byID[T any](all []T, id func(*T) casemodel.Ref) {
	slices.SortStableFunc(all, func(a, b T) int {
		switch x, y := id(&a), id(&b); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
}

// writing makes the resources of a case.
type writing struct {
	f      frame
	stored map[casemodel.Ref]proto.Message
	out    map[casemodel.Ref]proto.Message
	order  []casemodel.Ref
}

func (w *writing) add(id casemodel.Ref, m proto.Message) {
	if w.out[id] == nil {
		w.order = append(w.order, id)
	}
	w.out[id] = m
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
	w.add(id, p.write(f, &part, stored))
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
		w.add(c.Client.ID, stored) // shown, not owned
	} else {
		put(w, &clients, w.f, c.Client)
	}
	if c.ID != "" {
		id := casemodel.Ref("EpisodeOfCare/" + c.ID)
		stored, _ := w.stored[id].(*episodepb.EpisodeOfCare)
		w.add(id, writeEpisode(c, stored))
	}
	putAll(w, &relatives, w.f, c.Family)
	putAll(w, &networks, w.f, c.Networks)
	putAll(w, &referrals, w.f, c.Referrals)
	putAll(w, &teams, w.f, c.Teams)
	for _, t := range c.Teams {
		for _, m := range t.Members {
			if len(m.Certifications) > 0 || w.stored[m.Party.Ref] != nil {
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
	putAll(w, &tasks, w.f, c.Tasks)
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
