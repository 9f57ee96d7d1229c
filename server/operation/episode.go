package operation

import (
	"context"
	"encoding/json"
	"strings"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/mapping"
	"caseway/mapping/casemodel"
	"caseway/server/cases"
)

// role is in which role a step is taken; where somebody logs in, the case API
// finds out.
func (s *Service) role() casemodel.Role {
	if s.open {
		return casemodel.RoleCaseManager
	}
	return ""
}

// openEpisode is EpisodeOfCare/$open: a new case with its team and first tasks.
func (s *Service) openEpisode(ctx context.Context, c call) ([]byte, error) {
	a := casemodel.Opening{
		Model: casemodel.Model(c.given.text("model")), Setting: casemodel.Setting(c.given.text("setting")),
		TargetPopulation: conceptIn(c.given["targetPopulation"]),
		Manager:          partyIn(c.given["careManager"]), ManagingOrganization: partyIn(c.given["organization"]),
	}
	if err := s.takeTemplate(ctx, c, &a); err != nil {
		return nil, err
	}
	b := cases.NewCase{
		Action: casemodel.ActionOpen, Client: casemodel.Ref(c.local("subject")), Referral: casemodel.Ref(c.local("referral")), Role: s.role(),
		Reason: c.given.text("reason"), Argument: encoded(a),
	}
	if b.Client.Type() != "Patient" {
		return nil, invalid("subject", "must be a Patient of this server, such as Patient/p1")
	}
	answer, err := s.cases.Create(ctx, b)
	if err != nil {
		return nil, err
	}
	return s.episode(ctx, strings.TrimPrefix(answer.Location, "/cases/"))
}

func (s *Service) episode(ctx context.Context, id string) ([]byte, error) {
	v, err := s.engine.Read(ctx, fhir.Key{Type: "EpisodeOfCare", ID: id})
	return v.JSON, err
}

// takeTemplate finds the template that a case is to begin with. A built-in one
// says no more than its model.
func (s *Service) takeTemplate(ctx context.Context, c call, a *casemodel.Opening) error {
	url := c.given.text("planDefinition")
	if url == "" {
		return nil
	}
	text, err := s.resolve(ctx, "PlanDefinition", url)
	if err != nil {
		return err
	}
	if text == nil {
		return fhir.NewError(fhir.Unprocessable, fhir.IssueNotFound, "parameter planDefinition names no PlanDefinition of this server")
	}
	t, err := mapping.TemplateFromPlanDefinition(text)
	if err != nil {
		return err
	}
	if a.Model == "" {
		a.Model = t.Model
	}
	a.Template = &t
	return nil
}

// resolve finds a definition by its canonical URL, with |version or without
// (https://hl7.org/fhir/R4/references.html#canonical), or by Type/id; nil for
// none. A stored one goes before one that the server brings along.
func (s *Service) resolve(ctx context.Context, typ, url string) ([]byte, error) {
	url, version, _ := strings.Cut(url, "|")
	key, local := fhir.ParseKey(url)
	if !local {
		found, err := s.byURL(ctx, typ, url, version)
		if err != nil || found != nil {
			return found, err
		}
		id, ours := strings.CutPrefix(url, fhir.CanonicalBase+"/"+typ+"/")
		if key = (fhir.Key{Type: typ, ID: id}); !ours || version != "" {
			return nil, nil
		}
	}
	if key.Type != typ || !fhir.IsID(key.ID) {
		return nil, nil
	}
	v, err := s.engine.Read(ctx, key)
	if isMissing(err) {
		return nil, nil
	}
	return v.JSON, err
}

// byURL searches for a definition; the latest of several.
func (s *Service) byURL(ctx context.Context, typ, url, version string) ([]byte, error) {
	pairs := []search.Pair{{Name: "url", Value: search.Escape(url)}, {Name: "_sort", Value: "-_lastUpdated"}, {Name: "_count", Value: "1"}}
	if version != "" {
		pairs = append(pairs, search.Pair{Name: "version", Value: search.Escape(version)})
	}
	page, err := s.engine.Find(ctx, interaction.SearchRequest{Type: typ, Parameters: pairs})
	if err != nil || len(page.Matches) == 0 {
		return nil, err
	}
	return page.Matches[0].JSON, nil
}

// closeEpisode is EpisodeOfCare/[id]/$close.
func (s *Service) closeEpisode(ctx context.Context, c call) ([]byte, error) {
	closure := casemodel.Closure{
		Reason: conceptIn(c.given["reason"]), Summary: c.given.text("summary"), HandOver: c.given.text("handOver"), To: partyIn(c.given["to"]),
	}
	request := cases.ActionRequest{Role: s.role(), Argument: encoded(closure)}
	if _, err := s.cases.Act(ctx, c.Key.ID, casemodel.ActionClose, request, nil); err != nil {
		return nil, err
	}
	return s.episode(ctx, c.Key.ID)
}

// conceptIn is a CodeableConcept that is given, the zero one for none.
func conceptIn(given []json.RawMessage) casemodel.Concept {
	var c struct {
		Coding []casemodel.Coding `json:"coding"`
		Text   string             `json:"text"`
	}
	if len(given) > 0 {
		_ = json.Unmarshal(given[0], &c) // decoded before
	}
	return casemodel.Concept{Codings: c.Coding, Text: c.Text}
}

// partyIn is a Reference that is given, the zero party for none.
func partyIn(given []json.RawMessage) casemodel.Party {
	var r struct {
		Reference  string
		Type       string
		Display    string
		Identifier casemodel.Identifier
	}
	if len(given) > 0 {
		_ = json.Unmarshal(given[0], &r) // decoded before
	}
	return casemodel.Party{Ref: casemodel.Ref(r.Reference), Type: r.Type, Name: r.Display, Identifier: r.Identifier}
}

// isMissing reports whether an error says that there is no such resource.
func isMissing(err error) bool {
	return fhir.Is(err, fhir.NotFound, fhir.Gone)
}
