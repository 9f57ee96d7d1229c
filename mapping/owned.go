package mapping

import (
	"slices"

	"caseway/mapping/casemodel"

	datatypes "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
	episodepb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/episode_of_care_go_proto"
	"google.golang.org/protobuf/proto"
)

// owned is what a version of an EpisodeOfCare lost of what Caseway keeps in
// elements that other systems write too, and which they leave out when they store
// a copy of their own: the model and setting among the types, the spans of phases
// in the status history, and the case manager whom an opened case must have.
type owned struct {
	types   []casemodel.Coding
	history []*episodepb.EpisodeOfCare_StatusHistory // the whole; nil where it is as it should be
	manager *datatypes.Reference
}

func (o owned) any() bool { return len(o.types) > 0 || o.history != nil || o.manager != nil }

func ownedBy(before, after *episodepb.EpisodeOfCare) (o owned) {
	for _, name := range []string{"case-model", "case-setting"} {
		was, there := typeOf(before, systemOf(name))
		if _, stays := typeOf(after, systemOf(name)); there && !stays {
			o.types = append(o.types, was)
		}
	}
	o.history = historyOf(before, after)
	phase, _, _ := phaseIn(before.ProtoReflect())
	if after.CareManager == nil && phase.Open() && phase != casemodel.PhaseReferred {
		o.manager = before.CareManager
	}
	return o
}

func (o owned) keep(e *episodepb.EpisodeOfCare) {
	for _, k := range o.types {
		cc := &datatypes.CodeableConcept{}
		concept.write(cc.ProtoReflect(), casemodel.Concept{Codings: []casemodel.Coding{k}})
		e.Type = append(e.Type, cc)
	}
	if o.history != nil {
		e.StatusHistory = o.history
	}
	if o.manager != nil {
		e.CareManager = proto.Clone(o.manager).(*datatypes.Reference)
	}
}

func typeOf(e *episodepb.EpisodeOfCare, system string) (casemodel.Coding, bool) {
	for _, t := range e.Type {
		for _, k := range concept.read(t.ProtoReflect()).Codings {
			if k.System == system {
				return k, true
			}
		}
	}
	return casemodel.Coding{}, false
}

type statusSpan = episodepb.EpisodeOfCare_StatusHistory

func isOwnSpan(h *statusSpan) bool { return findExtension(h.ProtoReflect(), phaseURL) != nil }

// historyOf gives the history that a version should have: what others wrote as
// they have it now, and behind it the spans of Caseway's, those that they left out
// too. It gives nil where none is left out and none of theirs came behind ours.
func historyOf(before, after *episodepb.EpisodeOfCare) []*statusSpan {
	var theirs, own, others, kept []*statusSpan
	for _, h := range before.StatusHistory {
		if isOwnSpan(h) {
			own = append(own, h)
		} else {
			others = append(others, h)
		}
	}
	for _, h := range after.StatusHistory {
		same := func(o *statusSpan) bool { return sameSpan(o, h) }
		switch at := slices.IndexFunc(others, same); {
		case isOwnSpan(h):
			kept = append(kept, h)
		case at >= 0:
			theirs, others = append(theirs, h), slices.Delete(others, at, at+1)
		case !slices.ContainsFunc(own, same): // else one of ours without its extension
			theirs = append(theirs, h)
		}
	}
	if len(own) == 0 {
		return nil
	}
	some := len(kept) > 0
	was, now := before.StatusHistory, after.StatusHistory
	lost := isOwnSpan(was[len(was)-1]) && (len(now) == 0 || !isOwnSpan(now[len(now)-1]))
	all := theirs
	for _, h := range own {
		at := slices.IndexFunc(kept, func(k *statusSpan) bool { return sameSpan(h, k) })
		switch {
		case at < 0 && some: // who has some of our spans has seen them, and leaves none out by chance
			return nil
		case at < 0:
			lost = true
			all = append(all, proto.Clone(h).(*statusSpan))
			continue
		}
		all = append(all, kept[at])
		kept = slices.Delete(kept, at, at+1)
	}
	all = append(all, kept...)
	if !lost {
		return nil
	}
	return all
}

// sameSpan reports whether two spans are one, by status and start: a client may
// have dropped the extension of the phase, or noted the end.
func sameSpan(a, b *statusSpan) bool {
	x, y := phaseSpan.read(a.ProtoReflect()), phaseSpan.read(b.ProtoReflect())
	return x.Start == y.Start && statusOf(x.Phase, x.Queued) == statusOf(y.Phase, y.Queued) && (x.Inferred || y.Inferred || x.Phase == y.Phase)
}
