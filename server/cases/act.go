package cases

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"time"

	"caseway/fhir"
	"caseway/mapping"
	"caseway/mapping/casemodel"
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

// Act takes an action (POST /cases/[id]/actions/[name]). ifMatch are the
// header's values.
func (s *Service) Act(ctx context.Context, id, name string, body []byte, ifMatch []string) (Answer, error) {
	row := actionNamed(name)
	if row == nil {
		return Answer{}, newProblem(http.StatusNotFound, "not-found", "Not found", "there is no action of this name; /cases/openapi.json lists them")
	}
	var request ActionRequest
	if err := readStrictly(body, &request); err != nil {
		return Answer{}, err
	}
	argument, err := argumentFor(row, request.Argument)
	if err != nil {
		return Answer{}, err
	}
	seen, err := s.load(ctx, s.caller, id)
	if err != nil {
		return Answer{}, err
	}
	if err := checkIfMatch(ifMatch, seen.etag()); err != nil {
		return Answer{}, err
	}
	whole := seen
	if !s.open {
		if whole, err = s.load(ctx, s.server, id); err != nil {
			return Answer{}, err
		}
	}
	if err := s.loadOffered(ctx, s.server, whole, asked(argument)); err != nil {
		return Answer{}, err
	}
	p := &partial{seen: seen, whole: whole}
	answer, err := s.perform(ctx, whole, row, request, p.ask(argument, s.newIDs()))
	return answer, p.tell(err)
}

// argumentFor reads an action's argument as the type that it takes.
func argumentFor(row *action, text json.RawMessage) (any, error) {
	if row.argument == nil {
		if len(text) > 0 {
			return nil, badRequest("", Fault{Pointer: "/argument", Detail: "the action takes no argument"})
		}
		return nil, nil
	}
	if len(text) == 0 {
		text = json.RawMessage("{}")
	}
	if faults := checkBody(text, row.argument, "/argument"); len(faults) > 0 {
		return nil, badRequest("", faults...)
	}
	v := reflect.New(row.argument)
	if err := json.Unmarshal(text, v.Interface()); err != nil {
		return nil, badRequest("", Fault{Pointer: "/argument", Detail: "a value doesn't fit its element"})
	}
	return v.Elem().Interface(), nil
}

// perform takes one action on a stored case and stores what it changes.
func (s *Service) perform(ctx context.Context, a *assembled, row *action, request ActionRequest, argument any) (Answer, error) {
	ids := s.newIDs()
	result, step, err := s.step(ctx, a, row, request, argument, ids)
	if err != nil {
		return Answer{}, err
	}
	writes, lost, err := resources(a, &result, ids)
	if err != nil {
		return Answer{}, err
	}
	c := commit{a: a, writes: writes, row: row, step: step, ids: ids, notes: result.Notes, result: &result}
	return s.store(ctx, c, View{Changes: result.Changes, Losses: lossesOf(lost)})
}

// resources gives what a result comes to. A new part that its sender named gets
// an id of the server's, and what names it follows.
func resources(a *assembled, result *casemodel.Result, ids *newIDs) (writes []mapping.Write, lost mapping.Losses, err error) {
	writes, lost = mapping.Resources(&result.Case, a.stored)
	named := map[casemodel.Ref]casemodel.Ref{}
	for _, w := range writes {
		ref := casemodel.Ref(w.Key.String())
		if a.versions[w.Key] > 0 || ids.made[ref] {
			continue
		}
		if named[ref] != "" {
			return nil, nil, badRequest("", Fault{Part: ref, Detail: "the same part is there twice"})
		}
		named[ref] = ids.next(w.Key.Type)
	}
	if len(named) > 0 {
		rename(reflect.ValueOf(result).Elem(), named)
		writes, lost = mapping.Resources(&result.Case, a.stored)
	}
	return writes, lost, nil
}

// store commits an action and shows the case as it is then.
func (s *Service) store(ctx context.Context, c commit, v View) (Answer, error) {
	id, err := s.commit(ctx, c)
	if err != nil {
		return Answer{}, atTypes(err, c.writes)
	}
	after, err := s.load(ctx, s.caller, id)
	if err != nil {
		return Answer{}, err
	}
	if !s.open {
		v.seenBy(after)
	}
	if caseOf(c.a) != "" {
		return s.show(ctx, after, v, http.StatusOK)
	}
	answer, err := s.show(ctx, after, v, http.StatusCreated)
	answer.Location = "/cases/" + id
	return answer, err
}

// step judges an action by the rules.
func (s *Service) step(
	ctx context.Context, a *assembled, row *action, request ActionRequest, argument any, ids *newIDs,
) (casemodel.Result, casemodel.Step, error) {
	who, err := s.callerOf(ctx, s.server, &a.c)
	if err != nil {
		return casemodel.Result{}, casemodel.Step{}, err
	}
	actor, err := s.actorFor(who, request, row.name, &a.c)
	if err != nil {
		return casemodel.Result{}, casemodel.Step{}, err
	}
	step := casemodel.Step{Actor: actor, At: ids.now, Why: request.Reason, NewID: ids.next}
	result, err := row.do(a.c, step, argument)
	return result, step, err
}

// newIDs makes ids of new parts, under which the store keeps them, and remembers
// them.
type newIDs struct {
	now  time.Time
	made map[casemodel.Ref]bool
}

func (s *assembler) newIDs() *newIDs { return &newIDs{now: s.now(), made: map[casemodel.Ref]bool{}} }

func (n *newIDs) next(resourceType string) casemodel.Ref {
	ref := casemodel.Ref(resourceType + "/" + fhir.NewID(n.now))
	n.made[ref] = true
	return ref
}
