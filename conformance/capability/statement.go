// Package capability says what a server claims: the CapabilityStatement
// (https://hl7.org/fhir/R4/capabilitystatement.html), built from what the
// server really routes, so that claim and behaviour can't drift.
//
// The nouns: [Claims] are the facts, given as a value; an [Interaction] is one
// of them, at its [Level]. Not here: routes, requests, settings.
package capability

import (
	"encoding/json"
	"slices"
	"time"

	"caseway/fhir/interaction"
	"caseway/fhir/search"
)

// Level is what an interaction works on.
type Level string

// The levels.
const (
	Instance Level = "instance"
	Type     Level = "type"
	System   Level = "system"
)

// Interaction is an interaction that the server answers, for every resource
// type unless its level is System.
type Interaction struct {
	Level Level
	Name  interaction.Name
}

// Claims are the facts that a statement is made of.
type Claims struct {
	Version       string // of the software
	Base          string // FHIR base URL; "" where each client may see another
	ResourceTypes []string
	Interactions  []Interaction
	// Search has the parameters and includes that work; nil: none are claimed.
	Search Searching
	// Operations are those of a resource type that work, of the system under "", by name without "$",
	// with the canonical URL of their definition.
	Operations map[string][]Operation
	// NoTransactions is set where the store can't do them, nor hold a write to
	// what a search finds.
	NoTransactions bool
	SMART          *SMART // nil: there is no login
	IgnoresUnknown bool   // search parameters that aren't known are passed over unless a client wants it otherwise
}

// Searching tells what works in searches. *search.Registry is one.
type Searching interface {
	MetadataFor(resourceType string) search.TypeMetadata
	SystemMetadata() []search.ParameterMetadata
}

// AnyType stands for all resource types in Operations.
const AnyType = "Resource"

// Operation is an operation that the server answers.
type Operation struct{ Name, Definition string }

// released is the day of the last change to what is claimed.
var released = time.Date(2026, time.November, 22, 0, 0, 0, 0, time.UTC)

const conditional = "Conditional create, update, patch and delete (of one resource) and conditional references take every " +
	"search parameter that is listed for their type."

const unconditional = "Conditional writes are refused: the store, a standalone MongoDB server, has no transactions."

// unknownParameters say what becomes of search parameters that aren't known.
var unknownParameters = map[bool]string{
	false: "Unknown search parameters are refused unless Prefer: handling=lenient is sent.",
	true:  "Unknown search parameters are passed over unless Prefer: handling=strict is sent; the self link shows those that were used.",
}

// notes say where a type doesn't do what its definition suggests.
var notes = map[string]string{
	"Consent": "Stored like any other resource; what it permits or denies is not enforced.",
	"Subscription": "Nothing is delivered yet: a Subscription with status requested or active is refused, and can be " +
		"stored with status off.",
	"Binary": "Native content is taken and given by Content-Type and Accept. securityContext is stored and not enforced.",
}

// Statement renders the claims as a CapabilityStatement in JSON.
func Statement(c Claims) []byte {
	s := statement{
		ResourceType: "CapabilityStatement", Status: "active", Date: released.Format(time.DateOnly), Kind: "instance",
		Software:       software{Name: "Caseway", Version: c.Version},
		Implementation: implementation{Description: "Caseway, a FHIR R4 care-coordination server", URL: c.Base},
		FHIRVersion:    "4.0.1",
		Format:         []string{"application/fhir+json", "json"},
		Rest:           []rest{restOf(c)},
	}
	if slices.ContainsFunc(c.Interactions, func(i Interaction) bool { return i.Name == interaction.Patch }) {
		for _, format := range interaction.PatchFormats {
			s.PatchFormat = append(s.PatchFormat, string(format))
		}
	}
	if c.Version == "" {
		s.Software.Version = "devel"
	}
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings and booleans always marshal
	}
	return text
}

func restOf(c Claims) rest {
	conditions := conditional
	if c.NoTransactions {
		conditions = unconditional
	}
	r := rest{
		Mode: "server",
		Documentation: "Every resource type works alike. " + unknownParameters[c.IgnoresUnknown] + " " +
			conditions + " XML isn't supported yet.",
		Security: securityOf(c),
	}
	var common []code
	for _, i := range c.Interactions {
		if i.Name == interaction.Transaction && c.NoTransactions {
			continue
		}
		if i.Level == System {
			r.Interaction = append(r.Interaction, code{string(i.Name)})
			continue
		}
		common = append(common, code{string(i.Name)})
	}
	for _, name := range c.ResourceTypes {
		res := resourceOf(name, common)
		if c.NoTransactions {
			res.withoutConditions()
		}
		if c.Search != nil {
			res.addSearch(c.Search.MetadataFor(name))
		}
		for _, o := range slices.Concat(c.Operations[name], c.Operations[AnyType]) {
			res.Operation = append(res.Operation, operation(o))
		}
		r.Resource = append(r.Resource, res)
	}
	for _, o := range c.Operations[""] {
		r.Operation = append(r.Operation, operation(o))
	}
	if c.Search != nil {
		r.SearchParam = searchParams(c.Search.SystemMetadata())
	}
	r.share()
	return r
}

func (r *resource) addSearch(m search.TypeMetadata) {
	r.SearchParam = searchParams(m.Parameters)
	r.SearchInclude, r.SearchRevInclude = m.Includes, m.RevIncludes
}

func searchParams(list []search.ParameterMetadata) []searchParam {
	params := make([]searchParam, len(list))
	for i, p := range list {
		params[i] = searchParam{p.Code, p.Definition, p.Type, p.Documentation}
	}
	return params
}

func resourceOf(name string, interactions []code) resource {
	r := resource{
		Type: name, Documentation: notes[name], Interaction: interactions,
		Versioning: "versioned", ReadHistory: has(interactions, interaction.VRead),
		UpdateCreate: has(interactions, interaction.Update), ConditionalCreate: has(interactions, interaction.Create),
		ConditionalRead: "full-support", ConditionalDelete: "not-supported",
	}
	if has(interactions, interaction.SearchType) { // criteria are searches
		r.ConditionalUpdate, r.ConditionalDelete = r.UpdateCreate, "single"
	}
	return r
}

// withoutConditions takes back what a store without transactions can't keep.
func (r *resource) withoutConditions() {
	r.ConditionalCreate, r.ConditionalUpdate, r.ConditionalDelete = false, false, "not-supported"
}

func has(interactions []code, name interaction.Name) bool {
	for _, i := range interactions {
		if i.Code == string(name) {
			return true
		}
	}
	return false
}
