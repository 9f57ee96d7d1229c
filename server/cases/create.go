package cases

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"caseway/fhir"
	"caseway/mapping"
	"caseway/mapping/casemodel"
	"caseway/server/cases/assembly"
	"caseway/server/cases/change"
	"caseway/server/cases/problem"
)

// NewCase is the body that makes a case.
type NewCase struct {
	// Action is how the case begins: refer or open.
	Action casemodel.Action `json:"action"`
	// Client is the Patient whose case it is.
	Client casemodel.Ref `json:"client"`
	// Bring are stored resources of the client that come into the case: policies
	// (Coverage), relatives (RelatedPerson), consents, conditions, …
	Bring []casemodel.Ref `json:"bring,omitempty"`
	// Referral is a stored ServiceRequest of the client's that the case answers;
	// with open.
	Referral casemodel.Ref   `json:"referral,omitempty"`
	Role     casemodel.Role  `json:"role,omitempty"`
	By       casemodel.Party `json:"by,omitzero"`
	Reason   string          `json:"reason,omitempty"`
	// Argument is that of the action.
	Argument json.RawMessage `json:"argument,omitempty"`
}

// Create makes a case.
func (s *Service) Create(ctx context.Context, b NewCase) (Answer[View], error) {
	if !slices.Contains(BeginningActions, b.Action) {
		return Answer[View]{}, problem.BadRequest("", problem.Fault{Pointer: "/action", Detail: "a case begins with refer or open"})
	}
	row, err := Definition(b.Action)
	if err != nil {
		return Answer[View]{}, err
	}
	argument, err := argumentFor(row, b.Argument)
	if err != nil {
		return Answer[View]{}, err
	}
	ids := s.assembler.NewIDs()
	a, err := s.begin(ctx, b, ids)
	if err != nil {
		return Answer[View]{}, err
	}
	result, step, err := s.step(ctx, a, row, ActionRequest{Role: b.Role, By: b.By, Reason: b.Reason}, argument, ids)
	if err != nil {
		return Answer[View]{}, err
	}
	writes, lost, err := resources(a, &result, ids)
	if err != nil {
		return Answer[View]{}, err
	}
	c := change.Commit{Case: a, Writes: change.WithBrought(writes, a), Action: row.Name, Step: step, IDs: ids}
	return s.store(ctx, c, View{Changes: result.Changes, Losses: change.LossesOf(lost)}, b.Argument)
}

// begin assembles what there is of a case that isn't there yet: the client and
// what is brought in.
func (s *Service) begin(ctx context.Context, b NewCase, ids *assembly.IDs) (*assembly.Assembled, error) {
	if b.Client.Type() != "Patient" {
		return nil, problem.BadRequest("", problem.Fault{Pointer: "/client", Detail: "must be a Patient, such as Patient/p1"})
	}
	a := &assembly.Assembled{Versions: map[fhir.Key]int64{}}
	if err := s.bring(ctx, a, b.Client, "/client", ""); err != nil {
		return nil, err
	}
	for i, ref := range b.Bring {
		at := "/bring/" + strconv.Itoa(i)
		if !slices.Contains(assembly.CaseTypes, ref.Type()) || ref.Type() == "Patient" || ref.Type() == "EpisodeOfCare" {
			return nil, problem.BadRequest("", problem.Fault{Pointer: at, Detail: "resources of this type aren't brought into a case"})
		}
		if err := s.bring(ctx, a, ref, at, b.Client); err != nil {
			return nil, err
		}
	}
	if b.Referral != "" {
		if err := s.bringReferral(ctx, a, b); err != nil {
			return nil, err
		}
	}
	a.Case = mapping.AssembleOnly(a.Stored)
	a.Case.ID = strings.TrimPrefix(string(ids.Next("EpisodeOfCare")), "EpisodeOfCare/")
	a.Case.Client.ID = b.Client
	if err := s.mayBeShown(ctx, a.Case.ID); err != nil {
		return nil, err
	}
	if b.Referral != "" {
		return a, refer(a, b.Referral)
	}
	return a, nil
}

// mayBeShown refuses who may read no EpisodeOfCare at all, before a case is
// stored that its maker could not be shown.
func (s *Service) mayBeShown(ctx context.Context, id string) error {
	_, err := s.caller.Read(ctx, fhir.Key{Type: "EpisodeOfCare", ID: id})
	if fhir.Is(err, fhir.NotFound, fhir.Gone) {
		return nil
	}
	return err
}

// bring reads a resource that the caller sees, and that is the client's.
func (s *Service) bring(ctx context.Context, a *assembly.Assembled, ref casemodel.Ref, at string, client casemodel.Ref) error {
	refuse := func(text string) error {
		p := problem.New(http.StatusUnprocessableEntity, "not-found", "Something that the case needs isn't there", "")
		return p.With([]problem.Fault{{Pointer: at, Detail: text}})
	}
	key, ok := fhir.ParseKey(string(ref))
	if !ok {
		return refuse("isn't a resource of this server")
	}
	v, err := s.caller.Read(ctx, key)
	if fhir.Is(err, fhir.NotFound, fhir.Gone) {
		return refuse("there is no such resource")
	}
	if err != nil {
		return err
	}
	if client != "" && !slices.Contains(change.SubjectsOf(v.JSON), string(client)) {
		return refuse("isn't a resource of the client")
	}
	return s.assembler.Add(a, key, v.VersionID, v.JSON)
}
