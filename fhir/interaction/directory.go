package interaction

import (
	"context"
	"slices"

	"caseway/fhir"
	"caseway/fhir/search"
)

// directoryTypes are the types that $everything shows where a resource names
// one: who cares, where, and with what. They belong to no patient.
var directoryTypes = []string{
	"Device", "Endpoint", "HealthcareService", "InsurancePlan", "Location", "Medication", "Organization",
	"OrganizationAffiliation", "Practitioner", "PractitionerRole", "RelatedPerson", "Substance",
}

// directory finds the resources of the directory that hits name, directly or
// by way of one another, and leaves out those that aren't wanted in the end.
func (g *everythingOf) directory(ctx context.Context, s *searching, hits []search.Hit) (search.Included, error) {
	var all search.Included
	if !g.asked.wantsDirectory() {
		return all, nil
	}
	seen := map[fhir.Key]bool{}
	for _, h := range hits {
		seen[h.Key] = true
	}
	for round := hits; len(round) > 0 && !all.Truncated; {
		keys := g.named(round, seen)
		room := maxIncluded - len(all.Hits)
		if len(keys) > room {
			keys, all.Truncated = keys[:room], true
		}
		var whole bool
		var err error
		if round, whole, err = s.visibleHeads(ctx, keys); err != nil {
			return all, err
		}
		all.Truncated = all.Truncated || !whole
		all.Hits = append(all.Hits, round...)
	}
	all.Hits = slices.DeleteFunc(all.Hits, func(h search.Hit) bool { return !g.asked.wants(h.Key.Type) })
	return all, nil
}

// named are the directory's keys to which hits refer, each once.
func (g *everythingOf) named(hits []search.Hit, seen map[fhir.Key]bool) []fhir.Key {
	var keys []fhir.Key
	for _, h := range hits {
		for reference := range fhir.ReferencesIn(h.JSON) {
			key, ok := fhir.LiteralKey(reference, g.session.base)
			if ok && !seen[key] && slices.Contains(directoryTypes, key.Type) {
				seen[key] = true
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// visibleHeads gives the current resources with these keys that the caller may
// see; whole is false where there wasn't room for all.
func (s *searching) visibleHeads(ctx context.Context, keys []fhir.Key) (hits []search.Hit, whole bool, err error) {
	if len(keys) == 0 {
		return nil, true, nil
	}
	types := make([]string, len(keys))
	for i, key := range keys {
		types[i] = key.Type
	}
	slices.Sort(types)
	types, where, err := s.narrowing.types(slices.Compact(types), search.Keys(keys))
	if err != nil || len(types) == 0 {
		return nil, true, err
	}
	room := s.answer.Share()
	found, err := search.Run(ctx, s.source, search.Plan{Types: types, Where: where, Count: len(keys), Budget: s.plan.Budget, Room: room})
	if err != nil && room.Refused() {
		return nil, false, nil
	}
	return found.Hits, !found.More, err
}
