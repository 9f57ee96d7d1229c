package cases

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/mapping"
	"caseway/mapping/casemodel"
	"caseway/server/cases/assembly"
	"caseway/server/cases/change"
	"caseway/server/cases/problem"
)

// Edit is a request that changes a case by hand, and not by an action: the case
// itself, or one of its parts.
type Edit struct {
	Case string // id
	// List, Type and ID name a part (goals, Goal, g1); a new one has a List
	// alone, the case itself none of them.
	List, Type, ID string
	// Method is PUT, PATCH, POST (of a new part) or DELETE (of a part).
	Method string
	// MediaType of the Body; for PATCH it says which kind of patch it is.
	MediaType string
	Body      []byte
	// Query may say role, by and reason, which the body has no place for, and as
	// which view of the case the body is meant.
	Query   []search.Pair
	IfMatch []string // the header's values

	view string // of the case that is edited, "" where the request doesn't say
}

// part is the id of the part that is edited, "" for the case or a new part.
func (e *Edit) part() casemodel.Ref {
	if e.ID == "" {
		return ""
	}
	return casemodel.Ref(e.Type + "/" + e.ID)
}

// Edit changes a case by hand, in one commit, and shows it as it is then.
func (s *Service) Edit(ctx context.Context, e Edit) (Answer[View], error) {
	if err := e.check(); err != nil {
		return Answer[View]{}, err
	}
	request, err := e.request()
	if err != nil {
		return Answer[View]{}, err
	}
	seen, err := s.assembler.Load(ctx, s.caller, e.Case)
	if err != nil {
		return Answer[View]{}, err
	}
	if err := e.checkMatch(seen); err != nil {
		return Answer[View]{}, err
	}
	whole := seen
	if !s.assembler.Open {
		if whole, err = s.assembler.Load(ctx, s.server, e.Case); err != nil {
			return Answer[View]{}, err
		}
		if !whole.Holds(seen) {
			return Answer[View]{}, errChanged
		}
	}
	ids := s.assembler.NewIDs()
	d, err := s.draft(e, seen, ids)
	if err != nil {
		return Answer[View]{}, err
	}
	return s.edit(ctx, e, request, whole, d, ids)
}

// edit judges an edited case and stores what it changes.
func (s *Service) edit(ctx context.Context, e Edit, request ActionRequest, whole *assembly.Assembled, d *draft, ids *assembly.IDs) (Answer[View], error) {
	who, err := s.assembler.CallerOf(ctx, s.server, &whole.Case)
	if err != nil {
		return Answer[View]{}, err
	}
	actors, err := editors(who, request)
	if err != nil {
		return Answer[View]{}, err
	}
	after := d.onto(&whole.Case)
	if len(d.removed) == 0 && len(casemodel.Diff(whole.Case, after)) == 0 {
		return s.showEdited(ctx, d, View{}, false)
	}
	result, step, err := s.judgeEdit(actors, request, &whole.Case, after, d.removed, ids)
	if err != nil {
		return Answer[View]{}, d.tell(err, &after, whole)
	}
	writes, lost := mapping.Resources(&result.Case, whole.Stored)
	if len(writes) == 0 { // FHIR has no place for any of it
		return s.showEdited(ctx, d, View{Losses: change.LossesOf(lost)}, false)
	}
	c := change.Commit{Case: whole, Writes: writes, Action: editAction(e.Method), Step: step, IDs: ids, Result: &result}
	if _, err := s.writer.Commit(ctx, c); err != nil {
		return Answer[View]{}, d.tellRefused(err, writes)
	}
	return s.showEdited(ctx, d, View{Changes: result.Changes, Losses: change.LossesOf(lost)}, d.stored(writes))
}

// What edits are called in Provenance.
const (
	addPart    casemodel.Action = "add"
	removePart casemodel.Action = "remove"
	changeCase casemodel.Action = "change"
)

// editAction names an edit by its method.
func editAction(method string) casemodel.Action {
	switch method {
	case http.MethodPost:
		return addPart
	case http.MethodDelete:
		return removePart
	}
	return changeCase
}

// judgeEdit judges an edit in each role that its author may have: one that may
// make it is enough.
func (s *Service) judgeEdit(
	actors []casemodel.Actor, request ActionRequest, before *casemodel.Case, after casemodel.Case, removed []casemodel.Ref, ids *assembly.IDs,
) (casemodel.Result, casemodel.Step, error) {
	var first error
	for _, actor := range actors {
		step := casemodel.Step{Actor: actor, At: ids.Now, Why: request.Reason, NewID: ids.Next}
		result, err := casemodel.Edit(*before, after, removed, step)
		if err == nil {
			return result, step, nil
		}
		if first == nil {
			first = err
		}
	}
	return casemodel.Result{}, casemodel.Step{}, first
}

// editors are who may make an edit: the caller in the role that was asked for,
// or in each of theirs. Where nobody logs in, the request says it.
func editors(who *assembly.Caller, request ActionRequest) ([]casemodel.Actor, error) {
	switch {
	case who == nil && request.Role == "":
		return nil, problem.BadRequest("without a login the parameter role must say in which role the case is edited")
	case who == nil:
		return []casemodel.Actor{{Role: request.Role, Party: request.By}}, nil
	case !request.By.IsZero() && !request.By.Same(who.Party) && !request.By.Same(who.Organization):
		return nil, problem.BadRequest("a case is edited by who is logged in; leave the parameter by out")
	case request.Role != "" && !slices.Contains(who.Roles, request.Role):
		p := problem.New(http.StatusForbidden, "forbidden", "Forbidden", "")
		return nil, p.With([]problem.Fault{{Rule: "role-not-allowed", Detail: "the role that the parameter names isn't the caller's in this case"}})
	case request.Role != "":
		return []casemodel.Actor{who.Actor(request.Role)}, nil
	}
	var all []casemodel.Actor
	for _, r := range who.Roles {
		all = append(all, who.Actor(r))
	}
	return all, nil
}

// request reads who edits, and why, from the URL's parameters.
func (e *Edit) request() (ActionRequest, error) {
	var d ActionRequest
	seen := map[string]bool{}
	for _, p := range e.Query {
		if seen[p.Name] {
			return d, problem.BadRequest("the parameter " + p.Name + " is there twice")
		}
		seen[p.Name] = true
		switch p.Name {
		case "role":
			d.Role = casemodel.Role(p.Value)
			if !slices.Contains(casemodel.Roles(), d.Role) {
				return d, problem.BadRequest("the parameter role isn't one of the roles of cases")
			}
		case "by":
			d.By.Ref = casemodel.Ref(p.Value)
			if key, ok := fhir.ParseKey(p.Value); !ok || key.Type == "" {
				return d, problem.BadRequest("the parameter by must be Type/id, such as Practitioner/p1")
			}
		case "reason":
			d.Reason = strings.TrimSpace(p.Value)
		case "view":
			if e.List != "" || p.Value != ViewSummary && p.Value != ViewWhole {
				return d, problem.BadRequest("the parameter view of an edit of a case must be summary or whole")
			}
			e.view = p.Value
		default:
			return d, problem.BadRequest("edits take the parameters role, by and reason only, and view for the case itself")
		}
	}
	return d, nil
}

// check refuses what can't be edited whatever the case is like.
func (e *Edit) check() error {
	if e.List == "" {
		return nil
	}
	l := listNamed(e.List)
	if l == nil || e.ID != "" && !slices.Contains(l.Types, e.Type) {
		return problem.New(http.StatusNotFound, "not-found", "Not found", "a case has no such list of parts; /cases/openapi.json names them")
	}
	if slices.Contains(l.Methods(e.ID != ""), e.Method) {
		return nil
	}
	p := problem.New(http.StatusMethodNotAllowed, "not-supported", "Not allowed here", "")
	f := problem.Fault{Rule: "kept-elsewhere", Detail: "the case shows these parts and doesn't own them; change the resources over FHIR"}
	if makers := casemodel.EditingOf(l.Kind).Makers; len(makers) > 0 {
		f = problem.Fault{Rule: "action-needed", Actions: makers, Detail: "these parts are made by an action of the case"}
	}
	return p.With([]problem.Fault{f})
}

var errChanged = problem.New(http.StatusPreconditionFailed, "version-conflict", "The case has changed",
	"the case isn't in the state that If-Match names; read it again")

// checkMatch refuses an edit of another state than its author saw. For a part,
// the state of that part is enough.
func (e *Edit) checkMatch(seen *assembly.Assembled) error {
	tags := []string{seen.ETag()}
	if ref := e.part(); ref != "" {
		p, found := partOf(&seen.Case, e.List, ref)
		if !found {
			return problem.New(http.StatusNotFound, "not-found", "Not found", "the case has no such part")
		}
		tags = append(tags, partTag(p.Value))
	}
	if len(e.IfMatch) == 0 && e.Method != http.MethodPost {
		return problem.New(http.StatusPreconditionRequired, "precondition-required", "If-Match is needed",
			"an edit needs If-Match with the ETag of what was read, so that it overwrites nothing unseen")
	}
	if len(e.IfMatch) == 0 || slices.ContainsFunc(tags, func(tag string) bool { return matches(e.IfMatch, tag) }) {
		return nil
	}
	return errChanged
}

// stored reports whether an edit adds a part that FHIR has a resource for.
func (d *draft) stored(writes []mapping.Write) bool {
	return slices.ContainsFunc(writes, func(w mapping.Write) bool { return w.Key.String() == string(d.added) })
}

// showEdited shows a case after an edit; added says whether there is a new part.
func (s *Service) showEdited(ctx context.Context, d *draft, v View, added bool) (Answer[View], error) {
	after, err := s.assembler.Load(ctx, s.caller, d.base.ID)
	if err != nil {
		return Answer[View]{}, err
	}
	if !s.assembler.Open {
		v.seenBy(after)
	}
	path := "/cases/" + d.base.ID
	if !added {
		answer, err := s.show(ctx, after, v)
		answer.ContentLocation = path + "?view=whole"
		return answer, err
	}
	answer, err := s.show(ctx, after, v)
	answer.Location, answer.ContentLocation = path+"/"+d.list+"/"+string(d.added), path+"?view=whole"
	return answer, err
}
