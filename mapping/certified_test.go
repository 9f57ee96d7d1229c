package mapping_test

import (
	"testing"

	"caseway/mapping"
	"caseway/mapping/casemodel"

	"google.golang.org/protobuf/proto"
)

// TestAMembershipMoreTakesNoQualification: a new membership of somebody whose
// Practitioner has qualifications leaves them, in this team or another.
func TestAMembershipMoreTakesNoQualification(t *testing.T) {
	named := casemodel.Member{Party: casemodel.Party{Ref: "Practitioner/m"}}
	certified := named
	certified.Certifications = []casemodel.Certification{{Code: casemodel.Words("CCM")}}
	c := casemodel.Case{ID: "e", Adopted: true, Phase: casemodel.PhaseOpened, Client: casemodel.Client{ID: "Patient/p"}, Teams: []casemodel.Team{
		{ID: "CareTeam/a", Members: []casemodel.Member{certified}},
	}}
	made, _ := mapping.Resources(&c, nil)
	var stored []proto.Message
	for _, w := range made {
		stored = append(stored, w.Resource)
	}
	for name, members := range map[string][2][]casemodel.Member{
		"another team":  {{certified}, {named}},
		"the same team": {{certified, named}, nil},
		"only named":    {{named}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			now := c.Clone()
			now.Teams = []casemodel.Team{{ID: "CareTeam/a", Members: members[0]}, {ID: "CareTeam/b", Members: members[1]}}
			writes, _ := mapping.Resources(&now, stored)
			for _, w := range writes {
				if w.Key.Type == "Practitioner" {
					t.Errorf("%s: the Practitioner is written: %s", name, w.JSON())
				}
			}
		})
	}
}
