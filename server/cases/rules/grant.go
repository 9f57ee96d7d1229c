package rules

import (
	_ "embed"
	"slices"
	"strings"

	"caseway/auth"
	"caseway/fhir"
	"caseway/fhir/embedded"
	"caseway/fhir/interaction"
	"caseway/mapping/casemodel"
	"caseway/server/cases/assembly"
	"caseway/server/cases/membership"
)

// grantCSV lists the facts from which it follows who is what in a case, or sees
// what: the element that names somebody, the elements that go with it, and what
// it gives.
//
// by says on whose authority such a fact comes about:
//   - case: the case manager's, or an administrator's, of the case that the
//     resource belongs to; where it isn't bound by rules, that of this server's
//     own staff, but not in their own favour
//   - house: this server's own staff, or who manages the case; nobody who is a
//     patient or a caregiver, or bound to an Organization
//   - administrator: an administrator, or a client that acts for itself
//
//go:embed data/grant.csv
var grantCSV string

// grant is a line of the table of grants.
type grant struct {
	typ, element string
	with         []string
	gives, by    string
}

var grants = func() []grant {
	var all []grant
	for _, row := range embedded.Rows(grantCSV) {
		all = append(all, grant{row[0], row[1], strings.Fields(row[2]), row[3], row[4]})
	}
	return all
}()

// granting judges who is given a role by a commit, and by whom, and which
// elements somebody writes. The cases, and what the caller is to them, are as they
// are before the commit.
type granting struct {
	*review
	who     *auth.Principal
	cases   map[string]*casemodel.Case // nil for one that isn't there
	callers map[string]*assembly.Caller
}

// granting gives what judges the caller of a commit.
func (c *review) granting(p *auth.Principal) *granting {
	if c.grants == nil {
		c.grants = &granting{review: c, who: p, cases: map[string]*casemodel.Case{}, callers: map[string]*assembly.Caller{}}
	}
	return c.grants
}

// checkGrants refuses what would make somebody something in a case whom its
// writer has no right to make that.
func (c *review) checkGrants(images ...interaction.Image) error {
	p := auth.From(c.ctx)
	if c.assembler.Open || p == nil || p.Organization == "" && (p.Role == auth.Administrator || p.Role == "" && p.Patient == "") {
		return nil
	}
	j := c.granting(p)
	for i := range images {
		image := &images[i]
		if image.After == nil {
			continue
		}
		for _, row := range grants {
			if row.typ != image.Key.Type {
				continue
			}
			ok, err := j.may(row, image)
			if err != nil {
				return err
			}
			if !ok {
				c.Issue(row.refuse(image))
			}
		}
	}
	return nil
}

// refuse says that a fact isn't the caller's to bring about.
func (row *grant) refuse(image *interaction.Image) fhir.Issue {
	by := map[string]string{
		"case":          "the case manager or an administrator of the case writes it",
		"house":         "staff of this server or the case manager write it",
		"administrator": "an administrator writes it",
	}[row.by]
	at := image.At
	if at == "" {
		at = image.Key.Type
	}
	return fhir.Issue{
		Severity: fhir.SeverityError, Code: fhir.IssueBusinessRule, Expression: at + "." + row.element,
		Text: "role-not-granted: " + row.typ + "." + row.element + " gives " + row.gives + "; " + by + ".",
	}
}

// may reports whether the caller may bring about what a write does by a row.
func (j *granting) may(row grant, image *interaction.Image) (bool, error) {
	of := []string{image.Key.ID}
	if image.Key.Type != "EpisodeOfCare" {
		of = fhir.Tags(image.After.JSON, membership.CaseSystem)
	}
	if row.by == "case" {
		for _, id := range of {
			fresh, err := j.gains(row, image, id)
			if err != nil {
				return false, err
			}
			if len(fresh) == 0 {
				continue
			}
			if ok, err := j.mayInCase(fresh, id); err != nil || !ok {
				return false, err
			}
		}
		return true, nil
	}
	if row.by == "house" && assembly.AtHome(j.who) == "" && j.who.Organization == "" {
		return true, nil
	}
	fresh, err := j.gains(row, image, "")
	if err != nil || len(fresh) == 0 {
		return err == nil, err
	}
	if row.by == "administrator" {
		return false, nil
	}
	return j.mayInHouse(row, image, fresh, of)
}

// mayInCase reports whether the caller may give roles in a case.
func (j *granting) mayInCase(fresh []gain, id string) (bool, error) {
	c, err := j.stored(id)
	if err != nil {
		return false, err
	}
	if c == nil { // it comes in by this commit
		return assembly.AtHome(j.who) == "", nil
	}
	who, err := j.callerIn(id, c)
	if err != nil || who.Leads() {
		return err == nil, err
	}
	if c.Adopted || j.who.Organization != "" || assembly.AtHome(j.who) != "" {
		return false, nil
	}
	return !slices.ContainsFunc(fresh, func(n gain) bool { return n.names(who) }), nil
}

// mayInHouse reports whether somebody who isn't of this server's own staff may
// nevertheless give somebody a role: who manages the cases that it is given in, and
// a provider or payer of theirs who takes up a task themselves.
func (j *granting) mayInHouse(row grant, image *interaction.Image, fresh []gain, of []string) (bool, error) {
	if assembly.AtHome(j.who) != "" {
		toOrganization := func(n gain) bool { return n.typ() == "Organization" }
		return row.typ == "RelatedPerson" || !slices.ContainsFunc(fresh, toOrganization), nil
	}
	for _, id := range of {
		c, err := j.stored(id)
		if err != nil || c == nil {
			return false, err
		}
		who, err := j.callerIn(id, c)
		if err != nil {
			return false, err
		}
		takes := row.typ == "Task" && !slices.Equal(who.Roles, []casemodel.Role{casemodel.RoleReferrer}) &&
			!slices.ContainsFunc(fresh, func(n gain) bool { return !n.names(who) })
		if !who.Leads() && !takes {
			return false, nil
		}
	}
	if len(of) > 0 || row.typ != "Task" {
		return len(of) > 0, nil
	}
	return j.serves(image, fresh)
}

// stored gives a case as it is stored, nil for one that isn't there.
func (j *granting) stored(id string) (*casemodel.Case, error) {
	if c, known := j.cases[id]; known {
		return c, nil
	}
	a, err := j.assembler.Load(j.ctx, j.server, id)
	if fhir.Is(err, fhir.NotFound, fhir.Gone) {
		j.cases[id] = nil
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	j.cases[id] = &a.Case
	return &a.Case, nil
}

// callerIn is what the caller is to a case.
func (j *granting) callerIn(id string, c *casemodel.Case) (*assembly.Caller, error) {
	if who, known := j.callers[id]; known {
		return who, nil
	}
	who, err := j.assembler.CallerOf(j.ctx, j.server, c)
	if err == nil {
		j.callers[id] = who
	}
	return who, err
}
