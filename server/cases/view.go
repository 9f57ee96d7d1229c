package cases

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"caseway/fhir"
	"caseway/mapping"
	"caseway/mapping/casemodel"
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
	Losses []Loss `json:"losses,omitempty"`
}

// RoleActions are the actions that a role may take.
type RoleActions struct {
	Role    casemodel.Role     `json:"role"`
	Actions []casemodel.Action `json:"actions"`
}

// Loss names what could not be stored, without its value.
type Loss struct {
	Part   string `json:"part,omitempty"`
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

func lossesOf(all mapping.Losses) []Loss {
	var told []Loss
	for _, l := range all {
		told = append(told, Loss{l.Part, l.Path, l.Reason})
	}
	return told
}

// Answer is what a request comes to.
type Answer struct {
	Status   int
	ETag     string // "" for none
	Location string // below the server's root, "" for none
	// ContentLocation is what the body shows where that isn't what was asked for.
	ContentLocation string
	Body            []byte // JSON, empty for 304
}

// Read shows a case whole. ifNoneMatch are the header's values.
func (s *Service) Read(ctx context.Context, id string, ifNoneMatch []string) (Answer, error) {
	a, err := s.load(ctx, s.caller, id)
	if err != nil {
		return Answer{}, err
	}
	if matches(ifNoneMatch, a.etag()) {
		return Answer{Status: http.StatusNotModified, ETag: a.etag()}, nil
	}
	lost, err := s.unshown(ctx, a)
	if err != nil {
		return Answer{}, err
	}
	return s.show(ctx, a, View{Losses: lost}, http.StatusOK)
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
func (s *Service) unshown(ctx context.Context, a *assembled) ([]Loss, error) {
	lost := mapping.Unshown(&a.c, a.stored)
	others, err := s.caller.Belonging(ctx, fhir.Key{Type: "EpisodeOfCare", ID: a.c.ID}, partless)
	if err != nil {
		return nil, err
	}
	for _, v := range others {
		lost = append(lost, mapping.LossOf(v.Key.String(), v.Key.Type))
	}
	return lossesOf(lost), nil
}

// show completes a view of a case and writes it.
func (s *Service) show(ctx context.Context, a *assembled, v View, status int) (Answer, error) {
	actions, err := s.actionsOf(ctx, &a.c)
	if err != nil {
		return Answer{}, err
	}
	v.Case, v.Overdue, v.Actions = a.c, casemodel.Overdue(&a.c, s.now()), actions
	body, err := json.Marshal(v)
	if err != nil {
		return Answer{}, fmt.Errorf("a case as JSON: %w", err)
	}
	return Answer{Status: status, ETag: a.etag(), Body: body}, nil
}

// actionsOf are the actions that the caller's roles may take next.
func (s *Service) actionsOf(ctx context.Context, c *casemodel.Case) ([]RoleActions, error) {
	who, err := s.callerOf(ctx, s.server, c)
	if err != nil {
		return nil, err
	}
	roles := casemodel.Roles()
	if who != nil {
		roles = who.roles
	}
	actions := []RoleActions{}
	for _, r := range roles {
		if all := casemodel.Actions(c, r); len(all) > 0 {
			actions = append(actions, RoleActions{r, all})
		}
	}
	return actions, nil
}
