package assembly

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

// CaseTypes are the resource types that a case is assembled from.
var CaseTypes = []string{
	"Appointment", "CarePlan", "CareTeam", "Claim", "ClaimResponse", "Communication", "CommunicationRequest", "Condition",
	"Consent", "Contract", "Coverage", "CoverageEligibilityResponse", "DocumentReference", "Encounter", "EpisodeOfCare", "Flag",
	"Goal", "Invoice", "Observation", "Patient", "Practitioner", "QuestionnaireResponse", "RelatedPerson", "RiskAssessment",
	"ServiceRequest", "Task",
}

// Caseless are the types that belong to no case though a case changes them.
var Caseless = []string{"Patient", "Practitioner", "Organization", "OrganizationAffiliation", "Device", "AuditEvent"}

// Assembled is a case with the resources that it was assembled from.
type Assembled struct {
	Case     casemodel.Case
	Stored   []proto.Message
	Versions map[fhir.Key]int64
}

// ETag changes whenever one of the resources does.
func (a *Assembled) ETag() string {
	lines := make([]string, 0, len(a.Versions))
	for key, version := range a.Versions {
		lines = append(lines, key.String()+"/"+strconv.FormatInt(version, 10))
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}

// Holds reports whether a case has the resources of another reading of it in the
// same versions.
func (a *Assembled) Holds(other *Assembled) bool {
	for key, version := range other.Versions {
		if a.Versions[key] != version {
			return false
		}
	}
	return true
}

// Shows reports whether a case as its caller sees it has the resource of a part,
// where the part has one.
func (a *Assembled) Shows(part string) bool {
	key, ok := fhir.ParseKey(part)
	_, there := a.Versions[key]
	return !ok || there
}

// Load finds a case whole, as far as a session shows it, and assembles it. It
// fails as reading the EpisodeOfCare does.
func (s *Assembler) Load(ctx context.Context, as Session, id string) (*Assembled, error) {
	return s.loadBy(ctx, as, id, s.decode)
}

// loadBy is load by a way of decoding.
func (s *Assembler) loadBy(ctx context.Context, as Session, id string, decode func(partKey, []byte) (proto.Message, error)) (*Assembled, error) {
	if !fhir.IsID(id) {
		return nil, fhir.NewError(fhir.NotFound, fhir.IssueNotFound, "there is no case of this id")
	}
	belonging, err := as.Belonging(ctx, fhir.Key{Type: "EpisodeOfCare", ID: id}, CaseTypes)
	if err != nil {
		return nil, err
	}
	a := &Assembled{Versions: make(map[fhir.Key]int64, len(belonging)), Stored: make([]proto.Message, 0, len(belonging))}
	for _, v := range belonging {
		m, err := decode(partKey{key: v.Key, version: v.VersionID}, v.JSON)
		if err != nil {
			return nil, err
		}
		a.keep(v.Key, v.VersionID, m)
	}
	a.Case = s.parts.assemble(a.Stored)
	return a, s.loadNetworks(ctx, as, a, organizationsOf(&a.Case))
}

// AddHits adds stored resources, each once.
func (s *Assembler) AddHits(a *Assembled, hits []search.Hit) error {
	for _, h := range hits {
		if err := s.Add(a, h.Key, h.VersionID, h.JSON); err != nil {
			return err
		}
	}
	return nil
}

// Add adds a version of a stored resource, once.
func (s *Assembler) Add(a *Assembled, key fhir.Key, version int64, text []byte) error {
	m, err := s.decode(partKey{key: key, version: version}, text)
	a.keep(key, version, m)
	return err
}

// keep adds a version of a resource once; one that no part is kept as is left
// out.
func (a *Assembled) keep(key fhir.Key, version int64, m proto.Message) {
	if _, there := a.Versions[key]; there || m == nil {
		return
	}
	a.Versions[key] = version
	a.Stored = append(a.Stored, m)
}

// decode gives the proto of a version; nil for a type that no part is kept as.
func (s *Assembler) decode(k partKey, text []byte) (proto.Message, error) {
	if m, known := s.parts.get(k); known {
		return m, nil
	}
	tree, err := s.Tree(text)
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

// Tree decodes a resource that is stored, or that this server makes.
func (s *Assembler) Tree(text []byte) (*fhir.Tree, error) {
	return fhir.DecodeStored(s.Schema, text)
}

// loadNetworks adds which networks organizations around the case belong to.
// Where the caller may not search for that, none is known.
func (s *Assembler) loadNetworks(ctx context.Context, as Session, a *Assembled, around []string) error {
	if len(around) == 0 {
		return nil
	}
	return s.addNetworks(ctx, as, a, search.Pair{Name: "participating-organization", Value: strings.Join(around, ",")}, "200")
}

// addNetworks adds as many OrganizationAffiliations as are wanted.
func (s *Assembler) addNetworks(ctx context.Context, as Session, a *Assembled, which search.Pair, count string) error {
	page, err := as.Find(ctx, interaction.SearchRequest{Type: "OrganizationAffiliation", Parameters: []search.Pair{
		which, {Name: "_count", Value: count},
	}})
	if fhir.Is(err, fhir.Forbidden) {
		return nil
	}
	if err != nil {
		return err
	}
	n := len(a.Stored)
	if err := s.AddHits(a, page.Matches); err != nil {
		return err
	}
	if len(a.Stored) > n {
		a.Case = s.parts.assemble(a.Stored)
	}
	return nil
}

// LoadOffered adds which networks organizations belong to that are offered a
// service, and whether the client's insurers have networks at all.
func (s *Assembler) LoadOffered(ctx context.Context, as Session, a *Assembled, offered []string) error {
	if len(offered) == 0 {
		return nil
	}
	if err := s.loadNetworks(ctx, as, a, offered); err != nil {
		return err
	}
	var insurers []string
	for _, p := range a.Case.Insurers() {
		if p.Ref.Type() == "Organization" {
			insurers = append(insurers, string(p.Ref))
		}
	}
	if len(insurers) == 0 {
		return nil
	}
	return s.addNetworks(ctx, as, a, search.Pair{Name: "primary-organization", Value: strings.Join(insurers, ",")}, "1")
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
