package mapping

import (
	"caseway/mapping/casemodel"

	goalpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/goal_go_proto"
)

var goalStatus = tableOf("goal-status")

// target is the codec of Goal.target.
var target = object(
	one("measure", func(t *casemodel.Target) *casemodel.Concept { return &t.Measure }, concept),
	one("detail", func(t *casemodel.Target) *casemodel.Value { return &t.Detail }, value),
	typed("due", "date", func(t *casemodel.Target) *casemodel.Date { return &t.Due }, date),
	typed("due", "duration", func(t *casemodel.Target) **casemodel.Quantity { return &t.Within }, pointer(quantity)),
)

var goals = pair[casemodel.Goal, goalpb.Goal, *goalpb.Goal]{
	typ: "Goal", subject: "subject",
	id:    func(g *casemodel.Goal) *casemodel.Ref { return &g.ID },
	fixed: func(m *goalpb.Goal) { set(m, "lifecycleStatus", "proposed") },
	bindings: []binding[casemodel.Goal]{
		demanded(one("lifecycleStatus", func(g *casemodel.Goal) *casemodel.GoalStatus { return &g.Status }, coded[casemodel.GoalStatus](goalStatus)), func(g *casemodel.Goal) bool { return g.Status == "" }),
		one("achievementStatus", func(g *casemodel.Goal) *casemodel.Concept { return &g.Achievement }, concept),
		one("description", func(g *casemodel.Goal) *casemodel.Concept { return &g.Description }, concept),
		extension("goal-client-words", func(g *casemodel.Goal) *string { return &g.ClientWords }, inString),
		extensions("goal-builds-on", func(g *casemodel.Goal) *[]casemodel.Ref { return &g.BuildsOn }, inRef),
		extension("goal-no-strength", func(g *casemodel.Goal) *bool { return &g.NoStrength }, inBoolean),
		many("category", func(g *casemodel.Goal) *[]casemodel.Concept { return &g.Categories }, concept),
		one("priority", func(g *casemodel.Goal) *casemodel.Concept { return &g.Priority }, concept),
		many("addresses", func(g *casemodel.Goal) *[]casemodel.Ref { return &g.Addresses }, ref),
		one("start", func(g *casemodel.Goal) *casemodel.Value { return &g.Start }, value),
		many("target", func(g *casemodel.Goal) *[]casemodel.Target { return &g.Targets }, target),
		one("expressedBy", func(g *casemodel.Goal) *casemodel.Party { return &g.ExpressedBy }, party),
		one("statusDate", func(g *casemodel.Goal) *casemodel.Date { return &g.StatusAt }, date),
		one("statusReason", func(g *casemodel.Goal) *string { return &g.StatusReason }, words),
		many("outcomeReference", func(g *casemodel.Goal) *[]casemodel.Ref { return &g.Outcomes }, ref),
		many("outcomeCode", func(g *casemodel.Goal) *[]casemodel.Concept { return &g.OutcomeCodes }, concept),
		many("note", func(g *casemodel.Goal) *[]casemodel.Remark { return &g.Remarks }, remark),
	},
}
