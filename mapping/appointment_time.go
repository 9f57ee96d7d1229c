package mapping

import (
	"time"

	"caseway/mapping/casemodel"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// said are the start and end of an appointment as somebody said them.
type said struct{ Start, End casemodel.Date }

var timesSaid = object(
	extension(".start", func(s *said) *casemodel.Date { return &s.Start }, inDate),
	extension(".end", func(s *said) *casemodel.Date { return &s.End }, inDate),
)

// saidURL is the extension with what was said, where FHIR wants more: both start and
// end, each an instant (invariants app-2 and app-3). The elements are then what
// follows from it, and count alone where they say something else.
var saidURL = extensionURL("appointment-times")

// appointmentTimes binds start and end together.
func appointmentTimes() binding[casemodel.Appointment] {
	return binding[casemodel.Appointment]{read: readTimes, write: writeTimes}
}

var (
	startElement = one("start", func(s *said) *casemodel.Date { return &s.Start }, date)
	endElement   = one("end", func(s *said) *casemodel.Date { return &s.End }, date)
)

func readTimes(m protoreflect.Message, a *casemodel.Appointment) {
	var elements said
	startElement.read(m, &elements)
	endElement.read(m, &elements)
	if e := findExtension(m, saidURL); e != nil {
		s := timesSaid.read(e.ProtoReflect())
		if elements == (said{}) || sameTimes(elements, s.full(a.Minutes)) {
			a.Start, a.End = s.Start, s.End
			return
		}
	}
	a.Start, a.End = elements.Start, elements.End
}

func writeTimes(m protoreflect.Message, a *casemodel.Appointment) {
	want := said{a.Start, a.End}
	have := *a
	readTimes(m, &have)
	_, whole := want.instants()
	fills := !whole && want.Start != "" && needsTimes(a.Status)
	if (said{have.Start, have.End}) == want && (whole || want == said{} || fills == m.Has(field(m, "start"))) {
		return
	}
	removeExtensions(m, saidURL)
	elements := said{}
	switch {
	case whole:
		elements = want
	case fills:
		elements = want.full(a.Minutes)
	}
	startElement.write(m, &elements)
	endElement.write(m, &elements)
	if want != (said{}) && !whole {
		e := newExtension(saidURL)
		timesSaid.write(e.ProtoReflect(), want)
		addExtension(m, e)
	}
}

// needsTimes reports whether FHIR wants start and end of an appointment (invariant
// app-3).
func needsTimes(s casemodel.AppointmentStatus) bool {
	switch s {
	case casemodel.AppointmentProposed, casemodel.AppointmentCancelled, casemodel.AppointmentWaitlisted, "":
		return false
	}
	return true
}

// instants reports whether both times are there and each is one instant.
func (s said) instants() (at [2]time.Time, ok bool) {
	for i, d := range []casemodel.Date{s.Start, s.End} {
		start, next, known := d.Span()
		if !known || !start.Equal(next) {
			return at, false
		}
		at[i] = start
	}
	return at, true
}

// full gives start and end as instants: the end after so many minutes where it isn't
// said, else where the start ends.
func (s said) full(minutes int) said {
	start, next, ok := s.Start.Span()
	if !ok {
		return said{}
	}
	end := lastOf(start, next)
	if from, to, ok := s.End.Span(); ok {
		end = lastOf(from, to)
	} else if minutes > 0 {
		end = start.Add(time.Duration(minutes) * time.Minute)
	}
	return said{casemodel.At(start), casemodel.At(end)}
}

// lastOf is the last second of a span, which is itself where it is an instant.
func lastOf(start, next time.Time) time.Time {
	if start.Equal(next) {
		return start
	}
	return next.Add(-time.Second)
}

func sameTimes(a, b said) bool {
	x, okX := a.instants()
	y, okY := b.instants()
	return okX && okY && x[0].Equal(y[0]) && x[1].Equal(y[1])
}
