package casemodel

import "reflect"

// Change is a part that a step made, changed or took away.
type Change struct {
	Kind Kind   `json:"kind"`
	ID   Ref    `json:"id,omitempty"` // empty for the case itself
	Path string `json:"path,omitempty"`
	// How is created, changed or removed.
	How string `json:"how"`
	// From and To are statuses (phases for the case itself), equal where the
	// status stayed.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// Diff lists what differs between two states of a case: the case itself first,
// then its parts in their order. A part below another changes both.
func Diff(before, after Case) []Change {
	var all []Change
	if !sameItself(before, after) {
		how := "changed"
		if before.Phase == "" {
			how = "created"
		}
		all = append(all, Change{KindCase, "", "", how, string(before.Phase), string(after.Phase)})
	}
	old := byID(&before)
	for p := range after.Parts() {
		was, ok := old[p.ID]
		delete(old, p.ID)
		switch {
		case !ok:
			all = append(all, Change{p.Kind, p.ID, p.Path, "created", "", p.Status})
		case !reflect.DeepEqual(was.Value, p.Value):
			all = append(all, Change{p.Kind, p.ID, p.Path, "changed", was.Status, p.Status})
		}
	}
	for p := range before.Parts() {
		if _, gone := old[p.ID]; gone {
			all = append(all, Change{p.Kind, p.ID, p.Path, "removed", p.Status, ""})
		}
	}
	return all
}

func byID(c *Case) map[Ref]Part {
	all := map[Ref]Part{}
	for p := range c.Parts() {
		all[p.ID] = p
	}
	return all
}

// sameItself compares what isn't in a part: two cases with their parts taken out.
func sameItself(a, b Case) bool {
	return reflect.DeepEqual(bare(a), bare(b))
}

func bare(c Case) Case {
	c.Family, c.Teams, c.Networks, c.Referrals = nil, nil, nil, nil
	c.Problems, c.Strengths, c.Barriers, c.Risks, c.Assessments = nil, nil, nil, nil, nil
	c.Goals, c.Outcomes, c.Plans, c.Services, c.Appointments = nil, nil, nil, nil, nil
	c.Contacts, c.Tasks, c.Reviews, c.Coverages = nil, nil, nil, nil
	c.Authorizations, c.Agreements, c.Files, c.Notes, c.Consents = nil, nil, nil, nil, nil
	return c
}
