package mapping

import (
	"caseway/mapping/casemodel"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// taskCodes is the system of the standard codes for Task.code.
const taskCodes = "http://hl7.org/fhir/CodeSystem/task-code"

// The codes of Tasks that are parts of other things than the list of tasks.
var (
	approveCode = casemodel.Coding{System: taskCodes, Code: "approve", Display: "Activate/approve the focal resource"}
	fulfilCode  = casemodel.Coding{System: taskCodes, Code: "fulfill", Display: "Fulfill the focal request"}
	reviewCode  = casemodel.Coding{System: systemOf("task-kind"), Code: "utilization-review", Display: "Utilization review"}
	appealCode  = casemodel.Coding{System: systemOf("task-kind"), Code: "appeal", Display: "Appeal"}
)

var approvalStatus = tableOf("approval-status")

// decisionSystem has the codes of what Task.output says of an approval.
var decisionSystem = systemOf("approval-decision")

// readDecision reads where an approval stands: Task.status, and whether a
// completed one says that the plan was returned.
func readDecision(m protoreflect.Message, a *casemodel.Approval) {
	status := words.read(m.Get(field(m, "status")).Message())
	a.Status = casemodel.ApprovalStatus(approvalStatus.toCase[status])
	if _, code := decisionIn(m); approvalStatus.toFHIR[code] == status && code != "" {
		a.Status = casemodel.ApprovalStatus(code)
	}
}

// decisionIn finds the output that says the decision.
func decisionIn(m protoreflect.Message) (at int, code string) {
	list := m.Get(field(m, "output")).List()
	for i := range list.Len() {
		v := item.read(list.Get(i).Message())
		if v.Value.Concept == nil {
			continue
		}
		for _, c := range v.Value.Concept.Codings {
			if c.System == decisionSystem {
				return i, c.Code
			}
		}
	}
	return -1, ""
}

func writeDecision(m protoreflect.Message, a *casemodel.Approval) {
	var have casemodel.Approval
	readDecision(m, &have)
	if have.Status == a.Status {
		return
	}
	if status := approvalStatus.toFHIR[string(a.Status)]; status != "" {
		setStatus(m, status)
	}
	f := field(m, "output")
	list := m.Mutable(f).List()
	at, _ := decisionIn(m)
	if at >= 0 {
		removeAt(list, at)
	}
	if a.Status == casemodel.ApprovalApproved || a.Status == casemodel.ApprovalReturned {
		decision := casemodel.Concept{Codings: []casemodel.Coding{{
			System: decisionSystem, Code: string(a.Status), Display: displayOf("approval-decision", string(a.Status)),
		}}}
		item.write(list.AppendMutable().Message(), casemodel.Item{
			Type: casemodel.Concept{Text: "Decision"}, Value: casemodel.Value{Concept: &decision},
		})
	}
	if list.Len() == 0 {
		m.Clear(f)
	}
}
