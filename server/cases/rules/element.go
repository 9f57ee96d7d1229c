package rules

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"caseway/auth"
	"caseway/fhir"
	"caseway/fhir/embedded"
	"caseway/fhir/interaction"
	"caseway/mapping/casemodel"
	"caseway/server/cases/assembly"
)

// elementCSV says which elements of a case's resources, and of the Patient, a
// FHIR client may write for those who take part in a case and don't run it:
// clients, families, providers and insurers. "*" are all, which lets resources of
// the type be created and deleted too. What isn't listed is for the case manager,
// the physician and other staff. What people write by the case API is judged by
// parts and members (casemodel.Writings).
//
//go:embed data/element.csv
var elementCSV string

// writable are the elements of a type for a role, by type and role.
var writable = func() map[string]map[casemodel.Role][]string {
	all := map[string]map[casemodel.Role][]string{}
	for _, row := range embedded.Rows(elementCSV) {
		if all[row[0]] == nil {
			all[row[0]] = map[casemodel.Role][]string{}
		}
		for _, role := range strings.Fields(row[2]) {
			r := casemodel.Role(role)
			all[row[0]][r] = append(all[row[0]][r], strings.Fields(row[1])...)
		}
	}
	return all
}()

// serverOwn are the elements that the server sets, or that say nothing of their own.
var serverOwn = []string{"resourceType", "id", "meta", "implicitRules", "language", "text"}

// checkElements refuses what a FHIR client writes of a case that isn't its user's
// to write.
func (c *review) checkElements(images []interaction.Image) error {
	p := auth.From(c.ctx)
	if c.assembler.Open || p == nil || assembly.AtHome(p) == "" && p.Organization == "" {
		return nil
	}
	j := c.granting(p)
	for i := range images {
		image := &images[i]
		if image.At == "" || image.After == nil && image.Before.JSON == nil {
			continue
		}
		roles, err := j.rolesFor(image)
		if err != nil {
			return err
		}
		if len(roles) == 0 {
			continue
		}
		found, err := elementsRefused(image, roles)
		if err != nil {
			return err
		}
		c.Issue(found...)
	}
	return nil
}

// rolesFor are the roles in which the table is to allow a write; none where it
// says nothing of it, for who runs the case or for what is of no case.
func (j *granting) rolesFor(image *interaction.Image) ([]casemodel.Role, error) {
	home := assembly.AtHome(j.who)
	if image.Key.Type == "Patient" && home != "" {
		return []casemodel.Role{home}, nil
	}
	for _, id := range j.of(image) {
		if home != "" {
			return []casemodel.Role{home}, nil
		}
		c, err := j.stored(id)
		if err != nil || c == nil {
			return nil, err
		}
		who, err := j.callerIn(id, c)
		if err != nil {
			return nil, err
		}
		if who.Leads() || slices.Contains(who.Roles, casemodel.RolePhysician) {
			continue
		}
		return []casemodel.Role{casemodel.RoleProvider, casemodel.RolePayer}, nil
	}
	return nil, nil
}

// of are the cases that a resource belongs to, or did.
func (j *granting) of(image *interaction.Image) []string {
	if image.Key.Type == "EpisodeOfCare" {
		return []string{image.Key.ID}
	}
	return caseTags(image)
}

// elementsRefused says which elements of a write none of the roles may write.
func elementsRefused(image *interaction.Image, roles []casemodel.Role) ([]fhir.Issue, error) {
	var may []string
	for _, r := range roles {
		may = append(may, writable[image.Key.Type][r]...)
	}
	if slices.Contains(may, "*") {
		return nil, nil
	}
	changed, err := changedElements(image)
	if err != nil {
		return nil, err
	}
	only := "nothing of it"
	if len(may) > 0 {
		only = strings.Join(may, ", ")
	}
	refuse := func(at, what string) fhir.Issue {
		return fhir.Issue{
			Severity: fhir.SeverityError, Code: fhir.IssueBusinessRule, Expression: at,
			Text: "role-may-not-write: " + what + " isn't for " + inWords(roles) + " to write; of a " + image.Key.Type + " they write " + only + ".",
		}
	}
	if image.After == nil {
		return []fhir.Issue{refuse(image.At, image.Key.Type)}, nil
	}
	var issues []fhir.Issue
	for _, name := range changed {
		if !slices.Contains(may, name) {
			issues = append(issues, refuse(image.At+"."+name, image.Key.Type+"."+name))
		}
	}
	return issues, nil
}

func inWords(roles []casemodel.Role) string {
	words := make([]string, len(roles))
	for i, r := range roles {
		words[i] = string(r)
	}
	return strings.Join(words, " or ")
}

// changedElements are the elements at the root of a resource that a write adds,
// changes or takes away, in order.
func changedElements(image *interaction.Image) ([]string, error) {
	var before, after map[string]json.RawMessage
	if image.Before.JSON != nil {
		if err := json.Unmarshal(image.Before.JSON, &before); err != nil {
			return nil, fmt.Errorf("a resource as it is stored: %w", err)
		}
	}
	if image.After != nil {
		if err := json.Unmarshal(image.After.JSON, &after); err != nil {
			return nil, fmt.Errorf("a resource as it is written: %w", err)
		}
	}
	var changed []string
	for _, all := range []map[string]json.RawMessage{before, after} {
		for _, member := range slices.Sorted(maps.Keys(all)) {
			name := strings.TrimPrefix(member, "_") // what a primitive has besides its value
			if canonical(before[member]) != canonical(after[member]) && !slices.Contains(serverOwn, name) && !slices.Contains(changed, name) {
				changed = append(changed, name)
			}
		}
	}
	return changed, nil
}
