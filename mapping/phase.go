package mapping

import (
	"slices"

	"caseway/fhir"
	"caseway/mapping/casemodel"
	"caseway/mapping/fhirproto"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

var phases = tableOf("phase")

// The statuses of EpisodeOfCare that a referred case has, queued or not.
const (
	statusPlanned  = "planned"
	statusWaitlist = "waitlist"
)

// phaseURL is the extension that keeps the phase. It makes a case adopted:
// rules bind only episodes that carry it.
var phaseURL = extensionURL("episode-phase")

// phaseIn reads a status with its phase. fits reports whether the extension is
// there and agrees with the status; one that doesn't counts for nothing, for
// somebody has moved the status.
func phaseIn(m protoreflect.Message) (phase casemodel.Phase, queued, fits bool) {
	status := words.read(m.Get(field(m, "status")).Message())
	queued = status == statusWaitlist
	if e := findExtension(m, phaseURL); e != nil {
		fine := inCode.read(e.ProtoReflect())
		if fine != "" && (phases.toFHIR[fine] == status || queued && phases.toFHIR[fine] == statusPlanned) {
			return casemodel.Phase(fine), queued, true
		}
	}
	return casemodel.Phase(phases.toCase[status]), queued, false
}

// StrangePhase reports whether an EpisodeOfCare has a phase that there isn't.
func StrangePhase(m proto.Message) bool {
	e := findExtension(m.ProtoReflect(), phaseURL)
	return e != nil && phases.toFHIR[inCode.read(e.ProtoReflect())] == ""
}

func readPhase(m protoreflect.Message, c *casemodel.Case) {
	phase, queued, fits := phaseIn(m)
	there := findExtension(m, phaseURL) != nil
	c.Queued = queued
	switch {
	case fits:
	case !there && c.Adopted && phases.toCase[phases.toFHIR[string(c.Phase)]] == string(phase):
		phase = c.Phase // the status says no more than before
	}
	c.Phase = phase
	c.Adopted = c.Adopted || there
}

// statusOf is the status of a phase.
func statusOf(phase casemodel.Phase, queued bool) string {
	status := phases.toFHIR[string(phase)]
	if status == statusPlanned && queued {
		return statusWaitlist
	}
	return status
}

func writePhase(m protoreflect.Message, c *casemodel.Case) {
	phase, queued, fits := phaseIn(m)
	if phase == c.Phase && queued == c.Queued && fits == c.Adopted {
		return
	}
	setStatus(m, statusOf(c.Phase, c.Queued))
	if !c.Adopted {
		removeExtensions(m, phaseURL)
		return
	}
	setPhase(m, c.Phase)
}

func setStatus(m protoreflect.Message, status string) {
	f := field(m, "status")
	switch {
	case status == "":
		m.Clear(f)
	case fhirproto.Text(m.Get(f).Message()) != status:
		fhirproto.SetText(m.Mutable(f).Message(), status)
	}
}

func setPhase(m protoreflect.Message, phase casemodel.Phase) {
	if e := findExtension(m, phaseURL); e != nil {
		inCode.write(e.ProtoReflect(), string(phase))
		return
	}
	e := newExtension(phaseURL)
	inCode.write(e.ProtoReflect(), string(phase))
	addExtension(m, e)
}

// phaseSpan is the codec of EpisodeOfCare.statusHistory.
var phaseSpan = object(
	binding[casemodel.PhaseSpan]{
		read: func(m protoreflect.Message, s *casemodel.PhaseSpan) {
			phase, queued, fits := phaseIn(m)
			s.Phase, s.Queued, s.Inferred = phase, queued, !fits
		},
		write: func(m protoreflect.Message, s *casemodel.PhaseSpan) {
			setStatus(m, statusOf(s.Phase, s.Queued))
			if s.Inferred {
				removeExtensions(m, phaseURL)
				return
			}
			setPhase(m, s.Phase)
		},
	},
	inside("period",
		one("start", func(s *casemodel.PhaseSpan) *casemodel.Date { return &s.Start }, date),
		one("end", func(s *casemodel.PhaseSpan) *casemodel.Date { return &s.End }, date),
	),
).about(func(a, b casemodel.PhaseSpan) bool { return a.Phase == b.Phase && a.Start == b.Start })

// systemOf is the canonical URL of a CodeSystem of Caseway's.
func systemOf(name string) string { return fhir.CanonicalBase + "/CodeSystem/" + name }

// kindOfCase binds a field to the coding of a system of Caseway's in
// EpisodeOfCare.type, beside whatever else stands there.
func kindOfCase[S ~string](name string, at func(*casemodel.Case) *S, t *table) binding[casemodel.Case] {
	system := systemOf(name)
	find := func(m protoreflect.Message) (at, coding int, code string) {
		list := m.Get(field(m, "type")).List()
		for i := range list.Len() {
			c := concept.read(list.Get(i).Message())
			for j, k := range c.Codings {
				if k.System == system {
					return i, j, k.Code
				}
			}
		}
		return -1, -1, ""
	}
	return binding[casemodel.Case]{
		read: func(m protoreflect.Message, c *casemodel.Case) {
			if _, _, code := find(m); code != "" {
				*at(c) = S(t.toCase[code])
			}
		},
		write: func(m protoreflect.Message, c *casemodel.Case) {
			i, j, code := find(m)
			want := t.toFHIR[string(*at(c))]
			if code == want {
				return
			}
			list := m.Mutable(field(m, "type")).List()
			if i < 0 {
				list.AppendMutable()
				i = list.Len() - 1
			}
			cc := concept.read(list.Get(i).Message())
			if j >= 0 {
				cc.Codings = slices.Delete(cc.Codings, j, j+1)
			}
			if want != "" {
				cc.Codings = append(cc.Codings, casemodel.Coding{System: system, Code: want, Display: displayOf(name, want)})
			}
			if zero(cc) {
				removeAt(list, i)
			} else {
				concept.write(list.Get(i).Message(), cc)
			}
			if list.Len() == 0 {
				m.Clear(field(m, "type"))
			}
		},
	}
}
