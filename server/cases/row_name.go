package cases

import (
	"encoding/json"
	"fmt"
	"strings"

	"caseway/fhir/search"
	"caseway/mapping/casemodel"
)

// namedInRows asks for the people whom rows of a list name.
var namedInRows = []search.Pair{
	{Name: "_include", Value: "EpisodeOfCare:patient"},
	{Name: "_include", Value: "EpisodeOfCare:manager"},
	{Name: "_include:iterate", Value: "PractitionerRole:practitioner"},
}

// namedResource is what is read of a person's resource.
type namedResource struct {
	Name []struct {
		Text   string   `json:"text"`
		Family string   `json:"family"`
		Given  []string `json:"given"`
	} `json:"name"`
	Practitioner struct {
		Reference casemodel.Ref `json:"reference"`
		Display   string        `json:"display"`
	} `json:"practitioner"` // of a PractitionerRole
}

// name is that of the person, "" for none: the first that there is.
func (n *namedResource) name() string {
	for _, h := range n.Name {
		if h.Text != "" {
			return h.Text
		}
		if whole := strings.TrimSpace(strings.Join(append(h.Given, h.Family), " ")); whole != "" {
			return whole
		}
	}
	return n.Practitioner.Display
}

// rowNames are the resources of whom rows name.
type rowNames map[casemodel.Ref]namedResource

// namesIn reads whom a page of a list names.
func namesIn(included []search.Hit) (rowNames, error) {
	names := rowNames{}
	for _, h := range included {
		var who namedResource
		if err := json.Unmarshal(h.JSON, &who); err != nil {
			return nil, fmt.Errorf("a stored %s: %w", h.Key.Type, err)
		}
		names[casemodel.Ref(h.Key.String())] = who
	}
	return names, nil
}

// of gives a party's name as its resource has it, that of a role as who has it,
// else as the episode has it.
func (names rowNames) of(p casemodel.Party) string {
	who := names[p.Ref]
	if whose, known := names[who.Practitioner.Reference]; known && whose.name() != "" {
		return whose.name()
	}
	if known := who.name(); known != "" {
		return known
	}
	return p.Name
}
