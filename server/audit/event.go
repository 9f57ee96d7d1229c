package audit

import (
	"encoding/json"
	"strconv"
	"time"

	"caseway/auth"
	"caseway/fhir"
)

// Coding is a code of a system.
type Coding struct {
	System  string `json:"system,omitempty"`
	Code    string `json:"code"`
	Display string `json:"display,omitempty"`
}

// Systems of codes
// (https://hl7.org/fhir/R4/valueset-audit-event-type.html and
// valueset-audit-event-sub-type.html).
const (
	dicom       = "http://dicom.nema.org/resources/ontology/DCM"
	eventType   = "http://terminology.hl7.org/CodeSystem/audit-event-type"
	restful     = "http://hl7.org/fhir/restful-interaction"
	own         = fhir.CanonicalBase + "/CodeSystem/audit-event"
	entityType  = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
	objectRole  = "http://terminology.hl7.org/CodeSystem/object-role"
	sourceType  = "http://terminology.hl7.org/CodeSystem/security-source-type"
	agentType   = "http://terminology.hl7.org/CodeSystem/extra-security-role-type"
	networkByIP = "2"
)

// Action is what was done (https://hl7.org/fhir/R4/valueset-audit-event-action.html).
type Action string

// The actions.
const (
	Create  Action = "C"
	Read    Action = "R"
	Update  Action = "U"
	Delete  Action = "D"
	Execute Action = "E"
)

// Outcome is how it went (https://hl7.org/fhir/R4/valueset-audit-event-outcome.html).
type Outcome string

// The outcomes.
const (
	Success Outcome = "0"
	Failure Outcome = "4" // it was refused
)

// Event is something that happened.
type Event struct {
	Type, Subtype Coding
	Action        Action
	Outcome       Outcome
	Reason        string // in a few words where it was refused; no data
	Recorded      time.Time
	Who           *auth.Principal // nil where nobody was identified
	Address       string          // of the client on the network, "" where it isn't known
	RequestID     string
	// Unproven is set where anybody could have made it happen, under any name:
	// a sign-in that failed.
	Unproven bool
	Entities []Entity
	// Searched is the resource type of a search, "" for none, "*" for several.
	Searched string
}

// Entity is a resource that an Event is about.
type Entity struct {
	Key     fhir.Key
	Version int64 // 0 where none is known
}

// maxEntities is how many resources one AuditEvent names; more make more events.
const maxEntities = 500

type reference struct {
	Reference  string      `json:"reference,omitempty"`
	Identifier *identifier `json:"identifier,omitempty"`
	Display    string      `json:"display,omitempty"`
}

type identifier struct {
	System string `json:"system,omitempty"`
	Value  string `json:"value"`
}

type concept struct {
	Coding []Coding `json:"coding"`
}

type network struct {
	Address string `json:"address"`
	Type    string `json:"type"`
}

type agent struct {
	Type      *concept   `json:"type,omitempty"`
	Role      []concept  `json:"role,omitempty"`
	Who       *reference `json:"who,omitempty"`
	Requestor bool       `json:"requestor"`
	Network   *network   `json:"network,omitempty"`
}

type source struct {
	Observer reference `json:"observer"`
	Type     []Coding  `json:"type,omitempty"`
}

type entity struct {
	What *reference `json:"what,omitempty"`
	Type *Coding    `json:"type,omitempty"`
	Role *Coding    `json:"role,omitempty"`
	Name string     `json:"name,omitempty"`
}

type auditEvent struct {
	ResourceType string   `json:"resourceType"`
	ID           string   `json:"id,omitempty"`
	Type         Coding   `json:"type"`
	Subtype      []Coding `json:"subtype,omitempty"`
	Action       Action   `json:"action,omitempty"`
	Recorded     string   `json:"recorded"`
	Outcome      Outcome  `json:"outcome,omitempty"`
	OutcomeDesc  string   `json:"outcomeDesc,omitempty"`
	Agent        []agent  `json:"agent"`
	Source       source   `json:"source"`
	Entity       []entity `json:"entity,omitempty"`
}

// resource renders an AuditEvent in JSON.
func (e Event) resource(id string) []byte {
	a := auditEvent{
		ResourceType: "AuditEvent", ID: id, Type: e.Type, Action: e.Action, Outcome: e.Outcome, OutcomeDesc: e.Reason,
		Recorded: fhir.Instant(e.Recorded), Agent: e.agents(),
		Source: source{
			Observer: reference{Display: "Caseway"},
			Type:     []Coding{{System: sourceType, Code: "4", Display: "Application Server"}},
		},
		Entity: e.entities(),
	}
	if e.Subtype.Code != "" {
		a.Subtype = []Coding{e.Subtype}
	}
	body, err := json.Marshal(a)
	if err != nil {
		panic(err) // strings always marshal
	}
	return body
}

// agents are the user and the client, or the client alone, or nobody.
func (e Event) agents() []agent {
	var from *network
	if e.Address != "" {
		from = &network{Address: e.Address, Type: networkByIP}
	}
	if e.Who == nil {
		return []agent{{
			Who: &reference{Display: "nobody who was identified"}, Requestor: true, Network: from,
		}}
	}
	var all []agent
	if e.Who.Role != "" || e.Who.FHIRUser != "" || e.Who.Subject != e.Who.Client {
		who := &reference{Reference: e.Who.FHIRUser}
		if e.Who.Subject != "" {
			who.Identifier = &identifier{System: e.Who.Issuer, Value: e.Who.Subject}
		}
		user := agent{Type: &concept{[]Coding{{System: agentType, Code: "humanuser", Display: "human user"}}}, Who: who, Requestor: true, Network: from}
		if e.Who.Role != "" {
			user.Role = []concept{{[]Coding{{System: own, Code: string(e.Who.Role)}}}}
		}
		all = append(all, user)
	}
	if e.Who.Client != "" {
		all = append(all, agent{
			Type: &concept{[]Coding{{System: dicom, Code: "110150", Display: "Application"}}},
			Who:  &reference{Identifier: &identifier{System: e.Who.Issuer, Value: e.Who.Client}}, Requestor: len(all) == 0, Network: from,
		})
	}
	return all
}

func (e Event) entities() []entity {
	var all []entity
	if e.Who != nil && e.Who.Patient != "" && fhir.IsID(e.Who.Patient) {
		all = append(all, entity{
			What: &reference{Reference: "Patient/" + e.Who.Patient},
			Type: &Coding{System: entityType, Code: "1", Display: "Person"},
			Role: &Coding{System: objectRole, Code: "1", Display: "Patient"},
		})
	}
	if e.Searched != "" {
		all = append(all, entity{
			Name: e.Searched, Type: &Coding{System: entityType, Code: "2", Display: "System Object"},
			Role: &Coding{System: objectRole, Code: "24", Display: "Query"},
		})
	}
	for _, about := range e.Entities {
		all = append(all, entity{
			What: &reference{Reference: about.reference()},
			Type: &Coding{System: entityType, Code: "2", Display: "System Object"},
			Role: &Coding{System: objectRole, Code: "4", Display: "Domain Resource"},
		})
	}
	if e.RequestID != "" {
		all = append(all, entity{
			What: &reference{Identifier: &identifier{Value: e.RequestID}},
			Type: &Coding{System: own, Code: "request", Display: "X-Request-Id"},
		})
	}
	return all
}

// reference names the resource, in a version where that is known. What a
// client made up and can't be a resource of ours isn't repeated.
func (e Entity) reference() string {
	if e.Version == 0 {
		return e.Key.String()
	}
	return e.Key.String() + "/_history/" + strconv.FormatInt(e.Version, 10)
}
