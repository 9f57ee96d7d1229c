package interaction

import (
	"bytes"
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

// builtin are the resources that the engine itself brings along: its own
// search parameters, and the compartments as it has them. They can be read
// under their ids, unless a stored resource has the id, and searches of their
// types find them; history and searches of everything don't.
var builtin = sync.OnceValue(func() map[fhir.Key]store.Version {
	all := map[fhir.Key]store.Version{}
	add := func(typ, id string, resource any) {
		text, err := json.Marshal(resource)
		if err != nil {
			panic(err) // the data is part of the program
		}
		key := fhir.Key{Type: typ, ID: id}
		all[key] = store.Version{Key: key, VersionID: 1, LastUpdated: builtinDate, Method: store.Put, JSON: text}
	}
	for _, p := range search.OwnParameters() {
		id := p.URL[strings.LastIndexByte(p.URL, '/')+1:]
		add("SearchParameter", id, newBuiltinParameter(id, p))
	}
	for _, code := range definition.R4().Compartments() {
		id := strings.ToLower(code)
		add("CompartmentDefinition", id, newBuiltinCompartment(id, definition.R4().Compartment(code)))
	}
	return all
})

// Builtin is a resource that the server brings along beside the engine's own,
// such as the code systems of cases. JSON is compact, begins with resourceType
// and id, and has no meta.
type Builtin struct {
	Key  fhir.Key
	JSON []byte
}

// version gives a built-in resource the meta that all of them have.
func (b Builtin) version() store.Version {
	meta, err := json.Marshal(newBuiltinMeta())
	if err != nil {
		panic(err) // made of two strings
	}
	head := []byte(`{"resourceType":"` + b.Key.Type + `","id":"` + b.Key.ID + `"`)
	rest, _ := bytes.CutPrefix(b.JSON, head)
	text := append(append(head, `,"meta":`...), meta...)
	text = append(text, rest...)
	return store.Version{Key: b.Key, VersionID: 1, LastUpdated: builtinDate, Method: store.Put, JSON: text}
}

// builtinAt finds a built-in resource.
func (e *core) builtinAt(key fhir.Key) (store.Version, bool) {
	if v, ok := builtin()[key]; ok {
		return v, true
	}
	v, ok := e.builtin[key]
	return v, ok
}

// builtinDate is when what the server brings along was last changed.
var builtinDate = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

type builtinMeta struct {
	VersionID   string `json:"versionId"`
	LastUpdated string `json:"lastUpdated"`
}

func newBuiltinMeta() builtinMeta { return builtinMeta{"1", fhir.Instant(builtinDate)} }

type builtinParameter struct {
	ResourceType string      `json:"resourceType"`
	ID           string      `json:"id"`
	Meta         builtinMeta `json:"meta"`
	URL          string      `json:"url"`
	Name         string      `json:"name"`
	Status       string      `json:"status"`
	Description  string      `json:"description"`
	Code         string      `json:"code"`
	Base         []string    `json:"base"`
	Type         string      `json:"type"`
	Expression   string      `json:"expression"`
	XPathUsage   string      `json:"xpathUsage"`
	Target       []string    `json:"target,omitempty"`
}

func newBuiltinParameter(id string, p *definition.SearchParameter) builtinParameter {
	return builtinParameter{
		ResourceType: "SearchParameter", ID: id, Meta: newBuiltinMeta(),
		URL: p.URL, Name: p.Code, Status: "active", Description: "The search parameter " + p.Code + " of Caseway.",
		Code: p.Code, Base: p.Base, Type: p.Type, Expression: p.Expression, XPathUsage: "normal", Target: p.Target,
	}
}

type builtinCompartment struct {
	ResourceType string           `json:"resourceType"`
	ID           string           `json:"id"`
	Meta         builtinMeta      `json:"meta"`
	URL          string           `json:"url"`
	Name         string           `json:"name"`
	Status       string           `json:"status"`
	Code         string           `json:"code"`
	Search       bool             `json:"search"`
	Resource     []builtinMembers `json:"resource"`
}

type builtinMembers struct {
	Code  string   `json:"code"`
	Param []string `json:"param,omitempty"`
}

func newBuiltinCompartment(id string, c *definition.Compartment) builtinCompartment {
	b := builtinCompartment{
		ResourceType: "CompartmentDefinition", ID: id, Meta: newBuiltinMeta(),
		URL:  fhir.CanonicalBase + "/CompartmentDefinition/" + id,
		Name: c.Code, Status: "active", Code: c.Code, Search: true,
	}
	for _, typ := range c.Types() {
		b.Resource = append(b.Resource, builtinMembers{typ, slices.Clone(c.Params(typ))})
	}
	return b
}
