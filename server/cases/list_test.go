package cases_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"caseway/server/cases"
)

// TestEpisodesFromElsewhereAreListed by the phase that their status says, and by
// whatever else they say.
func TestEpisodesFromElsewhereAreListed(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.directory()
		a.put("Condition/c1", `{"resourceType":"Condition","id":"c1","subject":{"reference":"Patient/p1"},"code":{"coding":[{"system":"http://snomed.info/sct","code":"44054006"}]}}`)
		for status, id := range map[string]string{
			"planned": "f-planned", "waitlist": "f-waitlist", "active": "f-active", "onhold": "f-onhold", "finished": "f-finished",
			"cancelled": "f-cancelled", "entered-in-error": "f-error",
		} {
			a.put("EpisodeOfCare/"+id, `{"resourceType":"EpisodeOfCare","id":"`+id+`","status":"`+status+`","patient":{"reference":"Patient/p1"},
				"careManager":{"reference":"Practitioner/manager"},"diagnosis":[{"condition":{"reference":"Condition/c1"}}]}`)
		}
		a.put("Coverage/policy", `{"resourceType":"Coverage","id":"policy","status":"active","beneficiary":{"reference":"Patient/p1"},"payor":[{"reference":"Organization/insurer"}],
			"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare","valueReference":{"reference":"EpisodeOfCare/f-active"}}]}`)
		for query, want := range map[string]string{
			"phase=referred":                            "f-planned f-waitlist",
			"phase=active":                              "f-active",
			"phase=on-hold,closed":                      "f-finished f-onhold",
			"phase=cancelled":                           "f-cancelled",
			"phase=entered-in-error":                    "f-error",
			"phase=opened,assessing,monitoring":         "",
			"phase=active&insurer=Organization/insurer": "f-active",
			"insurer=Organization/agency":               "",
			"phase=active,closed&assignee=Practitioner/manager&condition=http://snomed.info/sct|44054006": "f-active f-finished",
			"phase=active&condition=Condition/c1":          "f-active",
			"phase=active&assignee=Practitioner/physician": "",
		} {
			t.Run(query, func(t *testing.T) {
				page := a.page("/cases?" + query)
				if got := idsOn(page); got != want {
					t.Errorf("%s: %q, not %q", query, got, want)
				}
				for _, row := range page.Cases {
					if v := a.view(a.do("GET", "/cases/"+row.ID, ""), http.StatusOK); v.Case.Phase != row.Phase || row.Adopted {
						t.Errorf("%s is listed as %s, and is %s", row.ID, row.Phase, v.Case.Phase)
					}
				}
			})
		}
	})
}

// TestOverdueIsPaged: each page but the last is full, whatever lies between.
func TestOverdueIsPaged(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.directory()
		for i := range 25 {
			due := []string{"2020-01-01", "2031-01-01", "2031-01-01", "2020-02-03T10:00:00Z", "2031-01-01"}[i%5]
			id := fmt.Sprintf("f%02d", i)
			a.put("EpisodeOfCare/"+id, `{"resourceType":"EpisodeOfCare","id":"`+id+`","status":"active","patient":{"reference":"Patient/p1"},
				"extension":[{"url":"https://caseway.dev/fhir/StructureDefinition/next-due","extension":[{"url":"date","valueDateTime":"`+due+`"}]}]}`)
		}
		var ids []string
		sizes := ""
		for next := "/cases?overdue=true&count=3&phase=active"; next != ""; {
			page := a.page(next)
			for _, row := range page.Cases {
				if ids = append(ids, row.ID); !row.Overdue {
					t.Errorf("%s isn't overdue", row.ID)
				}
			}
			sizes += fmt.Sprint(len(page.Cases))
			next = page.Next
		}
		if got := strings.Join(ids, " "); sizes != "3331" || got != "f00 f03 f05 f08 f10 f13 f15 f18 f20 f23" {
			t.Errorf("pages of %s: %s", sizes, got)
		}
		next := a.page("/cases?overdue=true&count=3").Next
		for _, path := range []string{
			strings.Replace(next, "cursor=", "cursor=1", 1), strings.Replace(next, "overdue=true", "phase=active", 1), "/cases?overdue=true&cursor=x", "/cases?overdue=true&cursor=x.y", "/cases?overdue=true&cursor=1y2p0ij32e8e7.x",
		} {
			a.problem(a.do("GET", path, ""), http.StatusBadRequest)
		}
	})
}

// idsOn are the ids on a page, sorted.
func idsOn(p cases.Page) string {
	var ids []string
	for _, row := range p.Cases {
		ids = append(ids, row.ID)
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}
