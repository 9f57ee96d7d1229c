package cases

import (
	"context"
	"slices"

	"caseway/fhir"
	"caseway/mapping"
	"caseway/mapping/casemodel"
	"caseway/server/cases/assembly"
	"caseway/server/cases/change"
)

// View is a case as its caller sees it.
type View struct {
	Case    casemodel.Case `json:"case"`
	Overdue bool           `json:"overdue"`
	// Actions are those that the caller may take next by phase and role; without
	// a login those of each role.
	Actions []RoleActions `json:"actions"`
	// Changes are what an action has just changed.
	Changes []casemodel.Change `json:"changes,omitempty"`
	// Losses are what the action said and FHIR has no place for; where nothing was
	// done, what belongs to the case and no part of it shows.
	Losses []change.Loss `json:"losses,omitempty"`
}

// RoleActions are the actions that a role may take.
type RoleActions struct {
	Role    casemodel.Role     `json:"role"`
	Actions []casemodel.Action `json:"actions"`
}

// Answer is what a request comes to.
type Answer[T any] struct {
	Value T
	// NotModified says that the caller has what it asks for already, by its ETag:
	// then there is no Value.
	NotModified bool
	ETag        string // "" for none
	Location    string // of what was made, below the server's root; "" for nothing
	// ContentLocation is what Value shows where that isn't what was asked for.
	ContentLocation string
}

// Read shows a case whole. ifNoneMatch are the header's values.
func (s *Service) Read(ctx context.Context, id string, ifNoneMatch []string) (Answer[View], error) {
	a, err := s.assembler.Load(ctx, s.caller, id)
	if err != nil {
		return Answer[View]{}, err
	}
	if matches(ifNoneMatch, a.ETag()) {
		return Answer[View]{NotModified: true, ETag: a.ETag()}, nil
	}
	lost, err := s.unshown(ctx, a)
	if err != nil {
		return Answer[View]{}, err
	}
	return s.show(ctx, a, View{Losses: lost})
}

// partless are the types of resources that belong to cases and that no part is
// kept as.
var partless = []string{
	"AdverseEvent", "AllergyIntolerance", "ChargeItem", "ClinicalImpression", "CoverageEligibilityRequest", "DeviceRequest",
	"DiagnosticReport", "ExplanationOfBenefit", "FamilyMemberHistory", "ImagingStudy", "Immunization", "ImmunizationRecommendation",
	"List", "Media", "MedicationAdministration", "MedicationDispense", "MedicationRequest", "MedicationStatement", "NutritionOrder",
	"Procedure", "RequestGroup",
}

// unshown tells what belongs to a case, as far as the caller may see it, and
// isn't shown by any part of it.
func (s *Service) unshown(ctx context.Context, a *assembly.Assembled) ([]change.Loss, error) {
	lost := mapping.Unshown(&a.Case, a.Stored)
	others, err := s.caller.Belonging(ctx, fhir.Key{Type: "EpisodeOfCare", ID: a.Case.ID}, partless)
	if err != nil {
		return nil, err
	}
	for _, v := range others {
		lost = append(lost, mapping.LossOf(v.Key.String(), v.Key.Type))
	}
	return change.LossesOf(lost), nil
}

// show completes a view of a case.
func (s *Service) show(ctx context.Context, a *assembly.Assembled, v View) (Answer[View], error) {
	actions, err := s.actionsOf(ctx, &a.Case)
	if err != nil {
		return Answer[View]{}, err
	}
	v.Case, v.Overdue, v.Actions = a.Case, casemodel.Overdue(&a.Case, s.assembler.Now()), actions
	return Answer[View]{Value: v, ETag: a.ETag()}, nil
}

// actionsOf are the actions that the caller's roles may take next.
func (s *Service) actionsOf(ctx context.Context, c *casemodel.Case) ([]RoleActions, error) {
	who, err := s.assembler.CallerOf(ctx, s.server, c)
	if err != nil {
		return nil, err
	}
	roles := casemodel.Roles()
	if who != nil {
		roles = who.Roles
	}
	actions := []RoleActions{}
	for _, r := range roles {
		if all := casemodel.Actions(c, r); len(all) > 0 {
			actions = append(actions, RoleActions{r, all})
		}
	}
	return actions, nil
}

// seenBy leaves out what was changed and lost of parts that the caller doesn't see.
func (v *View) seenBy(a *assembly.Assembled) {
	v.Changes = slices.DeleteFunc(v.Changes, func(c casemodel.Change) bool { return !a.Shows(string(c.ID)) })
	v.Losses = slices.DeleteFunc(v.Losses, func(l change.Loss) bool { return !a.Shows(l.Part) })
}
