package casemodel

import "slices"

// Edge is a step that the status of a part may take, and whose it is. An empty
// Roles is anybody's. Whatever an edge says, entered-in-error can always be
// reached, RoleSystem may take every edge, and an imported part may begin with
// any status.
type Edge struct {
	Kind  Kind   `json:"kind"`
	From  string `json:"from"`
	To    string `json:"to"`
	Roles []Role `json:"roles,omitempty"`
}

// fan lists edges of one kind: from each status on the left of a row to each on
// its right.
func fan(kind Kind, rows ...fanRow) []Edge {
	var all []Edge
	for _, r := range rows {
		for _, to := range r.to {
			all = append(all, Edge{kind, r.from, to, r.roles})
		}
	}
	return all
}

type fanRow struct {
	from  string
	to    []string
	roles []Role
}

var (
	byAnswerer = []Role{RoleProvider, RoleCaseManager}
	byDecider  = []Role{RolePhysician}
	byPayer    = []Role{RolePayer}
)

var edges = slices.Concat(offerEdges, serviceEdges, planEdges, approvalEdges, appointmentEdges,
	contactEdges, taskEdges, reviewEdges, authorizationEdges, appealEdges, agreementEdges, goalEdges)

// offerEdges are the state machine of R4's Task
// (https://hl7.org/fhir/R4/task.html#statemachine), as other systems take its
// steps: what lies between two states may be skipped, and whoever was asked may
// fail. Actions ask more of the case's own.
var offerEdges = fan(
	KindOffer,
	fanRow{"draft", []string{"requested", "ready"}, byManager},
	fanRow{"draft", []string{"cancelled"}, nil},
	fanRow{"requested", []string{"received", "accepted", "rejected", "ready", "in-progress", "on-hold", "failed", "completed"}, byAnswerer},
	fanRow{"received", []string{"accepted", "rejected", "ready", "in-progress", "on-hold", "failed", "completed"}, byAnswerer},
	fanRow{"accepted", []string{"ready", "in-progress", "rejected", "on-hold", "failed", "completed"}, byAnswerer},
	fanRow{"ready", []string{"in-progress", "rejected", "on-hold", "failed", "completed"}, byAnswerer},
	fanRow{"in-progress", []string{"completed", "on-hold", "failed"}, byAnswerer},
	fanRow{"on-hold", []string{"accepted", "ready", "in-progress", "failed", "completed"}, byAnswerer},
	fanRow{"requested", []string{"cancelled"}, nil},
	fanRow{"received", []string{"cancelled"}, nil},
	fanRow{"accepted", []string{"cancelled"}, nil},
	fanRow{"ready", []string{"cancelled"}, nil},
	fanRow{"in-progress", []string{"cancelled"}, nil},
	fanRow{"on-hold", []string{"cancelled"}, nil},
)

// serviceEdges: requested, offered, accepted or declined, scheduled, delivered, ended.
var serviceEdges = fan(
	KindService,
	fanRow{"draft", []string{"requested", "ended"}, nil},
	fanRow{"requested", []string{"offered", "accepted", "on-hold", "ended"}, nil},
	fanRow{"offered", []string{"accepted", "declined", "requested", "on-hold", "ended"}, nil},
	fanRow{"declined", []string{"offered", "ended"}, nil},
	fanRow{"accepted", []string{"scheduled", "in-progress", "declined", "offered", "on-hold", "ended"}, nil},
	fanRow{"scheduled", []string{"accepted", "in-progress", "declined", "offered", "on-hold", "ended"}, nil},
	fanRow{"in-progress", []string{"delivered", "on-hold", "ended"}, nil},
	fanRow{"on-hold", []string{"requested", "offered", "accepted", "scheduled", "in-progress", "ended"}, nil},
	fanRow{"unknown", []string{"draft", "requested", "offered", "accepted", "declined", "scheduled", "in-progress", "on-hold", "delivered", "ended"}, nil},
)

var planEdges = fan(
	KindPlan,
	fanRow{"draft", []string{"awaiting-approval"}, byManager},
	fanRow{"draft", []string{"revoked"}, nil},
	fanRow{"awaiting-approval", []string{"approved", "returned"}, byDecider},
	fanRow{"awaiting-approval", []string{"draft"}, byManager}, // taken back
	fanRow{"awaiting-approval", []string{"revoked"}, nil},
	fanRow{"returned", []string{"awaiting-approval", "draft"}, byManager},
	fanRow{"returned", []string{"revoked"}, nil},
	fanRow{"proposed", []string{"draft", "awaiting-approval", "revoked", "completed"}, nil},
	fanRow{"approved", []string{"on-hold", "revoked", "completed"}, nil},
	fanRow{"on-hold", []string{"approved", "revoked", "completed"}, nil},
)

var approvalEdges = fan(
	KindApproval,
	fanRow{"requested", []string{"approved", "returned"}, byDecider},
	fanRow{"requested", []string{"cancelled"}, nil},
)

var appointmentEdges = fan(
	KindAppointment,
	fanRow{"proposed", []string{"pending", "booked", "waitlisted", "cancelled"}, nil},
	fanRow{"pending", []string{"proposed", "booked", "waitlisted", "cancelled"}, nil},
	fanRow{"waitlisted", []string{"proposed", "pending", "booked", "cancelled"}, nil},
	fanRow{"booked", []string{"pending", "arrived", "checked-in", "kept", "missed", "cancelled"}, nil},
	fanRow{"checked-in", []string{"arrived", "kept", "missed", "cancelled"}, nil},
	fanRow{"arrived", []string{"checked-in", "kept", "cancelled"}, nil},
)

var contactEdges = fan(
	KindContact,
	fanRow{"planned", []string{"in-progress", "held", "missed", "cancelled"}, nil},
	fanRow{"in-progress", []string{"held", "cancelled"}, nil},
	fanRow{"unknown", []string{"planned", "in-progress", "held", "missed", "cancelled"}, nil},
)

// taskEdges are the same machine for tasks, which are anybody's.
var taskEdges = fan(
	KindTask,
	fanRow{"draft", []string{"requested", "ready", "cancelled"}, nil},
	fanRow{"requested", []string{"received", "accepted", "rejected", "ready", "in-progress", "on-hold", "failed", "completed", "cancelled"}, nil},
	fanRow{"received", []string{"accepted", "rejected", "ready", "in-progress", "on-hold", "failed", "completed", "cancelled"}, nil},
	fanRow{"accepted", []string{"rejected", "ready", "in-progress", "on-hold", "failed", "completed", "cancelled"}, nil},
	fanRow{"ready", []string{"rejected", "in-progress", "on-hold", "failed", "completed", "cancelled"}, nil},
	fanRow{"in-progress", []string{"on-hold", "failed", "completed", "cancelled"}, nil},
	fanRow{"on-hold", []string{"accepted", "ready", "in-progress", "failed", "completed", "cancelled"}, nil},
)

var reviewEdges = fan(KindReview, fanRow{"open", []string{"closed", "cancelled"}, nil}, fanRow{"closed", []string{"open"}, nil})

var authorizationEdges = fan(
	KindAuthorization,
	fanRow{"draft", []string{"requested", "cancelled"}, nil},
	fanRow{"requested", []string{"pended", "approved", "denied", "exception"}, byPayer},
	fanRow{"pended", []string{"approved", "denied", "exception"}, byPayer},
	fanRow{"denied", []string{"approved", "exception"}, byPayer}, // on appeal
	fanRow{"pended", []string{"requested"}, nil},                 // more was sent
	fanRow{"requested", []string{"cancelled"}, nil},
	fanRow{"pended", []string{"cancelled"}, nil},
	fanRow{"approved", []string{"cancelled"}, nil},
	fanRow{"exception", []string{"cancelled"}, nil},
)

var appealEdges = fan(
	KindAppeal,
	fanRow{"filed", []string{"upheld", "overturned"}, byPayer},
	fanRow{"filed", []string{"withdrawn"}, nil},
)

var agreementEdges = fan(
	KindAgreement,
	fanRow{"offered", []string{"countered", "agreed", "cancelled"}, nil},
	fanRow{"countered", []string{"agreed", "cancelled"}, nil},
	fanRow{"agreed", []string{"cancelled"}, nil},
	fanRow{"unknown", []string{"offered", "countered", "agreed", "cancelled"}, nil},
)

var goalEdges = fan(
	KindGoal,
	fanRow{"proposed", []string{"planned", "accepted", "active", "rejected", "cancelled"}, nil},
	fanRow{"planned", []string{"accepted", "active", "rejected", "cancelled", "on-hold"}, nil},
	fanRow{"accepted", []string{"planned", "active", "on-hold", "completed", "cancelled"}, nil},
	fanRow{"active", []string{"on-hold", "completed", "cancelled"}, nil},
	fanRow{"on-hold", []string{"active", "completed", "cancelled"}, nil},
	fanRow{"completed", []string{"active"}, nil}, // the client fell back
)

// edgeRules name the rule that a status breaks which takes no edge.
var edgeRules = map[Kind]*Rule{
	KindOffer:         rule("offer-step-not-allowed", "An offer can't go from its status to this one."),
	KindService:       rule("service-step-not-allowed", "A service can't go from its status to this one."),
	KindPlan:          rule("plan-step-not-allowed", "A plan version can't go from its status to this one."),
	KindApproval:      rule("approval-step-not-allowed", "A request for approval that was answered stays as it is."),
	KindAppointment:   rule("appointment-step-not-allowed", "An appointment can't go from its status to this one."),
	KindContact:       rule("contact-step-not-allowed", "A contact can't go from its status to this one."),
	KindTask:          rule("task-step-not-allowed", "A task can't go from its status to this one."),
	KindReview:        rule("review-step-not-allowed", "A utilization review can't go from its status to this one."),
	KindAuthorization: rule("authorization-step-not-allowed", "An authorization can't go from its status to this one."),
	KindAppeal:        rule("appeal-step-not-allowed", "An appeal that was decided stays as it is."),
	KindAgreement:     rule("agreement-step-not-allowed", "A cost agreement can't go from its status to this one."),
	KindGoal:          rule("goal-step-not-allowed", "A goal can't go from its status to this one."),
}

const inError = "entered-in-error"

// checkEdge judges the step of a part's status by a role.
func checkEdge(was, now Part, r Role, found *Errors) {
	broken, ruled := edgeRules[now.Kind]
	if !ruled || was.Status == now.Status || now.Status == inError || was.Status == "" {
		return
	}
	if was.foreign() && now.foreign() {
		return
	}
	var next []string
	for _, e := range edges {
		if e.Kind != now.Kind || e.From != was.Status {
			continue
		}
		if e.To == now.Status {
			if len(e.Roles) > 0 && r != RoleSystem && !slices.Contains(e.Roles, r) {
				found.add(roleBars, now.ID, now.Path+".status", "It is a step of "+join(e.Roles)+".")
			}
			return
		}
		next = append(next, e.To)
	}
	more := "Nothing follows on " + was.Status + " but " + inError + "."
	if len(next) > 0 {
		more = "From " + was.Status + " it goes to " + join(next) + "."
	}
	found.add(broken, now.ID, now.Path+".status", more)
}

// foreign says whether a part is a plan that another system keeps, and moves by
// rules of its own.
func (p Part) foreign() bool {
	plan, is := p.Value.(*Plan)
	return is && plan.Foreign
}
