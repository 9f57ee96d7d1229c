package cases

import (
	"context"

	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/mapping/casemodel"
)

// Unsound finds the cases that rules bind and that break them as they stand,
// which only a store that was written to directly has. It goes through all cases
// and calls found with each one's id and the rules; it stops at found's error.
func (s *Service) Unsound(ctx context.Context, found func(id string, broken casemodel.Errors) error) error {
	parameters := []search.Pair{{Name: "_count", Value: "200"}}
	for {
		page, err := s.server.Find(ctx, interaction.SearchRequest{Type: "EpisodeOfCare", Parameters: parameters})
		if err != nil {
			return err
		}
		for _, h := range page.Matches {
			a, err := s.assembler.Load(ctx, s.server, h.Key.ID)
			if err != nil {
				return err
			}
			if broken := casemodel.Check(a.Case); len(broken) > 0 {
				if err := found(h.Key.ID, broken); err != nil {
					return err
				}
			}
		}
		if page.Next == "" {
			return nil
		}
		parameters = []search.Pair{{Name: "_count", Value: "200"}, {Name: interaction.CursorParameter, Value: page.Next}}
	}
}
