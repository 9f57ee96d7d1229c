package operation

import (
	"context"
	"encoding/json"

	"caseway/mapping/casemodel"
	"caseway/server/cases"
)

// updateCareTeams is EpisodeOfCare/[id]/$update-care-teams. It gives a Bundle of
// what it changed.
func (s *Service) updateCareTeams(ctx context.Context, c call) ([]byte, error) {
	var teams []casemodel.Ref
	for _, r := range c.given["team"] {
		teams = append(teams, casemodel.Ref(textOf(r)))
	}
	keys, err := s.cases.UpdateTeams(ctx, c.Key.ID, teams, cases.Deed{Role: s.role(), Reason: c.given.text("reason")}, c.Base)
	if err != nil {
		return nil, err
	}
	entries := []object{}
	for _, key := range keys {
		v, err := s.engine.Read(ctx, key)
		if isMissing(err) {
			continue // changed, and not the caller's to see
		}
		if err != nil {
			return nil, err
		}
		entries = append(entries, object{"fullUrl": c.Base + "/" + key.String(), "resource": json.RawMessage(v.JSON)})
	}
	b := object{"resourceType": "Bundle", "type": "collection"}
	if len(entries) > 0 {
		b["entry"] = entries
	}
	return encoded(b), nil
}
