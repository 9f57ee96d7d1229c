package assembly

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"caseway/auth"
	"caseway/fhir/embedded"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/mapping/casemodel"
	"caseway/server/cases/problem"
)

//go:embed data/role.csv
var roleCSV string

// roleOf gives the role for a code of PractitionerRole.code or of a team
// member's role, by system|code.
var roleOf = func() map[string]casemodel.Role {
	all := map[string]casemodel.Role{}
	for _, row := range embedded.Rows(roleCSV) {
		all[row[0]+"|"+row[1]] = casemodel.Role(row[2])
	}
	return all
}()

// Caller is who takes a step, in which roles.
type Caller struct {
	Party casemodel.Party
	Roles []casemodel.Role // the likeliest first; never empty
	// Organization is whom the caller acts for, zero for none.
	Organization casemodel.Party
}

// Actor is the caller in a role: for an insurer or a provider its Organization,
// which is what the case names.
func (c *Caller) Actor(r casemodel.Role) casemodel.Actor {
	if (r == casemodel.RolePayer || r == casemodel.RoleProvider) && !c.Organization.IsZero() {
		return casemodel.Actor{Role: r, Party: c.Organization}
	}
	return casemodel.Actor{Role: r, Party: c.Party}
}

// CallerOf finds out what the principal in ctx is to a case; nil where nobody
// logs in. server reads the directory.
func (s *Assembler) CallerOf(ctx context.Context, server Session, c *casemodel.Case) (*Caller, error) {
	if s.Open {
		return nil, nil
	}
	p := auth.From(ctx)
	if p == nil {
		return nil, problem.New(http.StatusForbidden, "forbidden", "Forbidden", "nobody has been identified")
	}
	who := &Caller{Party: casemodel.Party{Ref: casemodel.Ref(p.FHIRUser)}}
	if p.Organization != "" {
		who.Organization = casemodel.Party{Ref: casemodel.Ref("Organization/" + p.Organization)}
	}
	switch {
	case p.FHIRUser != "":
	case p.Role == "" && p.Patient != "":
		who.Party = casemodel.Party{Ref: casemodel.Ref("Patient/" + p.Patient)}
	case p.Organization != "":
		who.Party = who.Organization
	default:
		who.Party.Identifier = casemodel.Identifier{System: p.Issuer, Value: p.Subject}
	}
	if r := AtHome(p); r != "" {
		who.Roles = []casemodel.Role{r}
		return who, nil
	}
	now := s.Now()
	who.Roles = rolesIn(c, who, now)
	if housed(p, c) {
		if p.Role == auth.Administrator {
			who.Roles = append(who.Roles, casemodel.RoleAdministrator)
		}
		more, err := s.practitionerRoles(ctx, server, p.FHIRUser, now)
		if err != nil {
			return nil, err
		}
		who.Roles = append(who.Roles, more...)
	}
	if len(who.Roles) == 0 {
		who.Roles = []casemodel.Role{byDefault(p, c)}
	}
	return who, nil
}

// AtHome is the role of a patient or caregiver, "" of others. A token for a
// patient that names no user is the patient's.
func AtHome(p *auth.Principal) casemodel.Role {
	switch {
	case p.Role == auth.Patient, p.Role == "" && p.Patient != "":
		return casemodel.RoleClient
	case p.Role == auth.Caregiver:
		return casemodel.RoleFamily
	}
	return ""
}

// housed reports whether what somebody is to this server, and in its directory,
// counts in a case: not where the case is another organization's than that which
// they are bound to. A case that isn't there yet will be their own.
func housed(p *auth.Principal, c *casemodel.Case) bool {
	return p.Organization == "" || c.Phase == "" || c.ManagingOrganization.Ref == casemodel.Ref("Organization/"+p.Organization)
}

// byDefault is the role of somebody of whom neither the case nor the directory
// says anything: a practitioner may take on a case that nobody manages, a client
// that acts for itself administers, others refer.
func byDefault(p *auth.Principal, c *casemodel.Case) casemodel.Role {
	switch {
	case p.Role == "" && p.Organization == "":
		return casemodel.RoleAdministrator
	case strings.HasPrefix(p.FHIRUser, "Practitioner/") && c.Manager.IsZero() && housed(p, c):
		return casemodel.RoleCaseManager
	}
	return casemodel.RoleReferrer
}

// Leads reports whether somebody may say who is what in a case.
func (c *Caller) Leads() bool {
	return c == nil || slices.Contains(c.Roles, casemodel.RoleCaseManager) || slices.Contains(c.Roles, casemodel.RoleAdministrator)
}

// rolesIn are the roles that a case itself gives somebody at a time: its manager
// and the members of its teams, who pays by a policy in force, who has an offer of
// a service that isn't turned down or withdrawn, and who is asked to approve.
func rolesIn(c *casemodel.Case, who *Caller, now time.Time) []casemodel.Role {
	var all []casemodel.Role
	add := func(r casemodel.Role, is bool) {
		if is && !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	same := func(p casemodel.Party) bool { return !p.IsZero() && p.Same(who.Party) }
	ours := func(p casemodel.Party) bool { return !p.IsZero() && (p.Same(who.Organization) || p.Same(who.Party)) }
	add(casemodel.RoleCaseManager, same(c.Manager))
	for i := range c.Coverages {
		v := &c.Coverages[i]
		add(casemodel.RolePayer, v.InForce(now) && slices.ContainsFunc(v.Insurers, ours))
	}
	for _, x := range c.Services {
		for _, o := range x.Offers {
			add(casemodel.RoleProvider, o.Stands() && ours(o.Provider))
		}
	}
	for _, p := range c.Plans {
		for _, q := range p.Approvals {
			add(casemodel.RolePhysician, q.Status != casemodel.ApprovalCancelled && q.Status != casemodel.ApprovalEnteredInError && same(q.Approver))
		}
	}
	for i := range c.Teams {
		for _, m := range working(&c.Teams[i], now) {
			for _, r := range m.Roles {
				for _, code := range r.Codings {
					role := roleOf[code.System+"|"+code.Code]
					add(role, role != "" && same(m.Party))
				}
			}
		}
	}
	return all
}

// working are the members that a team has at a time.
func working(t *casemodel.Team, now time.Time) []casemodel.Member {
	if t.Status != "" && t.Status != casemodel.TeamActive || !t.Period.Covers(now) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(t.Members), func(m casemodel.Member) bool { return !m.Period.Covers(now) })
}

// practitionerRoles are the roles that the directory gives a practitioner.
func (s *Assembler) practitionerRoles(ctx context.Context, server Session, user string, now time.Time) ([]casemodel.Role, error) {
	if !strings.HasPrefix(user, "Practitioner/") {
		return nil, nil
	}
	page, err := server.Find(ctx, interaction.SearchRequest{Type: "PractitionerRole", Parameters: []search.Pair{
		{Name: "practitioner", Value: user}, {Name: "_count", Value: "50"},
	}})
	if err != nil {
		return nil, err
	}
	var all []casemodel.Role
	for _, h := range page.Matches {
		roles, err := rolesBy(h.JSON, now)
		if err != nil {
			return nil, err
		}
		for _, r := range roles {
			if !slices.Contains(all, r) {
				all = append(all, r)
			}
		}
	}
	return all, nil
}

// rolesBy are the roles in cases that a PractitionerRole gives at a time.
func rolesBy(text []byte, now time.Time) ([]casemodel.Role, error) {
	var r struct {
		Active *bool            `json:"active"`
		Period casemodel.Period `json:"period"`
		Code   json.RawMessage  `json:"code"`
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("a PractitionerRole: %w", err)
	}
	if r.Active != nil && !*r.Active || !r.Period.Covers(now) {
		return nil, nil
	}
	return RolesOf(r.Code), nil
}

// RolesOf are the roles in cases that the codes of concepts stand for.
func RolesOf(concepts json.RawMessage) []casemodel.Role {
	var all []struct {
		Coding []struct{ System, Code string }
	}
	if concepts == nil || json.Unmarshal(concepts, &all) != nil {
		return nil
	}
	var roles []casemodel.Role
	for _, concept := range all {
		for _, code := range concept.Coding {
			if r := roleOf[code.System+"|"+code.Code]; r != "" {
				roles = append(roles, r)
			}
		}
	}
	return roles
}
