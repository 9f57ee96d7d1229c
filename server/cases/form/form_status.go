package form

import "caseway/mapping/casemodel"

// The statuses of parts, so that one that isn't known is refused with its place.
func init() {
	listed([]casemodel.TeamStatus{
		casemodel.TeamProposed, casemodel.TeamActive, casemodel.TeamSuspended, casemodel.TeamInactive, casemodel.TeamEnteredInError,
	})
	listed([]casemodel.FindingStatus{
		casemodel.FindingRegistered, casemodel.FindingPreliminary, casemodel.FindingFinal, casemodel.FindingAmended,
		casemodel.FindingCorrected, casemodel.FindingCancelled, casemodel.FindingEnteredInError, casemodel.FindingUnknown,
	})
	listed([]casemodel.AssessmentStatus{
		casemodel.AssessmentDraft, casemodel.AssessmentCompleted, casemodel.AssessmentAmended, casemodel.AssessmentStopped,
		casemodel.AssessmentEnteredInError,
	})
	listed([]casemodel.GoalStatus{
		casemodel.GoalProposed, casemodel.GoalPlanned, casemodel.GoalAccepted, casemodel.GoalActive, casemodel.GoalOnHold,
		casemodel.GoalCompleted, casemodel.GoalCancelled, casemodel.GoalRejected, casemodel.GoalEnteredInError,
	})
	listed([]casemodel.PlanStatus{
		casemodel.PlanDraft, casemodel.PlanAwaitingApproval, casemodel.PlanReturned, casemodel.PlanProposed, casemodel.PlanApproved,
		casemodel.PlanOnHold,
		casemodel.PlanRevoked, casemodel.PlanCompleted, casemodel.PlanEnteredInError, casemodel.PlanUnknown,
	})
	listed([]casemodel.ApprovalStatus{
		casemodel.ApprovalRequested, casemodel.ApprovalApproved, casemodel.ApprovalReturned, casemodel.ApprovalCancelled,
		casemodel.ApprovalEnteredInError,
	})
	listed([]casemodel.ServiceStatus{
		casemodel.ServiceDraft, casemodel.ServiceRequested, casemodel.ServiceOffered, casemodel.ServiceDeclined, casemodel.ServiceAccepted,
		casemodel.ServiceScheduled, casemodel.ServiceInProgress, casemodel.ServiceOnHold, casemodel.ServiceDelivered,
		casemodel.ServiceEnded, casemodel.ServiceEnteredInError, casemodel.ServiceUnknown,
	})
	listed([]casemodel.TaskStatus{
		casemodel.TaskDraft, casemodel.TaskRequested, casemodel.TaskReceived, casemodel.TaskAccepted, casemodel.TaskRejected,
		casemodel.TaskReady, casemodel.TaskInProgress, casemodel.TaskOnHold, casemodel.TaskFailed, casemodel.TaskCompleted,
		casemodel.TaskCancelled, casemodel.TaskEnteredInError,
	})
	listed([]casemodel.AppointmentStatus{
		casemodel.AppointmentProposed, casemodel.AppointmentPending, casemodel.AppointmentBooked, casemodel.AppointmentArrived,
		casemodel.AppointmentCheckedIn, casemodel.AppointmentWaitlisted, casemodel.AppointmentKept, casemodel.AppointmentMissed,
		casemodel.AppointmentCancelled, casemodel.AppointmentEnteredInError,
	})
	listed([]casemodel.ContactStatus{
		casemodel.ContactPlanned, casemodel.ContactInProgress, casemodel.ContactHeld, casemodel.ContactMissed,
		casemodel.ContactCancelled, casemodel.ContactEnteredInError, casemodel.ContactUnknown,
	})
	listedOfPayers()
}

func listedOfPayers() {
	listed([]casemodel.ReviewStatus{
		casemodel.ReviewOpen, casemodel.ReviewClosed, casemodel.ReviewCancelled, casemodel.ReviewEnteredInError,
	})
	listed([]casemodel.AuthorizationStatus{
		casemodel.AuthorizationDraft, casemodel.AuthorizationRequested, casemodel.AuthorizationPended, casemodel.AuthorizationApproved,
		casemodel.AuthorizationDenied, casemodel.AuthorizationException, casemodel.AuthorizationCancelled,
		casemodel.AuthorizationEnteredInError,
	})
	listed([]casemodel.AppealStatus{
		casemodel.AppealFiled, casemodel.AppealUpheld, casemodel.AppealOverturned, casemodel.AppealWithdrawn,
		casemodel.AppealEnteredInError,
	})
	listed([]casemodel.AgreementStatus{
		casemodel.AgreementOffered, casemodel.AgreementCountered, casemodel.AgreementAgreed, casemodel.AgreementCancelled,
		casemodel.AgreementEnteredInError, casemodel.AgreementUnknown,
	})
}
