package mapping

import (
	"caseway/mapping/casemodel"

	taskpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/task_go_proto"
)

var taskStatus = tableOf("task-status")

// item is the codec of Task.input and Task.output.
var item = object(
	one("type", func(i *casemodel.Item) *casemodel.Concept { return &i.Type }, concept),
	one("value", func(i *casemodel.Item) *casemodel.Value { return &i.Value }, value),
)

var tasks = pair[casemodel.Task, taskpb.Task, *taskpb.Task]{
	typ: "Task", subject: "for",
	id:    func(t *casemodel.Task) *casemodel.Ref { return &t.ID },
	fixed: func(m *taskpb.Task) { set(m, "intent", "order") },
	bindings: []binding[casemodel.Task]{
		one("status", func(t *casemodel.Task) *casemodel.TaskStatus { return &t.Status }, coded[casemodel.TaskStatus](taskStatus)),
		one("statusReason", func(t *casemodel.Task) *casemodel.Concept { return &t.Reason }, concept),
		one("businessStatus", func(t *casemodel.Task) *casemodel.Concept { return &t.Business }, concept),
		demanded(one("intent", func(t *casemodel.Task) *string { return &t.Intent }, words), func(t *casemodel.Task) bool { return t.Intent == "" }),
		one("priority", func(t *casemodel.Task) *string { return &t.Priority }, words),
		one("code", func(t *casemodel.Task) *casemodel.Concept { return &t.Code }, concept),
		one("description", func(t *casemodel.Task) *string { return &t.Text }, words),
		one("owner", func(t *casemodel.Task) *casemodel.Party { return &t.Owner }, party),
		many("performerType", func(t *casemodel.Task) *[]casemodel.Concept { return &t.OwnerRoles }, concept),
		one("requester", func(t *casemodel.Task) *casemodel.Party { return &t.Requester }, party),
		one("focus", func(t *casemodel.Task) *casemodel.Ref { return &t.About }, ref),
		many("basedOn", func(t *casemodel.Task) *[]casemodel.Ref { return &t.BasedOn }, ref),
		many("partOf", func(t *casemodel.Task) *[]casemodel.Ref { return &t.PartOf }, ref),
		one("authoredOn", func(t *casemodel.Task) *casemodel.Date { return &t.CreatedAt }, date),
		one("lastModified", func(t *casemodel.Task) *casemodel.Date { return &t.ChangedAt }, date),
		inside("restriction", inside("period", one("end", func(t *casemodel.Task) *casemodel.Date { return &t.Due }, date))),
		one("executionPeriod", func(t *casemodel.Task) *casemodel.Period { return &t.Period }, period),
		extension("task-every-days", func(t *casemodel.Task) *int { return &t.Every }, inInteger),
		many("input", func(t *casemodel.Task) *[]casemodel.Item { return &t.Inputs }, item),
		many("output", func(t *casemodel.Task) *[]casemodel.Item { return &t.Outputs }, item),
		many("note", func(t *casemodel.Task) *[]casemodel.Remark { return &t.Remarks }, remark),
	},
}
