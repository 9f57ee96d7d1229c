package rules

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/mapping/casemodel"
	"caseway/server/cases/assembly"
	"caseway/server/cases/membership"
)

// gain is that somebody is named by an element that gives something, with what
// goes along with it.
type gain struct {
	party string // reference, or identifier as JSON
	with  string
}

// typ is the resource type of who is named, "" where the reference doesn't tell.
func (n gain) typ() string {
	parts := strings.Split(n.party, "/")
	if len(parts) < 2 {
		return ""
	}
	return parts[len(parts)-2]
}

// names reports whether it is the caller who is named, or their organization.
func (n gain) names(who *assembly.Caller) bool {
	for _, p := range []casemodel.Party{who.Party, who.Organization} {
		ref := string(p.Ref)
		if ref != "" && (n.party == ref || strings.HasSuffix(n.party, "/"+ref)) ||
			p.Identifier.Value != "" && strings.Contains(n.party, string(quoted(p.Identifier.Value))) {
			return true
		}
	}
	return false
}

// gains are those that a write brings about by a row: in a case, where one is
// named, to which the resource may not have belonged before.
func (j *granting) gains(row grant, image *interaction.Image, id string) ([]gain, error) {
	after, err := row.gainsIn(image.After.JSON)
	if err != nil || len(after) == 0 || image.Before.JSON == nil {
		return after, err
	}
	if id != "" && image.Key.Type != "EpisodeOfCare" && !slices.Contains(fhir.Tags(image.Before.JSON, membership.CaseSystem), id) {
		return after, nil
	}
	before, err := row.gainsIn(image.Before.JSON)
	return slices.DeleteFunc(after, func(n gain) bool { return slices.Contains(before, n) }), err
}

// gainsIn are those of a resource.
func (row *grant) gainsIn(text []byte) ([]gain, error) {
	var r map[string]json.RawMessage
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("a resource that gives a role: %w", err)
	}
	with := ""
	for _, name := range row.with {
		with += "|" + canonical(r[name])
	}
	switch row.typ {
	case "CareTeam":
		return membersIn(r[row.element], with)
	case "Coverage":
		if canonical(r["status"]) != `"active"` {
			return nil, nil
		}
	case "PractitionerRole":
		if !givesRole(r["code"]) {
			return nil, nil
		}
	case "Task":
		offer := casemodel.Offer{Status: casemodel.TaskStatus(strings.Trim(canonical(r["status"]), `"`))}
		if !offer.Stands() {
			return nil, nil
		}
		with = canonical(r["for"]) // how far it is changes nothing while it stands
	}
	var all []gain
	for _, ref := range referencesIn(r[row.element]) {
		if n := (gain{ref, with}); row.typ != "Task" || !isPerson(n.typ()) {
			all = append(all, n)
		}
	}
	return all, nil
}

// isPerson reports whether a type is of those who see nothing by a Task of theirs.
func isPerson(typ string) bool {
	return slices.Contains([]string{"Practitioner", "PractitionerRole", "Patient", "RelatedPerson", "Device"}, typ)
}

// canonical writes JSON in one way, whichever way it was written.
func canonical(text json.RawMessage) string {
	var v any
	if text == nil || json.Unmarshal(text, &v) != nil {
		return ""
	}
	one, _ := json.Marshal(v) // what was read can be written
	return string(one)
}

// membersIn are the members of a team whose roles count in a case, each with one.
func membersIn(participants json.RawMessage, with string) ([]gain, error) {
	var all []struct {
		Role, Member, OnBehalfOf, Period json.RawMessage
	}
	if participants == nil {
		return nil, nil
	}
	if err := json.Unmarshal(participants, &all); err != nil {
		return nil, fmt.Errorf("the members of a team: %w", err)
	}
	var gains []gain
	for _, p := range all {
		for _, role := range assembly.RolesOf(p.Role) {
			for _, ref := range referencesIn(p.Member) {
				gains = append(gains, gain{ref, string(role) + "|" + canonical(p.Period) + with})
			}
		}
	}
	return gains, nil
}

func givesRole(concepts json.RawMessage) bool { return len(assembly.RolesOf(concepts)) > 0 }

// referencesIn are whom a Reference, or each of a list, names.
func referencesIn(text json.RawMessage) []string {
	type reference struct {
		Reference  string
		Identifier json.RawMessage
	}
	var many []reference
	if len(text) > 0 && text[0] == '{' {
		text = slices.Concat([]byte{'['}, text, []byte{']'})
	}
	if len(text) == 0 || json.Unmarshal(text, &many) != nil {
		return nil
	}
	var all []string
	for _, r := range many {
		switch {
		case r.Reference != "":
			all = append(all, r.Reference)
		case r.Identifier != nil:
			all = append(all, canonical(r.Identifier))
		}
	}
	return all
}

// standing are the statuses of a Task that stands.
const standing = "requested,received,accepted,ready,in-progress,on-hold,completed"

// serves reports whether an Organization that takes up a Task itself, outside of
// any case, works or pays for its patient already.
func (j *granting) serves(image *interaction.Image, fresh []gain) (bool, error) {
	org := "Organization/" + j.who.Organization
	mine := &assembly.Caller{Organization: casemodel.Party{Ref: casemodel.Ref(org)}}
	if slices.ContainsFunc(fresh, func(n gain) bool { return !n.names(mine) }) {
		return false, nil
	}
	patient := image.After.Root().Child("for").Child("reference").Text()
	for _, r := range []interaction.SearchRequest{
		{Type: "Task", Parameters: []search.Pair{{Name: "patient", Value: patient}, {Name: "owner", Value: org}, {Name: "status", Value: standing}}},
		{Type: "Coverage", Parameters: []search.Pair{{Name: "beneficiary", Value: patient}, {Name: "payor", Value: org}, {Name: "status", Value: "active"}}},
	} {
		r.Parameters = append(r.Parameters, search.Pair{Name: "_count", Value: "1"})
		page, err := j.server.Find(j.ctx, r)
		if err != nil || len(page.Matches) > 0 {
			return err == nil, err
		}
	}
	return false, nil
}
