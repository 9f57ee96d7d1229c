package cases

import (
	"context"
	"slices"
	"strconv"

	"caseway/fhir"
	"caseway/mapping"
	"caseway/mapping/casemodel"
	"caseway/server/cases/assembly"
	"caseway/server/cases/change"
	"caseway/server/cases/problem"
)

// updateTeams names in Provenance what UpdateTeams does.
const updateTeams casemodel.Action = "update-care-teams"

// UpdateTeams makes stored CareTeams teams of a case, and lets each of its own
// plans that isn't over have the teams that the case has, but for those that no
// longer work. It gives what it changed, in one commit; nothing where all is in
// line.
func (s *Service) UpdateTeams(ctx context.Context, id string, teams []casemodel.Ref, request ActionRequest) ([]fhir.Key, error) {
	a, err := s.assembler.Load(ctx, s.caller, id)
	if err != nil {
		return nil, err
	}
	if !s.assembler.Open {
		if a, err = s.assembler.Load(ctx, s.server, id); err != nil {
			return nil, err
		}
	}
	before := a.Case
	stored := len(a.Stored)
	for i, ref := range teams {
		at := "/team/" + strconv.Itoa(i)
		if ref.Type() != "CareTeam" {
			return nil, problem.BadRequest("", problem.Fault{Pointer: at, Detail: "must be a CareTeam of this server"})
		}
		if err := s.bring(ctx, a, ref, at, before.Client.ID); err != nil {
			return nil, err
		}
	}
	brought := a.Stored[stored:]
	after := mapping.AssembleOnly(a.Stored)
	alignTeams(&after)
	ids := s.assembler.NewIDs()
	step, err := s.stepAs(ctx, a, request, ids)
	if err != nil {
		return nil, err
	}
	result, err := casemodel.Apply(before, after, step)
	if err != nil {
		return nil, err
	}
	writes, _ := mapping.Resources(&result.Case, a.Stored)
	for _, m := range brought {
		if key := assembly.KeyOf(m); !slices.ContainsFunc(writes, func(w mapping.Write) bool { return w.Key == key }) {
			writes = append(writes, mapping.Write{Key: key, Resource: m, Stored: m})
		}
	}
	if len(writes) == 0 {
		return nil, nil
	}
	_, err = s.writer.Commit(ctx, change.Commit{Case: a, Writes: writes, Action: updateTeams, Step: step, IDs: ids})
	keys := make([]fhir.Key, len(writes))
	for i, w := range writes {
		keys[i] = w.Key
	}
	return keys, err
}

// stepAs is a step of the caller.
func (s *Service) stepAs(ctx context.Context, a *assembly.Assembled, request ActionRequest, ids *assembly.IDs) (casemodel.Step, error) {
	who, err := s.assembler.CallerOf(ctx, s.server, &a.Case)
	if err != nil {
		return casemodel.Step{}, err
	}
	actor, err := s.actorFor(who, request, updateTeams, &a.Case)
	return casemodel.Step{Actor: actor, At: ids.Now, Why: request.Reason, NewID: ids.Next}, err
}

// alignTeams gives the plans of a case its teams.
func alignTeams(c *casemodel.Case) {
	var working []casemodel.Ref
	for _, t := range c.Teams {
		if t.Status != casemodel.TeamInactive && t.Status != casemodel.TeamEnteredInError {
			working = append(working, t.ID)
		}
	}
	over := []casemodel.PlanStatus{casemodel.PlanRevoked, casemodel.PlanCompleted, casemodel.PlanEnteredInError}
	for i := range c.Plans {
		if p := &c.Plans[i]; !p.Foreign && !slices.Contains(over, p.Status) {
			p.Teams = slices.Clone(working)
		}
	}
}
