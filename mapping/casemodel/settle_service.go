package casemodel

import "slices"

func settleTaken(w *acting, _ *Case) {
	for i := range w.c.Services {
		s := &w.c.Services[i]
		if s.Status == ServiceRequested && slices.ContainsFunc(s.Offers, func(o Offer) bool { return !o.Status.Done() }) {
			s.Status = ServiceOffered
		}
		o := s.winner()
		if o == nil || !(s.Status == ServiceOffered || s.Status == ServiceDeclined || s.Status == ServiceRequested) {
			continue
		}
		s.Status, s.Provider = ServiceAccepted, o.Provider
		for j := range s.Offers {
			if other := &s.Offers[j]; other.ID != o.ID && !other.Status.Done() && !other.Status.underWay() {
				other.Status, other.Reason = TaskCancelled, "another provider was taken"
			}
		}
	}
}

// winner gives the offer that is taken: accepted, and chosen by the client or
// the only one that is left to choose; nil for none yet.
func (s *Service) winner() *Offer {
	var accepted *Offer
	asked := 0
	for i := range s.Offers {
		o := &s.Offers[i]
		if o.Status.Done() && o.Status != TaskCompleted {
			continue
		}
		asked++
		if o.Status.underWay() {
			return o // it has begun, so it was taken
		}
		if o.Status.taken() && (o.Chosen || accepted == nil) && (accepted == nil || !accepted.Chosen) {
			accepted = o
		}
	}
	if accepted != nil && (accepted.Chosen || asked == 1) {
		return accepted
	}
	return nil
}

func settleDeclined(w *acting, _ *Case) {
	for i := range w.c.Services {
		s := &w.c.Services[i]
		if len(s.Offers) == 0 || !slices.Contains([]ServiceStatus{ServiceOffered, ServiceAccepted, ServiceScheduled}, s.Status) {
			continue
		}
		declined := false
		for _, o := range s.Offers {
			if !o.Status.Done() {
				declined = false
				break
			}
			declined = declined || o.Status == TaskRejected || o.Status == TaskFailed && s.Status == ServiceOffered
		}
		if declined {
			s.Status, s.Provider = ServiceDeclined, Party{}
		}
	}
}

func settleBegun(w *acting, before *Case) {
	for i := range w.c.Services {
		s := &w.c.Services[i]
		if s.Status != ServiceAccepted && s.Status != ServiceScheduled {
			continue
		}
		running := slices.ContainsFunc(s.Offers, func(o Offer) bool { return o.Status == TaskInProgress || o.Status == TaskCompleted })
		if running || w.keptNow(before, s.ID) {
			s.Status = ServiceInProgress
			if s.StartedAt == "" {
				s.StartedAt = At(w.step.At)
			}
			for j := range s.Offers {
				if o := &s.Offers[j]; o.Provider.Same(s.Provider) && (o.Status == TaskAccepted || o.Status == TaskReady) {
					o.Status = TaskInProgress
				}
			}
		}
	}
}

// keptNow says whether an appointment of a service was kept in this very step.
func (w *acting) keptNow(before *Case, service Ref) bool {
	return slices.ContainsFunc(w.c.Appointments, func(a Appointment) bool {
		old := find(before.Appointments, func(b *Appointment) bool { return b.ID == a.ID })
		return a.Status == AppointmentKept && slices.Contains(a.Services, service) && (old == nil || old.Status != a.Status)
	})
}

func settleScheduled(w *acting, _ *Case) {
	for i := range w.c.Services {
		s := &w.c.Services[i]
		if s.Status == ServiceAccepted && slices.ContainsFunc(w.c.Appointments, func(a Appointment) bool {
			return a.Status == AppointmentBooked && slices.Contains(a.Services, s.ID)
		}) {
			s.Status = ServiceScheduled
		}
	}
}

func settleServiceEnds(w *acting, _ *Case) {
	for i := range w.c.Services {
		s := &w.c.Services[i]
		for _, o := range s.Offers {
			switch {
			case o.Status == TaskCompleted && (s.Status == ServiceInProgress || s.Status == ServiceOnHold && s.Provider.Same(o.Provider)):
				s.Status, s.EndedAt = ServiceDelivered, At(w.step.At)
			case o.Status == TaskFailed && s.Provider.Same(o.Provider) && !s.Status.Done() && begunOrTaken(s.Status):
				s.Status, s.EndedAt, s.StatusReason = ServiceEnded, At(w.step.At), o.Reason
			}
		}
	}
}

func begunOrTaken(s ServiceStatus) bool {
	return s == ServiceAccepted || s == ServiceScheduled || s == ServiceInProgress || s == ServiceOnHold
}

func settleFirstService(w *acting, _ *Case) {
	if !slices.ContainsFunc(w.c.Services, func(s Service) bool { return begun(s.Status) }) {
		return
	}
	for i := range w.c.Tasks {
		if t := &w.c.Tasks[i]; t.Code.Is(ActivitySystem, FirstServiceCode) && !t.Status.Done() && t.Status != TaskDraft && t.Status != TaskOnHold {
			t.Status, t.ChangedAt = TaskCompleted, At(w.step.At)
		}
	}
}
