package operation

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// changeTeams is $update-care-teams with addCareTeams and removeCareTeams, on an
// EpisodeOfCare and on a CarePlan. It gives a Bundle of what it changed.
func (s *Service) changeTeams(ctx context.Context, c call) ([]byte, error) {
	t := &teamChange{s: s, ctx: ctx, call: c}
	if err := t.readTeams(); err != nil {
		return nil, err
	}
	tree, err := s.decode(c.target.JSON)
	if err != nil {
		return nil, err
	}
	patient := tree.Root().Child("patient") // of an EpisodeOfCare
	if !patient.Valid() {
		patient = tree.Root().Child("subject")
	}
	if err := t.fit(patient.Child("reference").Text()); err != nil {
		return nil, err
	}
	if err := t.change(c.target.Key, c.target.VersionID, c.target.JSON, true); err != nil {
		return nil, err
	}
	if err := t.changePlans(); err != nil {
		return nil, err
	}
	if _, err := s.engine.Commit(ctx, interaction.Change{Writes: t.writes}); err != nil {
		return nil, err
	}
	return s.collection(ctx, t.keys, c.Base)
}

// teamChange is which teams are added and taken away.
type teamChange struct {
	s           *Service
	ctx         context.Context
	call        call
	add, remove []fhir.Key
	writes      []interaction.Write
	keys        []fhir.Key // of what is changed
}

// readTeams reads which teams are meant.
func (t *teamChange) readTeams() error {
	for _, list := range []struct {
		name string
		to   *[]fhir.Key
	}{{"addCareTeams", &t.add}, {"addCareteams", &t.add}, {"removeCareTeams", &t.remove}, {"removeCareteams", &t.remove}} {
		for _, raw := range t.call.given[list.name] {
			key, ours := t.call.keyOf(textOf(raw))
			if !ours || key.Type != "CareTeam" {
				return invalid(list.name, "must be a CareTeam of this server, such as CareTeam/1")
			}
			*list.to = append(*list.to, key)
		}
	}
	if len(t.add)+len(t.remove) == 0 {
		return fhir.NewError(fhir.Invalid, fhir.IssueRequired, "parameter addCareTeams or removeCareTeams is missing: a CareTeam to add or to take away")
	}
	for _, key := range t.add {
		if slices.Contains(t.remove, key) {
			return invalid("removeCareTeams", "names a CareTeam that addCareTeams names too")
		}
	}
	return nil
}

// fit refuses teams that aren't there, that work no more, or that are another
// patient's.
func (t *teamChange) fit(patient string) error {
	for _, key := range t.add {
		tree, err := t.s.named(t.ctx, t.call, "addCareTeams", key.String(), []string{"CareTeam"})
		if err != nil {
			return err
		}
		of := tree.Root().Child("subject").Child("reference").Text()
		whose, _ := t.call.keyOf(of)
		if this, _ := t.call.keyOf(patient); of != "" && whose != this {
			return fhir.NewError(fhir.Unprocessable, fhir.IssueBusinessRule, "parameter addCareTeams names a CareTeam of another patient")
		}
		if status := tree.Root().Child("status").Text(); status == "inactive" || status == "entered-in-error" {
			return fhir.NewError(fhir.Unprocessable, fhir.IssueBusinessRule, "parameter addCareTeams names a CareTeam whose status is "+status)
		}
	}
	return nil
}

// change gives a version of a resource other teams. strict refuses to take away
// what isn't there.
func (t *teamChange) change(key fhir.Key, version int64, text []byte, strict bool) error {
	r, err := relinked(json.RawMessage(text), nil)
	if err != nil {
		return err
	}
	element := "careTeam"
	if key.Type == "EpisodeOfCare" {
		element = "team"
	}
	var kept []any
	var has []fhir.Key
	old, _ := r[element].([]any)
	for _, x := range old {
		ref, _ := x.(object)
		reference, _ := ref["reference"].(string)
		team, _ := t.call.keyOf(reference)
		if has = append(has, team); !slices.Contains(t.remove, team) {
			kept = append(kept, x)
		}
	}
	for _, team := range t.remove {
		if strict && !slices.Contains(has, team) {
			return fhir.NewError(fhir.Unprocessable, fhir.IssueNotFound, "parameter removeCareTeams names a CareTeam that isn't one of its teams")
		}
	}
	changed := len(kept) != len(old)
	for _, team := range t.add {
		if !slices.Contains(has, team) {
			kept, changed = append(kept, object{"reference": team.String()}), true
		}
	}
	if !changed {
		return nil
	}
	if r[element] = kept; len(kept) == 0 {
		delete(r, element)
	}
	w, err := t.s.write(store.Put, key, r)
	w.IfMatch = version
	t.keys, t.writes = append(t.keys, key), append(t.writes, w)
	return err
}

// mostPlans bounds how many plans one call changes.
const mostPlans = 500

// changePlans changes the plans of an episode that aren't over, or those that are
// part of a plan.
func (t *teamChange) changePlans() error {
	seen := map[string]bool{t.call.Key.String(): true}
	todo := []search.Pair{{Name: "episode-of-care", Value: t.call.Key.String()}}
	if t.call.Key.Type == "CarePlan" {
		todo[0].Name = "part-of"
	}
	for len(todo) > 0 {
		where := todo[0]
		todo = todo[1:]
		plans, err := t.s.matches(t.ctx, "CarePlan", []search.Pair{where, {Name: "status:not", Value: "revoked,completed,entered-in-error"}}, mostPlans)
		if err != nil {
			return err
		}
		for _, plan := range plans {
			key := plan.Key.String()
			if seen[key] {
				continue
			}
			if seen[key] = true; len(seen) > mostPlans {
				return fhir.NewError(fhir.TooCostly, fhir.IssueTooCostly, "there are more than "+strconv.Itoa(mostPlans)+" plans to change")
			}
			if err := t.change(plan.Key, plan.VersionID, plan.JSON, false); err != nil {
				return err
			}
			todo = append(todo, search.Pair{Name: "part-of", Value: key})
		}
	}
	return nil
}

// matches gives the resources of a type that a search finds; one that finds more
// than most is too costly.
func (s *Service) matches(ctx context.Context, typ string, where []search.Pair, most int) ([]search.Hit, error) {
	page, err := s.engine.Find(ctx, interaction.SearchRequest{
		Type: typ, Parameters: append(where, search.Pair{Name: "_count", Value: strconv.Itoa(most + 1)}),
	})
	if err == nil && len(page.Matches) > most {
		err = fhir.NewError(fhir.TooCostly, fhir.IssueTooCostly, "the operation would look at more than "+strconv.Itoa(most)+" "+typ+" resources")
	}
	return page.Matches, err
}

// collection is a Bundle of resources as the caller sees them.
func (s *Service) collection(ctx context.Context, keys []fhir.Key, base string) ([]byte, error) {
	entries := []object{}
	for _, key := range keys {
		v, err := s.engine.Read(ctx, key)
		if isMissing(err) {
			continue // changed, and not the caller's to see
		}
		if err != nil {
			return nil, err
		}
		entries = append(entries, object{"fullUrl": base + "/" + key.String(), "resource": json.RawMessage(v.JSON)})
	}
	b := object{"resourceType": "Bundle", "type": "collection"}
	setList(b, "entry", entries)
	return encoded(b), nil
}
