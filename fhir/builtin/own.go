package builtin

import (
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/search"
	"caseway/fhir/store"
)

// own are the resources of the engine itself: its own search parameters, and the
// compartments as it has them.
var own = sync.OnceValue(func() map[fhir.Key]store.Version {
	all := map[fhir.Key]store.Version{}
	add := func(typ, id string, resource any) {
		text, err := json.Marshal(resource)
		if err != nil {
			panic(err) // the data is part of the program
		}
		key := fhir.Key{Type: typ, ID: id}
		all[key] = store.Version{Key: key, VersionID: 1, LastUpdated: date, Method: store.Put, JSON: text}
	}
	for _, p := range search.OwnParameters() {
		id := p.URL[strings.LastIndexByte(p.URL, '/')+1:]
		add("SearchParameter", id, newParameter(id, p))
	}
	for _, code := range definition.R4().Compartments() {
		id := strings.ToLower(code)
		add("CompartmentDefinition", id, newCompartment(id, definition.R4().Compartment(code)))
	}
	return all
})

// date is when what the server brings along was last changed.
var date = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

type meta struct {
	VersionID   string `json:"versionId"`
	LastUpdated string `json:"lastUpdated"`
}

func newMeta() meta { return meta{"1", fhir.Instant(date)} }

type parameter struct {
	ResourceType string   `json:"resourceType"`
	ID           string   `json:"id"`
	Meta         meta     `json:"meta"`
	URL          string   `json:"url"`
	Name         string   `json:"name"`
	Status       string   `json:"status"`
	Description  string   `json:"description"`
	Code         string   `json:"code"`
	Base         []string `json:"base"`
	Type         string   `json:"type"`
	Expression   string   `json:"expression"`
	XPathUsage   string   `json:"xpathUsage"`
	Target       []string `json:"target,omitempty"`
}

func newParameter(id string, p *definition.SearchParameter) parameter {
	return parameter{
		ResourceType: "SearchParameter", ID: id, Meta: newMeta(),
		URL: p.URL, Name: p.Code, Status: "active", Description: "The search parameter " + p.Code + " of Caseway.",
		Code: p.Code, Base: p.Base, Type: p.Type, Expression: p.Expression, XPathUsage: "normal", Target: p.Target,
	}
}

type compartment struct {
	ResourceType string    `json:"resourceType"`
	ID           string    `json:"id"`
	Meta         meta      `json:"meta"`
	URL          string    `json:"url"`
	Name         string    `json:"name"`
	Status       string    `json:"status"`
	Code         string    `json:"code"`
	Search       bool      `json:"search"`
	Resource     []members `json:"resource"`
}

type members struct {
	Code  string   `json:"code"`
	Param []string `json:"param,omitempty"`
}

func newCompartment(id string, c *definition.Compartment) compartment {
	all := compartment{
		ResourceType: "CompartmentDefinition", ID: id, Meta: newMeta(),
		URL:  fhir.CanonicalBase + "/CompartmentDefinition/" + id,
		Name: c.Code, Status: "active", Code: c.Code, Search: true,
	}
	for _, typ := range c.Types() {
		all.Resource = append(all.Resource, members{typ, slices.Clone(c.Params(typ))})
	}
	return all
}
