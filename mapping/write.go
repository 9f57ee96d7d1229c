package mapping

import (
	"reflect"
	"slices"

	"caseway/fhir"
	"caseway/mapping/casemodel"
	"caseway/mapping/fhirproto"

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
	w := newWriting(&c, nil)
	w.finish()
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
	w := newWriting(c, byRef(stored))
	w.finish()
	var writes []Write
	for _, id := range w.order {
		m, old := w.out[id], w.stored[id]
		if old != nil && proto.Equal(m, old) {
			continue
		}
		writes = append(writes, newWrite(id, m, old))
	}
	return writes, w.lost(c, stored)
}

// Following gives the resources that a case makes new or changes beyond what an
// earlier state of it would, both over the same stored resources: what Resources
// gives for the later state, less what it gives alike for the earlier one. It
// costs what differs between the two.
func Following(earlier, later *casemodel.Case, stored []proto.Message) []Write {
	known := byRef(stored)
	before, after := newWriting(earlier, known), newWriting(later, known)
	var writes []Write
	for _, id := range after.order {
		s, old := after.sheets[id], known[id]
		was, there := before.sheets[id]
		if there && s.same(was) {
			continue
		}
		m := s.write()
		if old != nil && proto.Equal(m, old) || there && proto.Equal(m, was.write()) {
			continue
		}
		writes = append(writes, newWrite(id, m, old))
	}
	return writes
}

func newWrite(id casemodel.Ref, m, stored proto.Message) Write {
	typ := string(m.ProtoReflect().Descriptor().Name())
	return Write{fhir.Key{Type: typ, ID: localID(id, typ)}, m, stored}
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
