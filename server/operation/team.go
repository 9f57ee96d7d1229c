package operation

import (
	"context"

	"caseway/mapping/casemodel"
	"caseway/server/cases"
)

// updateCareTeams is EpisodeOfCare/[id]/$update-care-teams and CarePlan/[id]/…. It
// gives a Bundle of what it changed.
func (s *Service) updateCareTeams(ctx context.Context, c call) ([]byte, error) {
	changes := false
	for _, name := range []string{"addCareTeams", "addCareteams", "removeCareTeams", "removeCareteams"} {
		changes = changes || len(c.given[name]) > 0
	}
	if changes && len(c.given["team"]) > 0 {
		return nil, invalid("team", "isn't for a call with addCareTeams or removeCareTeams")
	}
	if changes || c.Key.Type == "CarePlan" {
		return s.changeTeams(ctx, c)
	}
	var teams []casemodel.Ref
	for _, r := range c.given["team"] {
		teams = append(teams, casemodel.Ref(textOf(r)))
	}
	keys, err := s.cases.UpdateTeams(ctx, c.Key.ID, teams, cases.ActionRequest{Role: s.role(), Reason: c.given.text("reason")})
	if err != nil {
		return nil, err
	}
	return s.collection(ctx, keys, c.Base)
}
