package cases_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"caseway/mapping/casemodel"
)

// stage is a server with cases at the points of their course that illegal steps
// are tried from. Each is made when it is first wanted, and stays as it is, for
// what is refused changes nothing.
type stage struct {
	*api
	made map[string]*course
}

var (
	rehab = casemodel.Party{Ref: "Organization/rehab"}
	cm    = casemodel.RoleCaseManager
)

// newStage stores who takes part: the network of the second insurer has one
// provider.
func newStage(a *api) *stage {
	a.directory()
	a.put("Organization/rehab", `{"resourceType":"Organization","id":"rehab","name":"rehab"}`)
	a.put("Organization/fund", `{"resourceType":"Organization","id":"fund","name":"fund"}`)
	a.put("OrganizationAffiliation/rehab", `{"resourceType":"OrganizationAffiliation","id":"rehab","active":true,`+
		`"organization":{"reference":"Organization/fund"},"participatingOrganization":{"reference":"Organization/rehab"}}`)
	a.put("Coverage/v2", `{"resourceType":"Coverage","id":"v2","status":"active","beneficiary":{"reference":"Patient/p1"},"payor":[{"reference":"Organization/fund"}]}`)
	return &stage{a, map[string]*course{}}
}

// scene gives the case at a point of its course.
func (s *stage) scene(name string) *course {
	s.t.Helper()
	if s.made[name] == nil {
		build := scenes[name]
		if build == nil {
			s.t.Fatalf("there is no scene %q", name)
		}
		s.made[name] = build(s)
	}
	return s.made[name]
}

// on gives a case to the test of a row, as it is now: the policy that all cases
// share gets a version with each.
func (k *course) on(t *testing.T) *course {
	now := &course{api: &api{t: t, url: k.url}, path: k.path}
	got := now.do("GET", now.path+"?view=whole", "")
	now.c, now.etag = now.view(got, http.StatusOK).Case, got.header.Get("ETag")
	return now
}

// begin makes a case by refer or open.
func (s *stage) begin(action string, argument any, bring ...string) *course {
	s.t.Helper()
	got := s.do("POST", "/cases", text(object{
		"action": action, "client": "Patient/p1", "bring": append([]string{}, bring...), "role": cm, "by": manager, "argument": argument,
	}))
	v := s.view(got, http.StatusCreated)
	return &course{api: s.api, path: "/cases/" + v.Case.ID, etag: got.header.Get("ETag"), c: v.Case}
}

func (s *stage) opened(m casemodel.Model, where casemodel.Setting) *course {
	s.t.Helper()
	return s.begin("open", casemodel.Opening{
		Model: m, Setting: where, Manager: manager, TargetPopulation: casemodel.Words("chronic mental illness"),
	}, "Coverage/v1")
}

func (s *stage) clinical() *course {
	return s.opened(casemodel.ModelClinical, casemodel.SettingAcuteHospital)
}

func (k *course) assessed() *course {
	k.t.Helper()
	k.must("assess", cm, manager, casemodel.Assessing{
		Assessment: casemodel.Assessment{Status: casemodel.AssessmentCompleted, Needs: []casemodel.Need{{Text: "to walk"}}},
		Problems:   []casemodel.Problem{{Code: casemodel.Words("fracture of femur"), Clinical: "active", Categories: problemList}},
		Strengths:  []casemodel.Strength{{Source: casemodel.StrengthFamily, Text: "a sister nearby"}},
	})
	return k
}

// drafted plans one goal and so many services.
func (k *course) drafted(services int) *course {
	k.t.Helper()
	p := casemodel.Planning{
		Plan: casemodel.Plan{Title: "After the accident", Participants: []casemodel.Party{client}},
		Goals: []casemodel.Goal{{
			Description: casemodel.Words("to walk"), ClientWords: "I want to walk", NoStrength: true,
			Targets: []casemodel.Target{{Measure: casemodel.Words("steps"), Due: "2030-01-01"}},
		}},
	}
	for i := range services {
		p.Services = append(p.Services, casemodel.Service{
			Code: casemodel.Words("therapy " + strconv.Itoa(i+1)), Ordered: &casemodel.Quantity{Value: "3", Unit: "visits"},
		})
	}
	k.must("plan", cm, manager, p)
	return k
}

func (k *course) submitted() *course {
	k.t.Helper()
	k.must("submit", cm, manager, casemodel.Submission{Approver: physician})
	return k
}

func (k *course) approved() *course {
	k.t.Helper()
	k.must("approve", casemodel.RolePhysician, physician, nil)
	return k
}

// active gives a case whose plan with so many services is in force.
func (s *stage) active(services int) *course {
	s.t.Helper()
	return s.clinical().assessed().drafted(services).submitted().approved()
}

func (k *course) offered(providers ...casemodel.Party) *course {
	k.t.Helper()
	var asked []casemodel.Asked
	for _, p := range providers {
		asked = append(asked, casemodel.Asked{Provider: p})
	}
	k.must("offer", cm, manager, casemodel.Offering{Service: k.c.Services[0].ID, Providers: asked})
	return k
}

func (k *course) accepted() *course {
	k.t.Helper()
	x := k.c.Services[0]
	k.must("accept", casemodel.RoleProvider, x.Offers[0].Provider, casemodel.Answering{Service: x.ID, Offer: x.Offers[0].ID})
	return k
}

func (k *course) delivers(to casemodel.ServiceStatus) *course {
	k.t.Helper()
	x := k.c.Services[0]
	k.must("deliver", casemodel.RoleProvider, x.Provider, casemodel.Delivering{Service: x.ID, Status: to})
	return k
}

func (k *course) asked() *course {
	k.t.Helper()
	k.must("request-authorization", cm, manager, casemodel.Authorization{Service: k.c.Services[0].ID, Necessity: "to walk"})
	return k
}

func (k *course) ruled(status casemodel.AuthorizationStatus) *course {
	k.t.Helper()
	k.must("decide", casemodel.RolePayer, insurer, casemodel.Ruling{
		Authorization: k.c.Authorizations[0].ID, Status: status, Reason: casemodel.Words("not covered"),
	})
	return k
}

func (k *course) appealed() *course {
	k.t.Helper()
	k.must("appeal", cm, manager, casemodel.Appealing{Authorization: k.c.Authorizations[0].ID}, "it is needed")
	return k
}

// negotiated puts forward who pays which share of a service's price; the client
// agrees to the rounds of kind agreement.
func (k *course) negotiated(deal int, kind casemodel.RoundKind) *course {
	k.t.Helper()
	n := casemodel.Negotiation{Service: k.c.Services[0].ID, Provider: pharmacy, Round: round(kind, 250000)}
	role, by := casemodel.RoleProvider, pharmacy
	if kind != casemodel.RoundOffer {
		n.Agreement, role, by = k.c.Agreements[deal].ID, casemodel.RoleClient, client
	}
	k.must("negotiate", role, by, n)
	return k
}

func (k *course) closed() *course {
	k.t.Helper()
	k.must("close", cm, manager, casemodel.Closure{Reason: casemodel.ClosureReason("moved"), Summary: "moved away"})
	return k
}

func (k *course) takes(action string, argument any, reason ...string) *course {
	k.t.Helper()
	k.must(action, cm, manager, argument, reason...)
	return k
}

func inDays(n int) casemodel.Date { return casemodel.At(time.Now().AddDate(0, 0, n)) }

// foreign gives a case that somebody else wrote and rules don't bind.
func (s *stage) foreign() *course {
	s.t.Helper()
	s.put("EpisodeOfCare/foreign", `{"resourceType":"EpisodeOfCare","id":"foreign","status":"active","patient":{"reference":"Patient/p1"}}`)
	k := &course{api: s.api, path: "/cases/foreign"}
	got := k.do("GET", k.path+"?view=whole", "")
	k.c, k.etag = k.view(got, http.StatusOK).Case, got.header.Get("ETag")
	return k
}

var scenes = map[string]func(s *stage) *course{
	"foreign": (*stage).foreign,
	"referred": func(s *stage) *course {
		return s.begin("refer", casemodel.Referring{Referral: casemodel.Referral{From: manager}})
	},
	"opened": (*stage).clinical,
	"strengths": func(s *stage) *course {
		return s.opened(casemodel.ModelStrengthsBased, casemodel.SettingCommunity)
	},
	"targeted":  func(s *stage) *course { return s.opened(casemodel.ModelTargeted, casemodel.SettingCommunity) },
	"intensive": func(s *stage) *course { return s.opened(casemodel.ModelIntensive, casemodel.SettingCommunity) },
	"assessing": func(s *stage) *course {
		return s.clinical().takes("assess", casemodel.Assessing{Assessment: casemodel.Assessment{Status: casemodel.AssessmentDraft}})
	},
	"assessed": func(s *stage) *course { return s.clinical().assessed() },
	"planning": func(s *stage) *course { return s.clinical().assessed().drafted(1) },
	"empty":    func(s *stage) *course { return s.clinical().assessed().takes("plan", casemodel.Planning{}) },
	"unmeasured": func(s *stage) *course {
		return s.clinical().assessed().takes("plan", casemodel.Planning{
			Plan:     casemodel.Plan{Participants: []casemodel.Party{client}},
			Goals:    []casemodel.Goal{{Description: casemodel.Words("to walk")}},
			Services: []casemodel.Service{{Code: casemodel.Words("therapy")}},
		})
	},
	"wanting": func(s *stage) *course {
		return s.opened(casemodel.ModelStrengthsBased, casemodel.SettingCommunity).assessed().takes("plan", casemodel.Planning{
			Plan: casemodel.Plan{Participants: []casemodel.Party{client}},
			Goals: []casemodel.Goal{
				{Description: casemodel.Words("to walk"), Targets: []casemodel.Target{{Due: "2030-01-01"}}},
				{
					Description: casemodel.Words("to sleep"), ClientWords: "I want to sleep", NoStrength: true,
					Targets: []casemodel.Target{{Due: "2030-01-01"}}, BuildsOn: []casemodel.Ref{"Observation/none"},
				},
			},
			Services: []casemodel.Service{{Code: casemodel.Words("therapy")}},
		})
	},
	"awaiting":    func(s *stage) *course { return s.clinical().assessed().drafted(1).submitted() },
	"active":      func(s *stage) *course { return s.active(1) },
	"pair":        func(s *stage) *course { return s.active(2) },
	"monitoring":  func(s *stage) *course { return s.active(1).takes("monitor", nil) },
	"revised":     func(s *stage) *course { return s.active(1).takes("revise", casemodel.Planning{}, "a fall") },
	"resubmitted": func(s *stage) *course { return s.active(1).takes("revise", casemodel.Planning{}, "a fall").submitted() },
	"returned": func(s *stage) *course {
		k := s.clinical().assessed().drafted(1).submitted()
		k.must("return", casemodel.RolePhysician, physician, nil, "say how often")
		return k
	},
	"offered":   func(s *stage) *course { return s.active(1).offered(agency) },
	"contested": func(s *stage) *course { return s.active(1).offered(agency, rehab) },
	"halfway":   func(s *stage) *course { return s.active(1).offered(agency, rehab).accepted() },
	"taken":     func(s *stage) *course { return s.active(1).offered(agency).accepted() },
	"begun": func(s *stage) *course {
		return s.active(1).offered(agency).accepted().delivers(casemodel.ServiceInProgress)
	},
	"delivered": func(s *stage) *course {
		return s.active(1).offered(agency).accepted().delivers(casemodel.ServiceInProgress).delivers(casemodel.ServiceDelivered)
	},
	"declined": func(s *stage) *course {
		k := s.active(1).offered(agency)
		x := k.c.Services[0]
		k.must("decline", casemodel.RoleProvider, agency, casemodel.Answering{Service: x.ID, Offer: x.Offers[0].ID}, "full")
		return k
	},
	"network": func(s *stage) *course {
		return s.begin("open", casemodel.Opening{
			Model: casemodel.ModelClinical, Setting: casemodel.SettingAcuteHospital, Manager: manager,
		}, "Coverage/v2").assessed().drafted(1).submitted().approved()
	},
	"asked":    func(s *stage) *course { return s.active(1).asked() },
	"pended":   func(s *stage) *course { return s.active(1).asked().ruled(casemodel.AuthorizationPended) },
	"granted":  func(s *stage) *course { return s.active(1).asked().ruled(casemodel.AuthorizationApproved) },
	"denied":   func(s *stage) *course { return s.active(1).asked().ruled(casemodel.AuthorizationDenied) },
	"appealed": func(s *stage) *course { return s.active(1).asked().ruled(casemodel.AuthorizationDenied).appealed() },
	"barred": func(s *stage) *course {
		return s.active(1).offered(agency).accepted().asked()
	},
	"priced": func(s *stage) *course { return s.active(1).negotiated(0, casemodel.RoundOffer) },
	"agreed": func(s *stage) *course {
		return s.active(1).negotiated(0, casemodel.RoundOffer).negotiated(0, casemodel.RoundAgreement)
	},
	"again": func(s *stage) *course {
		return s.active(1).negotiated(0, casemodel.RoundOffer).negotiated(0, casemodel.RoundAgreement).negotiated(1, casemodel.RoundOffer)
	},
	"booked": func(s *stage) *course {
		k := s.active(1).offered(agency).accepted()
		return k.takes("schedule", casemodel.Appointment{Services: []casemodel.Ref{k.c.Services[0].ID}, Start: inDays(3), End: inDays(4)})
	},
	"kept": func(s *stage) *course {
		k := s.active(1).offered(agency).accepted()
		k.takes("schedule", casemodel.Appointment{Services: []casemodel.Ref{k.c.Services[0].ID}, Start: inDays(3), End: inDays(4)})
		x := k.c.Appointments[0]
		x.Status, x.Start, x.End = casemodel.AppointmentKept, inDays(-2), inDays(-1)
		return k.takes("schedule", x)
	},
	"meeting": func(s *stage) *course {
		return s.active(1).takes("record-contact", casemodel.Contact{
			Status: casemodel.ContactPlanned, Kind: casemodel.ContactVideo, Due: casemodel.Day(time.Now().AddDate(0, 0, 3)),
		})
	},
	"met": func(s *stage) *course {
		return s.active(1).takes("record-contact", casemodel.Contact{Kind: casemodel.ContactTelephone, Learned: "sleeps badly"})
	},
	"busy": func(s *stage) *course {
		return s.active(1).takes("work", casemodel.Task{Text: "call the pharmacy", Due: "2030-01-01", Owner: manager})
	},
	"done": func(s *stage) *course {
		k := s.active(1).takes("work", casemodel.Task{Text: "call the pharmacy", Owner: manager})
		for _, x := range k.c.Tasks {
			if x.Text == "call the pharmacy" {
				x.Status = casemodel.TaskCompleted
				k.takes("work", x)
			}
		}
		return k
	},
	"reviewed": func(s *stage) *course {
		return s.active(1).takes("review", casemodel.Reviewing{
			Exchange: casemodel.Exchange{Kind: casemodel.ExchangeUpdate, Text: "walks ten steps", NextReview: casemodel.Day(time.Now().AddDate(0, 0, 3))},
		})
	},
	"settled": func(s *stage) *course {
		k := s.active(1).takes("review", casemodel.Reviewing{
			Exchange: casemodel.Exchange{Kind: casemodel.ExchangeUpdate, Text: "walks ten steps", NextReview: casemodel.Day(time.Now().AddDate(0, 0, 3))},
		})
		return k.takes("review", casemodel.Reviewing{
			Review: k.c.Reviews[len(k.c.Reviews)-1].ID, Exchange: casemodel.Exchange{Kind: casemodel.ExchangeUpdate, Text: "walks well"}, Close: true,
		})
	},
	"measured": func(s *stage) *course {
		k := s.active(1)
		return k.takes("record-outcome", casemodel.Measuring{
			Outcome: casemodel.Outcome{Goals: []casemodel.Ref{k.c.Goals[0].ID}, Value: casemodel.Value{Quantity: &casemodel.Quantity{Value: "9"}}},
			Status:  casemodel.GoalCompleted,
		})
	},
	"held":      func(s *stage) *course { return s.clinical().takes("hold", nil, "away") },
	"closed":    func(s *stage) *course { return s.active(1).closed() },
	"reopened":  func(s *stage) *course { return s.active(1).closed().takes("reopen", nil, "back again") },
	"cancelled": func(s *stage) *course { return s.clinical().takes("cancel", nil, "moved") },
	"retracted": func(s *stage) *course { return s.clinical().takes("retract", nil, "wrong client") },
	"broker": func(s *stage) *course {
		return s.opened(casemodel.ModelBrokerage, casemodel.SettingCommunity).assessed().drafted(1).submitted().approved()
	},
}
