package cases

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"

	"caseway/mapping"
	"caseway/mapping/casemodel"
	"caseway/server/cases/assembly"
	"caseway/server/cases/change"
	"caseway/server/cases/form"
	"caseway/server/cases/problem"
)

// ActionRequest is the body of an action.
type ActionRequest struct {
	// Role is in which role the step is taken: one of the caller's, the likeliest
	// where it isn't said. Without a login it is needed.
	Role casemodel.Role `json:"role,omitempty"`
	// By is who takes the step; for use without a login only.
	By casemodel.Party `json:"by,omitzero"`
	// Reason is why.
	Reason string `json:"reason,omitempty"`
	// Argument is what the action needs; its type goes by the action.
	Argument json.RawMessage `json:"argument,omitempty"`
}

// Act takes an action. ifMatch are the ETags of the case in which it may be, as
// the header If-Match has them; none for any.
func (s *Service) Act(ctx context.Context, id string, name casemodel.Action, request ActionRequest, ifMatch []string) (Answer[View], error) {
	row, err := Definition(name)
	if err != nil {
		return Answer[View]{}, err
	}
	argument, err := argumentFor(row, request.Argument)
	if err != nil {
		return Answer[View]{}, err
	}
	seen, err := s.assembler.Load(ctx, s.caller, id)
	if err != nil {
		return Answer[View]{}, err
	}
	if err := checkIfMatch(ifMatch, seen.ETag()); err != nil {
		return Answer[View]{}, err
	}
	whole := seen
	if !s.assembler.Open {
		if whole, err = s.assembler.Load(ctx, s.server, id); err != nil {
			return Answer[View]{}, err
		}
	}
	if err := s.assembler.LoadOffered(ctx, s.server, whole, asked(argument)); err != nil {
		return Answer[View]{}, err
	}
	p := &change.Partial{Seen: seen, Whole: whole}
	answer, err := s.perform(ctx, whole, row, request, p.Ask(argument, s.assembler.NewIDs()))
	return answer, p.Tell(err)
}

// argumentFor reads an action's argument as the type that it takes.
func argumentFor(row *ActionDefinition, text json.RawMessage) (any, error) {
	if row.Argument == nil {
		if len(text) > 0 {
			return nil, problem.BadRequest("", problem.Fault{Pointer: "/argument", Detail: "the action takes no argument"})
		}
		return nil, nil
	}
	if len(text) == 0 {
		text = json.RawMessage("{}")
	}
	if faults := form.Check(text, row.Argument, "/argument"); len(faults) > 0 {
		return nil, problem.BadRequest("", faults...)
	}
	v := reflect.New(row.Argument)
	if err := json.Unmarshal(text, v.Interface()); err != nil {
		return nil, problem.BadRequest("", problem.Fault{Pointer: "/argument", Detail: "a value doesn't fit its element"})
	}
	return v.Elem().Interface(), nil
}

// perform takes one action on a stored case and stores what it changes.
func (s *Service) perform(ctx context.Context, a *assembly.Assembled, row *ActionDefinition, request ActionRequest, argument any) (Answer[View], error) {
	ids := s.assembler.NewIDs()
	result, step, err := s.step(ctx, a, row, request, argument, ids)
	if err != nil {
		return Answer[View]{}, err
	}
	writes, lost, err := resources(a, &result, ids)
	if err != nil {
		return Answer[View]{}, err
	}
	c := change.Commit{Case: a, Writes: writes, Action: row.Name, Step: step, IDs: ids, Notes: result.Notes, Result: &result}
	return s.store(ctx, c, View{Changes: result.Changes, Losses: change.LossesOf(lost)}, request.Argument)
}

// resources gives what a result comes to. A new part that its sender named gets
// an id of the server's, and what names it follows.
func resources(a *assembly.Assembled, result *casemodel.Result, ids *assembly.IDs) (writes []mapping.Write, lost mapping.Losses, err error) {
	writes, lost = mapping.Resources(&result.Case, a.Stored)
	named := map[casemodel.Ref]casemodel.Ref{}
	for _, w := range writes {
		ref := casemodel.Ref(w.Key.String())
		if a.Versions[w.Key] > 0 || ids.Has(ref) {
			continue
		}
		if named[ref] != "" {
			return nil, nil, problem.BadRequest("", problem.Fault{Part: ref, Detail: "the same part is there twice"})
		}
		named[ref] = ids.Next(w.Key.Type)
	}
	if len(named) > 0 {
		rename(reflect.ValueOf(result).Elem(), named)
		writes, lost = mapping.Resources(&result.Case, a.Stored)
	}
	return writes, lost, nil
}

// store commits an action with its argument and shows the case as it is then.
func (s *Service) store(ctx context.Context, c change.Commit, v View, argument json.RawMessage) (Answer[View], error) {
	id, err := s.writer.Commit(ctx, c)
	if err != nil {
		return Answer[View]{}, change.Refused(err, c.Writes, problem.StoreRefuses, func(part casemodel.Ref) string {
			if len(argument) == 0 || !c.IDs.Has(part) && !bytes.Contains(argument, []byte(`"`+part+`"`)) {
				return ""
			}
			return "/argument"
		})
	}
	after, err := s.assembler.Load(ctx, s.caller, id)
	if err != nil {
		return Answer[View]{}, err
	}
	if !s.assembler.Open {
		v.seenBy(after)
	}
	if change.CaseOf(c.Case) != "" {
		return s.show(ctx, after, v)
	}
	answer, err := s.show(ctx, after, v)
	answer.Location = "/cases/" + id
	return answer, err
}

// step judges an action by the rules.
func (s *Service) step(
	ctx context.Context, a *assembly.Assembled, row *ActionDefinition, request ActionRequest, argument any, ids *assembly.IDs,
) (casemodel.Result, casemodel.Step, error) {
	who, err := s.assembler.CallerOf(ctx, s.server, &a.Case)
	if err != nil {
		return casemodel.Result{}, casemodel.Step{}, err
	}
	actor, err := s.actorFor(who, request, row.Name, &a.Case)
	if err != nil {
		return casemodel.Result{}, casemodel.Step{}, err
	}
	step := casemodel.Step{Actor: actor, At: ids.Now, Why: request.Reason, NewID: ids.Next}
	result, err := row.do(a.Case, step, argument)
	return result, step, err
}

// actorFor says in which role an action is taken, and by whom. Where nobody
// logs in, the request says both.
func (s *Service) actorFor(who *assembly.Caller, asked ActionRequest, name casemodel.Action, c *casemodel.Case) (casemodel.Actor, error) {
	if who == nil {
		if asked.Role == "" {
			return casemodel.Actor{}, problem.BadRequest("", problem.Fault{Pointer: "/role", Detail: "without a login the request must say in which role the step is taken"})
		}
		return casemodel.Actor{Role: asked.Role, Party: asked.By}, nil
	}
	if !asked.By.IsZero() && !asked.By.Same(who.Party) && !asked.By.Same(who.Organization) {
		return casemodel.Actor{}, problem.BadRequest("", problem.Fault{Pointer: "/by", Detail: "a step is taken by who is logged in; leave it out"})
	}
	if asked.Role != "" {
		if !slices.Contains(who.Roles, asked.Role) {
			p := problem.New(http.StatusForbidden, "forbidden", "Forbidden", "")
			return casemodel.Actor{}, p.With([]problem.Fault{{Rule: "role-not-allowed", Pointer: "/role", Detail: "the role isn't the caller's in this case"}})
		}
		return who.Actor(asked.Role), nil
	}
	for _, r := range who.Roles {
		if slices.Contains(casemodel.Actions(c, r), name) {
			return who.Actor(r), nil
		}
	}
	return who.Actor(who.Roles[0]), nil
}

// asked are the organizations that an action brings into a case, whose networks
// are needed to judge it.
func asked(argument any) (all []string) {
	offering, _ := argument.(casemodel.Offering)
	for _, p := range offering.Providers {
		if p.Provider.Ref.Type() == "Organization" && len(all) < 100 {
			all = append(all, string(p.Provider.Ref))
		}
	}
	return all
}
