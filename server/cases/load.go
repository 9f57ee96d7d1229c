package cases

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
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

// load finds a case whole, as far as the caller in ctx may see it, and
// assembles it. It fails as reading the EpisodeOfCare does.
func (s *Service) load(ctx context.Context, id string) (*assembled, error) {
	return s.loadBy(ctx, id, s.decode)
}

// loadBy is load by a way of decoding.
func (s *Service) loadBy(ctx context.Context, id string, decode func(partKey, []byte) (proto.Message, error)) (*assembled, error) {
	if !fhir.IsID(id) {
		return nil, fhir.NewError(fhir.NotFound, fhir.IssueNotFound, "there is no case of this id")
	}
	belonging, err := s.engine().Belonging(ctx, fhir.Key{Type: "EpisodeOfCare", ID: id}, caseTypes)
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
	return a, s.loadNetworks(ctx, a, organizationsOf(&a.c))
}

// bundle is what is read of a searchset.
type bundle struct {
	Link []struct {
		Relation string `json:"relation"`
		URL      string `json:"url"`
	} `json:"link"`
	Entry []struct {
		Resource json.RawMessage `json:"resource"`
	} `json:"entry"`
}

// cursor is that of the page behind, "" for none.
func (b *bundle) cursor() string {
	for _, l := range b.Link {
		if l.Relation != "next" {
			continue
		}
		if u, err := url.Parse(l.URL); err == nil {
			return u.Query().Get(interaction.CursorParameter)
		}
	}
	return ""
}

// take adds the resources of a page, and gives the cursor of the next one.
func (s *Service) take(a *assembled, page []byte) (cursor string, err error) {
	var b bundle
	if err := json.Unmarshal(page, &b); err != nil {
		return "", fmt.Errorf("a page of a case: %w", err)
	}
	for _, e := range b.Entry {
		if err := s.add(a, e.Resource); err != nil {
			return "", err
		}
	}
	return b.cursor(), nil
}

// header is what every stored resource says of itself.
type header struct {
	ResourceType string `json:"resourceType"`
	ID           string `json:"id"`
	Meta         struct {
		VersionID string `json:"versionId"`
	} `json:"meta"`
}

// add adds a stored resource once.
func (s *Service) add(a *assembled, text []byte) error {
	var h header
	if err := json.Unmarshal(text, &h); err != nil {
		return fmt.Errorf("a resource of a case: %w", err)
	}
	key := fhir.Key{Type: h.ResourceType, ID: h.ID}
	version, err := strconv.ParseInt(h.Meta.VersionID, 10, 64)
	if err != nil || key.Type == "OperationOutcome" {
		return nil //nolint:nilerror // what has no version isn't stored
	}
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
func (s *Service) decode(k partKey, text []byte) (proto.Message, error) {
	if m, known := s.parts.get(k); known {
		return m, nil
	}
	tree, err := fhir.Decode(s.schema, text, fhir.Limits{Bytes: len(text), Depth: fhir.DefaultLimits.Depth})
	if tree == nil || tree.Type() == nil {
		return nil, fmt.Errorf("a stored resource doesn't decode: %w", err)
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

// loadNetworks adds which networks organizations around the case belong to.
// Where the caller may not search for that, none is known.
func (s *Service) loadNetworks(ctx context.Context, a *assembled, around []string) error {
	if len(around) == 0 {
		return nil
	}
	return s.addNetworks(ctx, a, search.Pair{Name: "participating-organization", Value: strings.Join(around, ",")}, "200")
}

// addNetworks adds as many OrganizationAffiliations as are wanted.
func (s *Service) addNetworks(ctx context.Context, a *assembled, which search.Pair, count string) error {
	page, err := s.engine().Search(ctx, interaction.SearchRequest{Type: "OrganizationAffiliation", Parameters: []search.Pair{
		which, {Name: "_count", Value: count},
	}})
	if fe := (*fhir.Error)(nil); errors.As(err, &fe) && fe.Kind == fhir.Forbidden {
		return nil
	}
	if err != nil {
		return err
	}
	n := len(a.stored)
	if _, err := s.take(a, page); err != nil {
		return err
	}
	if len(a.stored) > n {
		a.c = s.parts.assemble(a.stored)
	}
	return nil
}

// loadOffered adds which networks organizations belong to that are offered a
// service, and whether the client's insurers have networks at all.
func (s *Service) loadOffered(ctx context.Context, a *assembled, offered []string) error {
	if len(offered) == 0 {
		return nil
	}
	if err := s.loadNetworks(ctx, a, offered); err != nil {
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
	return s.addNetworks(ctx, a, search.Pair{Name: "primary-organization", Value: strings.Join(insurers, ",")}, "1")
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
