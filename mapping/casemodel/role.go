package casemodel

// Role is what somebody is to a case; it decides which steps are theirs.
type Role string

// The roles. A person may have several; each step is taken in one of them.
const (
	RoleCaseManager   Role = "case-manager"
	RolePhysician     Role = "physician"
	RoleProvider      Role = "provider" // who delivers a service: therapist, agency, pharmacy
	RolePayer         Role = "payer"    // the insurer, and its case manager
	RoleClient        Role = "client"
	RoleFamily        Role = "family" // and other caregivers
	RoleReferrer      Role = "referrer"
	RoleAdministrator Role = "administrator"
	// RoleSystem is software that passes on what somebody did (an EHR), or the
	// server itself: it may take every step, and answers for who took it.
	RoleSystem Role = "system"
)

// Roles lists all roles.
func Roles() []Role {
	return []Role{
		RoleCaseManager, RolePhysician, RoleProvider, RolePayer, RoleClient, RoleFamily, RoleReferrer,
		RoleAdministrator, RoleSystem,
	}
}

// Actor is who takes a step, and as what.
type Actor struct {
	Role  Role  `json:"role"`
	Party Party `json:"party,omitzero"`
}
