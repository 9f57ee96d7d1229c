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

// Create makes a case (POST /cases).
func (s *Service) Create(ctx context.Context, body []byte) (Answer, error) {
	var b NewCase
	if err := readStrictly(body, &b); err != nil {
		return Answer{}, err
	}
	if !slices.Contains(beginning, b.Action) {
		return Answer{}, badRequest("", Fault{Pointer: "/action", Detail: "a case begins with refer or open"})
	}
	row := actionNamed(string(b.Action))
	argument, err := argumentFor(row, b.Argument)
	if err != nil {
		return Answer{}, err
	}
	ids := s.newIDs()
	a, err := s.begin(ctx, b, ids)
	if err != nil {
		return Answer{}, err
	}
	result, step, err := s.step(ctx, a, row, ActionRequest{Role: b.Role, By: b.By, Reason: b.Reason}, argument, ids)
	if err != nil {
		return Answer{}, err
	}
	writes, lost, err := resources(a, &result, ids)
	if err != nil {
		return Answer{}, err
	}
	c := commit{a: a, writes: withBrought(writes, a), row: row, step: step, ids: ids}
	return s.store(ctx, c, View{Changes: result.Changes, Losses: lossesOf(lost)})
}

// begin assembles what there is of a case that isn't there yet: the client and
// what is brought in.
func (s *Service) begin(ctx context.Context, b NewCase, ids *newIDs) (*assembled, error) {
	if b.Client.Type() != "Patient" {
		return nil, badRequest("", Fault{Pointer: "/client", Detail: "must be a Patient, such as Patient/p1"})
	}
	a := &assembled{versions: map[fhir.Key]int64{}}
	if err := s.bring(ctx, a, b.Client, "/client", ""); err != nil {
		return nil, err
	}
	for i, ref := range b.Bring {
		at := "/bring/" + strconv.Itoa(i)
		if !slices.Contains(caseTypes, ref.Type()) || ref.Type() == "Patient" || ref.Type() == "EpisodeOfCare" {
			return nil, badRequest("", Fault{Pointer: at, Detail: "resources of this type aren't brought into a case"})
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
	a.c = mapping.AssembleOnly(a.stored)
	a.c.ID = strings.TrimPrefix(string(ids.next("EpisodeOfCare")), "EpisodeOfCare/")
	a.c.Client.ID = b.Client
	if err := s.mayBeShown(ctx, a.c.ID); err != nil {
		return nil, err
	}
	if b.Referral != "" {
		return a, a.refer(b.Referral)
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
func (s *Service) bring(ctx context.Context, a *assembled, ref casemodel.Ref, at string, client casemodel.Ref) error {
	refuse := func(text string) error {
		p := newProblem(http.StatusUnprocessableEntity, "not-found", "Something that the case needs isn't there", "")
		return p.found([]Fault{{Pointer: at, Detail: text}})
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
	if client != "" && !slices.Contains(subjectsOf(v.JSON), string(client)) {
		return refuse("isn't a resource of the client")
	}
	return s.add(a, key, v.VersionID, v.JSON)
}

// subjectsOf are whom a resource is about.
func subjectsOf(text []byte) []string {
	type ref struct {
		Reference string `json:"reference"`
	}
	var r struct {
		Patient, Subject, Beneficiary, For ref
	}
	var many struct {
		Subject []ref `json:"subject"`
	}
	all := []string{}
	_ = json.Unmarshal(text, &r)    // a Contract's subject is a list, and is read below
	_ = json.Unmarshal(text, &many) // what is stored is JSON
	for _, x := range append(many.Subject, r.Patient, r.Subject, r.Beneficiary, r.For) {
		if x.Reference != "" {
			all = append(all, x.Reference)
		}
	}
	return all
}

// withBrought writes also what comes into the case as it is, but for people.
func withBrought(writes []mapping.Write, a *assembled) []mapping.Write {
	for _, m := range a.stored {
		key := keyOf(m)
		written := slices.ContainsFunc(writes, func(w mapping.Write) bool { return w.Key == key })
		if !written && !slices.Contains(caseless, key.Type) {
			writes = append(writes, mapping.Write{Key: key, Resource: m, Stored: m})
		}
	}
	return writes
}
