package casemodel_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"caseway/mapping/casemodel"
)

// TestWhoWritesWhat changes members of a case by hand, in roles whose they are
// and whose they aren't.
func TestWhoWritesWhat(t *testing.T) {
	const bars, may, own = "role-may-not-write", "", "not-ones-own"
	k := offered(t, agency, pharmacy)
	k.c.Teams = []casemodel.Team{{ID: "CareTeam/t", Status: casemodel.TeamActive, Members: []casemodel.Member{{Party: manager}}}}
	k.c.Tasks = append(k.c.Tasks,
		casemodel.Task{ID: "Task/hers", Status: casemodel.TaskRequested, Text: "fill in the diary", Owner: client},
		casemodel.Task{ID: "Task/his", Status: casemodel.TaskRequested, Text: "call", Owner: manager})
	task := func(c *casemodel.Case, id casemodel.Ref) *casemodel.Task {
		return &c.Tasks[slices.IndexFunc(c.Tasks, func(x casemodel.Task) bool { return x.ID == id })]
	}
	note := func(by casemodel.Party) func(*casemodel.Case) {
		return func(c *casemodel.Case) {
			c.Notes = append(c.Notes, casemodel.Note{ID: "Communication/n", Status: "completed", Text: "slept well", By: by})
		}
	}
	for _, row := range []struct {
		name   string
		change func(c *casemodel.Case)
		// want is the rule that refuses it as client, provider, payer, physician
		want [4]string
	}{
		{"the model", func(c *casemodel.Case) { c.Model = casemodel.ModelBrokerage }, [4]string{bars, bars, bars, bars}},
		{"the manager", func(c *casemodel.Case) { c.Manager, c.Transfers = client, []casemodel.Transfer{{Reason: "leave"}} }, [4]string{bars, bars, bars, bars}},
		{"an account", func(c *casemodel.Case) { c.Accounts = []casemodel.Ref{"Account/a"} }, [4]string{bars, bars, bars, bars}},
		{"the diagnoses", func(c *casemodel.Case) {
			c.Diagnoses = nil
			c.Diagnoses = append(c.Diagnoses, casemodel.Diagnosis{Problem: c.Problems[0].ID, Rank: 9})
		}, [4]string{bars, bars, bars, may}},
		{"the team", func(c *casemodel.Case) {
			c.Teams[0].Members = append(slices.Clone(c.Teams[0].Members), casemodel.Member{Party: agency})
		}, [4]string{bars, bars, bars, bars}},
		{"a team more", func(c *casemodel.Case) { c.Teams = append(c.Teams, casemodel.Team{ID: "CareTeam/u"}) }, [4]string{bars, bars, bars, bars}},
		{"a policy's insurers", func(c *casemodel.Case) {
			c.Coverages[0].Insurers = append(slices.Clone(c.Coverages[0].Insurers), agency)
		}, [4]string{bars, bars, bars, bars}},
		{"a policy's period", func(c *casemodel.Case) { c.Coverages[0].Period.End = "2030" }, [4]string{bars, bars, bars, bars}},
		{"a policy's number", func(c *casemodel.Case) { c.Coverages[0].SubscriberID = "7" }, [4]string{bars, bars, may, may}},
		{"a problem", func(c *casemodel.Case) {
			c.Problems = append(c.Problems, casemodel.Problem{ID: "Condition/x", Code: words("a cough")})
		}, [4]string{bars, may, bars, may}},
		{"the client's words", func(c *casemodel.Case) { c.Goals[0].ClientWords = "to dance" }, [4]string{may, may, bars, may}},
		{"a goal", func(c *casemodel.Case) { c.Goals[0].Priority = words("high") }, [4]string{bars, may, bars, may}},
		{"the plan's title", func(c *casemodel.Case) { c.Plans[0].Title = "Another" }, [4]string{bars, bars, bars, may}},
		{"who approves", func(c *casemodel.Case) { c.Plans[0].Approvals[0].Approver = agency }, [4]string{bars, bars, bars, bars}},
		{"what is offered to another", func(c *casemodel.Case) { c.Services[0].Offers[1].Business = words("soon") }, [4]string{bars, own, bars, bars}},
		{"what is offered to one", func(c *casemodel.Case) { c.Services[0].Offers[0].Business = words("soon") }, [4]string{bars, may, bars, bars}},
		{"to whom it is offered", func(c *casemodel.Case) { c.Services[0].Offers[0].Provider = rehab }, [4]string{bars, bars, bars, bars}},
		{"the choice", func(c *casemodel.Case) { c.Services[0].Offers[0].Chosen = true }, [4]string{may, bars, bars, bars}},
		{"her own task done", func(c *casemodel.Case) { task(c, "Task/hers").Status = casemodel.TaskCompleted }, [4]string{may, own, own, may}},
		{"another's task done", func(c *casemodel.Case) { task(c, "Task/his").Status = casemodel.TaskCompleted }, [4]string{own, own, own, may}},
		{"her own task for another", func(c *casemodel.Case) { task(c, "Task/hers").Owner = manager }, [4]string{bars, own, own, may}},
		{"a note", note(casemodel.Party{}), [4]string{may, may, may, may}},
		{"a note in another's name", note(manager), [4]string{own, may, may, may}},
	} {
		t.Run(row.name, func(t *testing.T) {
			for i, role := range []casemodel.Role{casemodel.RoleClient, casemodel.RoleProvider, casemodel.RolePayer, doc} {
				after := k.c.Clone()
				row.change(&after)
				_, err := casemodel.Apply(k.c, after, k.as(role))
				if got := strings.Join(slices.Compact(rulesOf(err)), " "); got != row.want[i] {
					t.Errorf("as %s: refused by %q, want %q: %v", role, got, row.want[i], err)
				}
				if _, err := casemodel.Apply(k.c, after, k.as(cm)); err != nil {
					t.Errorf("as case manager: %v", err)
				}
			}
		})
	}
}

// TestClientsBeginAsReferred: a case that comes in whole isn't a client's to run.
func TestClientsBeginAsReferred(t *testing.T) {
	whole := at(t, casemodel.PhaseActive)
	if got := rulesOf(func() error { _, err := casemodel.Receive(whole.c, whole.as(casemodel.RoleClient)); return err }()); !slices.Contains(got, "role-not-allowed") || !slices.Contains(got, "role-may-not-write") {
		t.Errorf("refused by %v, want role-not-allowed and role-may-not-write", got)
	}
	if _, err := casemodel.Receive(whole.c, whole.as(cm)); err != nil {
		t.Error(err)
	}
}

// TestWritingsNameMembersThatExist keeps the table of who writes what true.
func TestWritingsNameMembersThatExist(t *testing.T) {
	kinds := map[casemodel.Kind]reflect.Type{casemodel.KindCase: reflect.TypeFor[casemodel.Case]()}
	full := at(t, casemodel.PhaseActive)
	for p := range full.c.Parts() {
		kinds[p.Kind] = reflect.TypeOf(p.Value).Elem()
	}
	for _, row := range casemodel.Writings() {
		typ, known := kinds[row.Kind]
		if !known {
			continue
		}
		for _, member := range row.Members {
			if !slices.ContainsFunc(reflect.VisibleFields(typ), func(f reflect.StructField) bool {
				name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				return name == member
			}) {
				t.Errorf("%s has no member %s", row.Kind, member)
			}
		}
	}
}
