package cases_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"caseway/mapping/casemodel"
)

// TestASummaryIsEdited: put back as it was given, but for what was changed, it
// takes nothing away that it doesn't show.
func TestASummaryIsEdited(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.running()
		k.must("revise", casemodel.RoleCaseManager, manager, casemodel.Planning{}, "longer")
		k.must("submit", casemodel.RoleCaseManager, manager, casemodel.Submission{})
		k.must("approve", casemodel.RolePhysician, physician, casemodel.Decision{})
		k.read()
		if len(k.c.Plans) != 2 || k.c.Plans[0].Status != casemodel.PlanRevoked {
			t.Fatalf("the plans are %+v", k.c.Plans)
		}
		got := k.do("GET", k.path, "")
		var short struct{ Case object }
		if err := json.Unmarshal([]byte(got.body), &short); err != nil || got.header.Get("ETag") != k.etag {
			t.Fatalf("%v, ETag %s of %s", err, got.header.Get("ETag"), k.etag)
		}
		before := k.c
		k.edited("PUT", "", asJSON, short.Case)
		if text(k.c) != text(before) {
			t.Errorf("the case was\n%s\nand is\n%s", text(before), text(k.c))
		}
		short.Case["accounts"] = []string{"Account/a"}
		short.Case["plans"].([]any)[0].(object)["nextReview"] = "2031-01-01"
		k.edited("PUT", "", asJSON, short.Case)
		before.Accounts, before.Plans[1].NextReview = []casemodel.Ref{"Account/a"}, "2031-01-01"
		if text(k.c) != text(before) {
			t.Errorf("the case is\n%s\nnot\n%s", text(k.c), text(before))
		}
		short.Case["plans"] = []object{}
		k.problem(k.edit("PUT", "", asJSON, short.Case), http.StatusUnprocessableEntity)
	})
}

// TestWhichPlanAPatchCounts: a summary counts only those that aren't over.
func TestWhichPlanAPatchCounts(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		k := a.running()
		k.must("revise", casemodel.RoleCaseManager, manager, casemodel.Planning{}, "longer")
		k.must("submit", casemodel.RoleCaseManager, manager, casemodel.Submission{})
		k.must("approve", casemodel.RolePhysician, physician, casemodel.Decision{})
		for _, row := range []struct {
			view, path, date string
			status, plan     int
		}{
			{"", "/plans/0/nextReview", "2031-01-01", 422, -1},
			{"&view=summary", "/plans/0/nextReview", "2031-01-02", 200, 1},
			{"&view=whole", "/plans/1/nextReview", "2031-01-03", 200, 1},
			{"&view=whole", "/plans/0/nextReview", "2031-01-04", 200, 0},
			{"&view=summary", "/plans/1/nextReview", "2031-01-05", 422, -1},
			{"&view=brief", "/plans/1/nextReview", "2031-01-06", 400, -1},
			{"&view=whole&view=whole", "/plans/1/nextReview", "2031-01-07", 400, -1},
		} {
			t.Run(row.view, func(t *testing.T) {
				body := text([]object{{"op": "add", "path": row.path, "value": row.date}})
				got := k.do("PATCH", k.path+who+row.view, body, "If-Match", "*", "Content-Type", asPatch)
				if got.status != row.status {
					t.Errorf("%s %s: %d %s", row.view, row.path, got.status, got.body)
				}
				k.read()
				if row.plan >= 0 && string(k.c.Plans[row.plan].NextReview) != row.date {
					t.Errorf("%s %s: the plans are %+v", row.view, row.path, k.c.Plans)
				}
			})
		}
	})
}
