package casemodel

// SettingWork is what a setting adds to a case: the work that it starts with
// when the case comes in, and what is left to do when the client leaves.
func SettingWork(s Setting) []Starting {
	switch s {
	case SettingAcuteHospital:
		return hospitalWork()
	case SettingInpatientRehabilitation, SettingBehaviouralHealth:
		return append(followUpWork(), Starting{
			Code: "mental-health-follow-up", Title: "Mental-health follow-up after leaving",
			Trigger: TriggerLeaving, Days: 7, Owner: RoleCaseManager,
		})
	case SettingHomeHealth:
		return homeHealthWork()
	case SettingHealthInsurer:
		return insurerWork()
	case SettingWorkersCompensation:
		return workersCompensationWork()
	case SettingCommunity:
		return communityWork()
	}
	return nil
}

// followUpWork is what any setting leaves to do.
func followUpWork() []Starting {
	return []Starting{{
		Code: "follow-up", Title: "Check in by telephone after leaving",
		Trigger: TriggerLeaving, Days: 2, Owner: RoleCaseManager,
	}}
}

func hospitalWork() []Starting {
	return append(followUpWork(), []Starting{
		{Code: "utilization-review", Title: "Utilization review with the insurer", Trigger: TriggerOpening, Days: 1, Owner: RoleCaseManager, Review: true},
		{Code: "discharge-needs", Title: "Estimate needs after discharge", Trigger: TriggerOpening, Days: 2, Owner: RoleCaseManager},
		{Code: "offer-agencies", Title: "Offer the client facilities or agencies in network", Trigger: TriggerOpening, Days: 3, Owner: RoleCaseManager},
		{Code: "teach", Title: "Teach medication and lifestyle", Trigger: TriggerOpening, Days: 4, Owner: RoleCaseManager},
		{Code: "book-follow-ups", Title: "Book follow-up appointments", Trigger: TriggerOpening, Days: 4, Owner: RoleCaseManager},
		{Code: "home-visit", Title: "Visit at home after discharge", Trigger: TriggerLeaving, Days: 7, Owner: RoleCaseManager},
	}...)
}

func homeHealthWork() []Starting {
	return append(followUpWork(), []Starting{
		{Code: "plan-of-care", Title: "Plan of care to the physician for approval", Trigger: TriggerOpening, Days: 5, Owner: RoleCaseManager},
		{Code: "supervise-aides", Title: "Supervise aides", Trigger: TriggerOpening, Days: 14, Every: 14, Owner: RoleCaseManager},
		{Code: "visit-reports", Title: "Read the reports from visits and change the plan on them", Trigger: TriggerOpening, Days: 7, Every: 7, Owner: RoleCaseManager},
	}...)
}

func insurerWork() []Starting {
	return append(followUpWork(), []Starting{
		{Code: "registry", Title: "Enter the client in the registry of the condition", Trigger: TriggerOpening, Days: 7, Owner: RoleCaseManager},
		{Code: "updates", Title: "Gather updates from hospitals, agencies, doctors and social workers", Trigger: TriggerOpening, Days: 7, Every: 7, Owner: RoleCaseManager},
		{Code: "emergency-visits", Title: "Look at emergency visits", Trigger: TriggerOpening, Days: 30, Every: 30, Owner: RoleCaseManager},
	}...)
}

func workersCompensationWork() []Starting {
	return append(followUpWork(), []Starting{
		{Code: "work-abilities", Title: "Record what work the client can do", Trigger: TriggerOpening, Days: 7, Owner: RoleCaseManager},
		{Code: "employer", Title: "Talk with the employer about the return to work", Trigger: TriggerOpening, Days: 14, Owner: RoleCaseManager},
	}...)
}

func communityWork() []Starting {
	return append(followUpWork(), []Starting{
		{Code: "home-visit", Title: "Visit the client at home", Trigger: TriggerOpening, Days: 7, Owner: RoleCaseManager},
		{Code: "enrol", Title: "Enrol the client in social services", Trigger: TriggerOpening, Days: 14, Owner: RoleCaseManager},
		{Code: "assessment-follow-up", Title: "Follow up on the assessment of client and family", Trigger: TriggerOpening, Days: 30, Owner: RoleCaseManager},
	}...)
}
