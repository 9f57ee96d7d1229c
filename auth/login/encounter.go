package login

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"

	"caseway/auth/provider"
	"caseway/fhir"
	"caseway/fhir/search"
)

// visit is an Encounter as people know it.
type visit struct {
	ID    string // logical id
	Words string
}

// maxVisits is how many of a patient's encounters are offered.
const maxVisits = "30"

// visits gives a patient's latest encounters that the user may see.
func (p *Pages) visits(ctx context.Context, s *provider.Session, patient string) ([]visit, error) {
	found, err := p.searchAs(ctx, s, "Encounter", []search.Pair{
		{Name: "patient", Value: patient}, {Name: "_sort", Value: "-date"}, {Name: "_count", Value: maxVisits},
	})
	if err != nil {
		return nil, err
	}
	var visits []visit
	for _, hit := range found {
		v, err := readVisit(hit.JSON)
		if err != nil {
			return nil, err
		}
		visits = append(visits, v)
	}
	return visits, nil
}

// encounterSeenBy fails with errNotYours where the user can't see an encounter.
// Whether it is the patient's, the provider finds out.
func (p *Pages) encounterSeenBy(ctx context.Context, s *provider.Session, id string) error {
	ctx, err := p.as(ctx, s)
	if err != nil {
		return err
	}
	_, err = p.Engine.Read(ctx, fhir.Key{Type: "Encounter", ID: id})
	if hidden(err) {
		return errNotYours
	}
	return err
}

func readVisit(body []byte) (visit, error) {
	type coding struct {
		Display string `json:"display"`
	}
	var e struct {
		ID     string `json:"id"`
		Status string `json:"status"`
		Class  coding `json:"class"`
		Type   []struct {
			Text   string   `json:"text"`
			Coding []coding `json:"coding"`
		} `json:"type"`
		Period struct {
			Start string `json:"start"`
		} `json:"period"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return visit{}, err
	}
	what := e.Class.Display
	for _, t := range e.Type {
		if len(t.Coding) > 0 {
			what = cmp.Or(t.Coding[0].Display, what)
		}
		what = cmp.Or(t.Text, what)
	}
	day, _, _ := strings.Cut(e.Period.Start, "T")
	words := strings.Join(strings.Fields(day+" "+cmp.Or(what, "visit")), " ")
	return visit{ID: e.ID, Words: words + " (" + e.Status + ")"}, nil
}
