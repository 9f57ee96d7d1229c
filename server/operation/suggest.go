package operation

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/fhir/search"
)

// suggesting finds teams for a plan.
type suggesting struct {
	s    *Service
	ctx  context.Context
	call call
	// code is that of a region or municipality, which element of an Address may
	// hold, or an extension whose URL ends with name.
	code, element, name string
	organizations       map[fhir.Key]bool // whether each is there
	has                 []fhir.Key        // teams of the plan
	reasons             map[string]bool   // codes of what the plan addresses, as system|code
}

// mostTeams bounds how many teams one call looks at.
const mostTeams = 900

// suggestCareTeams is CarePlan/[id]/$suggest-care-teams.
func (s *Service) suggestCareTeams(ctx context.Context, c call) ([]byte, error) {
	g := &suggesting{s: s, ctx: ctx, call: c, organizations: map[fhir.Key]bool{}, reasons: map[string]bool{}}
	region, municipality := c.given.text("regionCode"), c.given.text("municipalityCode")
	switch {
	case (region == "") == (municipality == ""):
		return nil, fhir.NewError(fhir.Invalid, fhir.IssueRequired, "one of the parameters regionCode and municipalityCode is needed")
	case region != "":
		g.code, g.element, g.name = region, "state", "regionCode"
	default:
		g.code, g.element, g.name = municipality, "district", "municipalityCode"
	}
	if err := g.readPlan(); err != nil {
		return nil, err
	}
	teams, err := s.matches(ctx, "CareTeam", []search.Pair{{Name: "status", Value: "active"}, {Name: "subject:missing", Value: "true"}}, mostTeams)
	if err != nil {
		return nil, err
	}
	var first, others []object
	for _, team := range teams {
		tree, err := s.decode(team.JSON)
		if err != nil {
			return nil, err
		}
		there, err := g.isThere(tree.Root())
		if err != nil {
			return nil, err
		}
		entry := object{"fullUrl": c.Base + "/" + team.Key.String(), "resource": json.RawMessage(team.JSON), "search": object{"mode": "match"}}
		switch {
		case !there || slices.Contains(g.has, team.Key):
		case g.isFor(tree.Root()):
			first = append(first, entry)
		default:
			others = append(others, entry)
		}
	}
	b := object{"resourceType": "Bundle", "type": "searchset", "total": len(first) + len(others)}
	setList(b, "entry", append(first, others...))
	return encoded(b), nil
}

// readPlan reads which teams the plan has, and which conditions it addresses.
func (g *suggesting) readPlan() error {
	tree, err := g.s.decode(g.call.target.JSON)
	if err != nil {
		return err
	}
	for n := range tree.Root().All("careTeam") {
		key, _ := g.call.keyOf(n.Child("reference").Text())
		g.has = append(g.has, key)
	}
	for n := range tree.Root().All("addresses") {
		key, ours := g.call.keyOf(n.Child("reference").Text())
		if !ours {
			continue
		}
		v, err := g.s.engine.Read(g.ctx, key)
		if isMissing(err) {
			continue
		}
		if err != nil {
			return err
		}
		condition, err := g.s.decode(v.JSON)
		if err != nil {
			return err
		}
		for coding := range condition.Root().Child("code").All("coding") {
			g.reasons[coding.Child("system").Text()+"|"+coding.Child("code").Text()] = true
		}
	}
	return nil
}

// isThere reports whether one of a team's managing organizations is in the region
// or municipality.
func (g *suggesting) isThere(team fhir.Node) (bool, error) {
	for n := range team.All("managingOrganization") {
		key, ours := g.call.keyOf(n.Child("reference").Text())
		if !ours || key.Type != "Organization" {
			continue
		}
		there, known := g.organizations[key]
		if !known {
			v, err := g.s.engine.Read(g.ctx, key)
			if err != nil && !isMissing(err) {
				return false, err
			}
			there = err == nil && g.places(v.JSON)
			g.organizations[key] = there
		}
		if there {
			return true, nil
		}
	}
	return false, nil
}

// places reports whether an Organization names the code.
func (g *suggesting) places(text []byte) bool {
	var o struct {
		Address []struct {
			State     string
			District  string
			Extension []placing
		}
		Extension []placing
	}
	if json.Unmarshal(text, &o) != nil {
		return false
	}
	is := func(p placing) bool { return strings.HasSuffix(p.URL, g.name) && p.names(g.code) }
	for _, a := range o.Address {
		if g.element == "state" && a.State == g.code || g.element == "district" && a.District == g.code || slices.ContainsFunc(a.Extension, is) {
			return true
		}
	}
	return slices.ContainsFunc(o.Extension, is)
}

// placing is an extension that holds a code.
type placing struct {
	URL          string
	ValueCode    string
	ValueString  string
	ValueCoding  struct{ Code string }
	ValueConcept struct {
		Coding []struct{ Code string }
	} `json:"valueCodeableConcept"`
}

func (p placing) names(code string) bool {
	return p.ValueCode == code || p.ValueString == code || p.ValueCoding.Code == code ||
		slices.ContainsFunc(p.ValueConcept.Coding, func(c struct{ Code string }) bool { return c.Code == code })
}

// isFor reports whether a team's reason is one of the plan's conditions.
func (g *suggesting) isFor(team fhir.Node) bool {
	for reason := range team.All("reasonCode") {
		for coding := range reason.All("coding") {
			if g.reasons[coding.Child("system").Text()+"|"+coding.Child("code").Text()] {
				return true
			}
		}
	}
	return false
}
