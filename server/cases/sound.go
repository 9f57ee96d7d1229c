package cases

import (
	"context"
	"encoding/json"
	"fmt"

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
		page, err := s.engine().Search(inside(ctx), interaction.SearchRequest{Type: "EpisodeOfCare", Parameters: parameters})
		if err != nil {
			return err
		}
		var b bundle
		if err := json.Unmarshal(page, &b); err != nil {
			return fmt.Errorf("a page of cases: %w", err)
		}
		for _, e := range b.Entry {
			if err := s.unsound(ctx, e.Resource, found); err != nil {
				return err
			}
		}
		next := b.cursor()
		if next == "" {
			return nil
		}
		parameters = []search.Pair{{Name: "_count", Value: "200"}, {Name: interaction.CursorParameter, Value: next}}
	}
}

func (s *Service) unsound(ctx context.Context, episode json.RawMessage, found func(string, casemodel.Errors) error) error {
	var h header
	if err := json.Unmarshal(episode, &h); err != nil {
		return fmt.Errorf("an episode: %w", err)
	}
	a, err := s.load(inside(ctx), h.ID)
	if err != nil {
		return err
	}
	if broken := casemodel.Check(a.c); len(broken) > 0 {
		return found(h.ID, broken)
	}
	return nil
}
