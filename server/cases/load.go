package cases

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/mapping"
	"caseway/mapping/casemodel"
	"caseway/mapping/fhirproto"

	"google.golang.org/protobuf/proto"
)

// caseTypes are the resource types that a case is assembled from.
var caseTypes = []string{
	"Appointment", "CarePlan", "CareTeam", "Claim", "ClaimResponse", "Communication", "CommunicationRequest", "Condition",
	"Consent", "Contract", "Coverage", "CoverageEligibilityResponse", "DocumentReference", "Encounter", "EpisodeOfCare", "Flag",
	"Goal", "Invoice", "Observation", "Patient", "Practitioner", "QuestionnaireResponse", "RelatedPerson", "RiskAssessment",
	"ServiceRequest", "Task",
}

// assembled is a case with the resources that it was assembled from.
type assembled struct {
	c        casemodel.Case
	stored   []proto.Message
	versions map[fhir.Key]int64
}

// etag changes whenever one of the resources does.
func (a *assembled) etag() string {
	lines := make([]string, 0, len(a.versions))
	for key, version := range a.versions {
		lines = append(lines, key.String()+"/"+strconv.FormatInt(version, 10))
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}

// load finds a case whole, as far as a session shows it, and assembles it. It
// fails as reading the EpisodeOfCare does.
func (s *assembler) load(ctx context.Context, as Session, id string) (*assembled, error) {
	return s.loadBy(ctx, as, id, s.decode)
}

// loadBy is load by a way of decoding.
func (s *assembler) loadBy(ctx context.Context, as Session, id string, decode func(partKey, []byte) (proto.Message, error)) (*assembled, error) {
	if !fhir.IsID(id) {
		return nil, fhir.NewError(fhir.NotFound, fhir.IssueNotFound, "there is no case of this id")
	}
	belonging, err := as.Belonging(ctx, fhir.Key{Type: "EpisodeOfCare", ID: id}, caseTypes)
	if err != nil {
		return nil, err
	}
	a := &assembled{versions: make(map[fhir.Key]int64, len(belonging)), stored: make([]proto.Message, 0, len(belonging))}
	for _, v := range belonging {
		m, err := decode(partKey{key: v.Key, version: v.VersionID}, v.JSON)
		if err != nil {
			return nil, err
		}
		a.keep(v.Key, v.VersionID, m)
	}
	a.c = s.parts.assemble(a.stored)
	return a, s.loadNetworks(ctx, as, a, organizationsOf(&a.c))
}

// addHits adds stored resources, each once.
func (s *assembler) addHits(a *assembled, hits []search.Hit) error {
	for _, h := range hits {
		if err := s.add(a, h.Key, h.VersionID, h.JSON); err != nil {
			return err
		}
	}
	return nil
}

// add adds a version of a stored resource, once.
func (s *assembler) add(a *assembled, key fhir.Key, version int64, text []byte) error {
	m, err := s.decode(partKey{key: key, version: version}, text)
	a.keep(key, version, m)
	return err
}

// keep adds a version of a resource once; one that no part is kept as is left
// out.
func (a *assembled) keep(key fhir.Key, version int64, m proto.Message) {
	if _, there := a.versions[key]; there || m == nil {
		return
	}
	a.versions[key] = version
	a.stored = append(a.stored, m)
}

// decode gives the proto of a version; nil for a type that no part is kept as.
func (s *assembler) decode(k partKey, text []byte) (proto.Message, error) {
	if m, known := s.parts.get(k); known {
		return m, nil
	}
	tree, err := s.tree(text)
	if err != nil {
		return nil, err
	}
	m, err := mapping.Decode(tree)
	if errors.Is(err, fhirproto.ErrNoProto) {
		return nil, nil
	}
	if m == nil {
		return nil, fmt.Errorf("a stored resource has no proto: %w", err)
	}
	s.parts.put(k, m)
	return m, nil
}

// tree decodes a resource that is stored, or that this server makes.
func (s *assembler) tree(text []byte) (*fhir.Tree, error) {
	return fhir.DecodeStored(s.schema, text)
}

// loadNetworks adds which networks organizations around the case belong to.
// Where the caller may not search for that, none is known.
func (s *assembler) loadNetworks(ctx context.Context, as Session, a *assembled, around []string) error {
	if len(around) == 0 {
		return nil
	}
	return s.addNetworks(ctx, as, a, search.Pair{Name: "participating-organization", Value: strings.Join(around, ",")}, "200")
}

// addNetworks adds as many OrganizationAffiliations as are wanted.
func (s *assembler) addNetworks(ctx context.Context, as Session, a *assembled, which search.Pair, count string) error {
	page, err := as.Find(ctx, interaction.SearchRequest{Type: "OrganizationAffiliation", Parameters: []search.Pair{
		which, {Name: "_count", Value: count},
	}})
	if fhir.Is(err, fhir.Forbidden) {
		return nil
	}
	if err != nil {
		return err
	}
	n := len(a.stored)
	if err := s.addHits(a, page.Matches); err != nil {
		return err
	}
	if len(a.stored) > n {
		a.c = s.parts.assemble(a.stored)
	}
	return nil
}

// loadOffered adds which networks organizations belong to that are offered a
// service, and whether the client's insurers have networks at all.
func (s *assembler) loadOffered(ctx context.Context, as Session, a *assembled, offered []string) error {
	if len(offered) == 0 {
		return nil
	}
	if err := s.loadNetworks(ctx, as, a, offered); err != nil {
		return err
	}
	var insurers []string
	for _, p := range a.c.Insurers() {
		if p.Ref.Type() == "Organization" {
			insurers = append(insurers, string(p.Ref))
		}
	}
	if len(insurers) == 0 {
		return nil
	}
	return s.addNetworks(ctx, as, a, search.Pair{Name: "primary-organization", Value: strings.Join(insurers, ",")}, "1")
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

// organizationsOf are the organizations that take part in a case.
func organizationsOf(c *casemodel.Case) []string {
	var all []string
	add := func(p casemodel.Party) {
		if p.Ref.Type() == "Organization" && !slices.Contains(all, string(p.Ref)) && len(all) < 100 {
			all = append(all, string(p.Ref))
		}
	}
	for _, t := range c.Teams {
		for _, m := range t.Members {
			add(m.Party)
			add(m.OnBehalfOf)
		}
	}
	for _, x := range c.Services {
		for _, o := range x.Offers {
			add(o.Provider)
		}
	}
	return all
}
