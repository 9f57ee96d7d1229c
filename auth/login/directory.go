package login

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"caseway/auth"
	"caseway/auth/provider"
	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
)

// patient is what people see of one, to tell namesakes apart.
type patient struct {
	ID         string // logical id
	Name       string
	BirthDate  string // as in FHIR: perhaps a year only
	Gender     string
	Identifier string
}

// patientQuery says who is looked for: whoever fits all that isn't empty.
type patientQuery struct {
	Name       string // beginnings of parts of the name
	BirthDate  string
	Identifier string // value, or system|value
}

// date is R4's (https://hl7.org/fhir/R4/datatypes.html#date), as far as a search
// needs it.
var date = regexp.MustCompile(`^\d{4}(-\d{2}(-\d{2})?)?$`)

func (q patientQuery) faults() []fault {
	switch {
	case strings.TrimSpace(q.Name+q.BirthDate+q.Identifier) == "":
		return []fault{{"name", "Enter a name, a birth date or an identifier."}}
	case q.BirthDate != "" && !date.MatchString(q.BirthDate):
		return []fault{{"birthdate", "Enter the birth date with the year first, such as 1980-04-01."}}
	}
	return nil
}

// literal takes the meaning from what separates values in a search
// (https://hl7.org/fhir/R4/search.html#escaping).
var literal = strings.NewReplacer(`\`, `\\`, `,`, `\,`, `$`, `\$`)

func (q patientQuery) parameters(limit int) []search.Pair {
	var all []search.Pair
	for part := range strings.FieldsSeq(q.Name) {
		all = append(all, search.Pair{Name: "name", Value: strings.ReplaceAll(literal.Replace(part), `|`, `\|`)})
	}
	if q.BirthDate != "" {
		all = append(all, search.Pair{Name: "birthdate", Value: q.BirthDate})
	}
	if id := strings.TrimSpace(q.Identifier); id != "" {
		all = append(all, search.Pair{Name: "identifier", Value: literal.Replace(id)})
	}
	return append(all, search.Pair{Name: "_sort", Value: "family"}, search.Pair{Name: "_count", Value: strconv.Itoa(limit)})
}

// findPatients searches as the user and gives at most limit patients; more says
// that there are others. What the search refuses finds nobody.
func (p *Pages) findPatients(ctx context.Context, s *provider.Session, q patientQuery, limit int) (found []patient, more bool, err error) {
	hits, err := p.searchAs(ctx, s, "Patient", q.parameters(limit+1))
	if err != nil {
		return nil, false, err
	}
	for _, hit := range hits {
		one, err := readPatient(hit.JSON)
		if err != nil {
			return nil, false, err
		}
		found = append(found, one)
	}
	return found[:min(limit, len(found))], len(found) > limit, nil
}

// searchAs gives the matches of a search's first page, as the user sees them.
// What is hidden, and what the search refuses, isn't there.
func (p *Pages) searchAs(ctx context.Context, s *provider.Session, typ string, parameters []search.Pair) ([]search.Hit, error) {
	ctx, err := p.as(ctx, s)
	if err != nil {
		return nil, err
	}
	page, err := p.Engine.Find(ctx, interaction.SearchRequest{Type: typ, Base: p.Root.String() + "/fhir", Parameters: parameters})
	if hidden(err) {
		return nil, nil
	}
	return page.Matches, err
}

// patientSeenBy gives a patient as the user sees it, or errNotYours.
func (p *Pages) patientSeenBy(ctx context.Context, s *provider.Session, id string) (patient, error) {
	choice, err := p.Provider.Choice(ctx, s)
	if err != nil {
		return patient{}, err
	}
	if !mayChoose(choice, id) {
		return patient{}, errNotYours
	}
	ctx, err = p.as(ctx, s)
	if err != nil {
		return patient{}, err
	}
	v, err := p.Engine.Read(ctx, fhir.Key{Type: "Patient", ID: id})
	if hidden(err) {
		return patient{}, errNotYours
	}
	if err != nil {
		return patient{}, err
	}
	return readPatient(v.JSON)
}

// patientsSeenBy leaves out whom the user can't see.
func (p *Pages) patientsSeenBy(ctx context.Context, s *provider.Session, ids []string) ([]patient, error) {
	var seen []patient
	for _, id := range ids {
		one, err := p.patientSeenBy(ctx, s, id)
		if errors.Is(err, errNotYours) {
			continue
		}
		if err != nil {
			return nil, err
		}
		seen = append(seen, one)
	}
	return seen, nil
}

// as makes the user the one who asks.
func (p *Pages) as(ctx context.Context, s *provider.Session) (context.Context, error) {
	who, err := p.Provider.Principal(ctx, s)
	if err != nil {
		return nil, err
	}
	return auth.With(ctx, who), nil
}

// hidden reports whether an error says that there is nothing to see, for
// whatever reason.
func hidden(err error) bool {
	return fhir.Is(err, fhir.NotFound, fhir.Gone, fhir.Forbidden, fhir.Invalid)
}

func readPatient(body []byte) (patient, error) {
	var r struct {
		ID   string `json:"id"`
		Name []struct {
			Use    string   `json:"use"`
			Text   string   `json:"text"`
			Given  []string `json:"given"`
			Family string   `json:"family"`
		} `json:"name"`
		BirthDate  string `json:"birthDate"`
		Gender     string `json:"gender"`
		Identifier []struct {
			Value string `json:"value"`
		} `json:"identifier"`
	}
	if err := json.Unmarshal(body, &r); err != nil {
		return patient{}, err
	}
	one := patient{ID: r.ID, BirthDate: r.BirthDate, Gender: r.Gender, Name: "A patient without a name"}
	for i, n := range r.Name {
		text := n.Text
		if text == "" {
			text = strings.TrimSpace(strings.Join(n.Given, " ") + " " + n.Family)
		}
		if text != "" && (i == 0 || n.Use == "official") {
			one.Name = text
		}
	}
	if len(r.Identifier) > 0 {
		one.Identifier = r.Identifier[0].Value
	}
	return one, nil
}
