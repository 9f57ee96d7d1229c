package casemodel

import (
	"slices"
	"strings"
)

// Model is how a case is run; what each changes is in its Template.
type Model string

// The five models.
const (
	ModelStrengthsBased Model = "strengths-based"
	ModelClinical       Model = "clinical"
	ModelBrokerage      Model = "brokerage"
	ModelIntensive      Model = "intensive"
	ModelTargeted       Model = "targeted"
)

// Models lists the five models.
func Models() []Model {
	return []Model{ModelStrengthsBased, ModelClinical, ModelBrokerage, ModelIntensive, ModelTargeted}
}

// Setting is where a case is managed; what work each adds is in SettingWork.
type Setting string

// The seven settings.
const (
	SettingAcuteHospital           Setting = "acute-hospital"
	SettingInpatientRehabilitation Setting = "inpatient-rehabilitation"
	SettingHomeHealth              Setting = "home-health"
	SettingHealthInsurer           Setting = "health-insurer"
	SettingWorkersCompensation     Setting = "workers-compensation"
	SettingBehaviouralHealth       Setting = "behavioural-health" // and substance use
	SettingCommunity               Setting = "community"          // and social work
)

// Settings lists the seven settings.
func Settings() []Setting {
	return []Setting{
		SettingAcuteHospital, SettingInpatientRehabilitation, SettingHomeHealth, SettingHealthInsurer,
		SettingWorkersCompensation, SettingBehaviouralHealth, SettingCommunity,
	}
}

// oneOf says whether s is in all, and lists all for the text of a rule.
func oneOf[S ~string](s S, all []S) (bool, string) {
	words := make([]string, len(all))
	for i, a := range all {
		words[i] = string(a)
	}
	return slices.Contains(all, s), strings.Join(words, ", ")
}
