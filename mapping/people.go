package mapping

import (
	"caseway/mapping/casemodel"

	careteampb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/care_team_go_proto"
	affiliationpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/organization_affiliation_go_proto"
	relatedpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/related_person_go_proto"
)

// member is the codec of CareTeam.participant. Certifications stand in the
// member's Practitioner, networks in OrganizationAffiliations.
var member = object(
	one("member", func(m *casemodel.Member) *casemodel.Party { return &m.Party }, party),
	many("role", func(m *casemodel.Member) *[]casemodel.Concept { return &m.Roles }, concept),
	one("onBehalfOf", func(m *casemodel.Member) *casemodel.Party { return &m.OnBehalfOf }, party),
	one("period", func(m *casemodel.Member) *casemodel.Period { return &m.Period }, period),
).about(func(a, b casemodel.Member) bool { return a.Party.Same(b.Party) })

var teams = pair[casemodel.Team, careteampb.CareTeam, *careteampb.CareTeam]{
	typ: "CareTeam", subject: "subject",
	id: func(t *casemodel.Team) *casemodel.Ref { return &t.ID },
	bindings: []binding[casemodel.Team]{
		one("name", func(t *casemodel.Team) *string { return &t.Name }, words),
		one("status", func(t *casemodel.Team) *casemodel.TeamStatus { return &t.Status }, coded[casemodel.TeamStatus](tableOf("team-status"))),
		many("category", func(t *casemodel.Team) *[]casemodel.Concept { return &t.Categories }, concept),
		one("period", func(t *casemodel.Team) *casemodel.Period { return &t.Period }, period),
		many("participant", func(t *casemodel.Team) *[]casemodel.Member { return &t.Members }, member),
		many("reasonCode", func(t *casemodel.Team) *[]casemodel.Concept { return &t.Reasons }, concept),
		many("reasonReference", func(t *casemodel.Team) *[]casemodel.Ref { return &t.Problems }, ref),
		many("managingOrganization", func(t *casemodel.Team) *[]casemodel.Party { return &t.Organizations }, party),
		many("telecom", func(t *casemodel.Team) *[]casemodel.Telecom { return &t.Telecoms }, telecom),
		many("note", func(t *casemodel.Team) *[]casemodel.Remark { return &t.Remarks }, remark),
	},
}

var relatives = pair[casemodel.Relative, relatedpb.RelatedPerson, *relatedpb.RelatedPerson]{
	typ: "RelatedPerson", subject: "patient",
	id: func(r *casemodel.Relative) *casemodel.Ref { return &r.ID },
	bindings: []binding[casemodel.Relative]{
		first("name", func(r *casemodel.Relative) *string { return &r.Name }, humanName),
		many("relationship", func(r *casemodel.Relative) *[]casemodel.Concept { return &r.Relationships }, concept),
		many("telecom", func(r *casemodel.Relative) *[]casemodel.Telecom { return &r.Telecoms }, telecom),
		one("period", func(r *casemodel.Relative) *casemodel.Period { return &r.Period }, period),
		one("active", func(r *casemodel.Relative) *bool { return &r.Inactive }, inverted),
	},
}

var networks = pair[casemodel.Network, affiliationpb.OrganizationAffiliation, *affiliationpb.OrganizationAffiliation]{
	typ: "OrganizationAffiliation",
	id:  func(n *casemodel.Network) *casemodel.Ref { return &n.ID },
	bindings: []binding[casemodel.Network]{
		one("participatingOrganization", func(n *casemodel.Network) *casemodel.Party { return &n.Member }, party),
		first("network", func(n *casemodel.Network) *casemodel.Party { return &n.Network }, party),
		one("organization", func(n *casemodel.Network) *casemodel.Party { return &n.Owner }, party),
		many("code", func(n *casemodel.Network) *[]casemodel.Concept { return &n.Roles }, concept),
		one("period", func(n *casemodel.Network) *casemodel.Period { return &n.Period }, period),
		one("active", func(n *casemodel.Network) *bool { return &n.Inactive }, inverted),
	},
}
