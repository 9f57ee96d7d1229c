package operation_test

import (
	"strings"
	"testing"
)

// TestApplyByEpisode has the form of the Danish eHealth infrastructure: GET gives a
// transaction, POST stores.
func TestApplyByEpisode(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		a.put("PlanDefinition/therapy", therapy)
		a.put("EpisodeOfCare/e", `{"resourceType":"EpisodeOfCare","id":"e","status":"planned","patient":{"reference":"Patient/p1"}}`)
		before := a.stored()
		bundle := a.get("PlanDefinition/therapy/$apply?episodeOfCare=EpisodeOfCare/e")
		text := encoded(t, bundle)
		if bundle["type"] != "transaction" || !strings.Contains(text, `"url":"CarePlan"`) || !strings.Contains(text, `"url":"ServiceRequest"`) || strings.Contains(text, `"#`) {
			t.Errorf("got %s, want a transaction of CarePlan and ServiceRequest", text)
		}
		if now := a.stored(); now != before {
			t.Errorf("GET has stored something: %s, were %s", now, before)
		}
		for _, path := range []string{
			"PlanDefinition/$apply?planDefinition=PlanDefinition/therapy&episodeOfCare=EpisodeOfCare/e",
			"$apply?planDefinition=http%3A%2F%2Fexample.org%2Ftherapy&episodeOfCare=" + a.url + "/fhir/EpisodeOfCare/e/_history/1",
		} {
			t.Run(path, func(t *testing.T) {
				if got := encoded(t, a.get(path)); strings.Count(got, `"fullUrl"`) != strings.Count(text, `"fullUrl"`) {
					t.Errorf("%s: got %s, want as many entries as %s", path, got, text)
				}
			})
		}
		a.ok(a.do("POST", "", text))
		stored := a.ok(a.post("PlanDefinition/therapy/$apply", `{"name":"episodeOfCare","valueReference":{"reference":"EpisodeOfCare/e"}}`))
		if got := encoded(t, stored); stored["type"] != "transaction-response" || !strings.Contains(got, `"resourceType":"CarePlan"`) || !strings.Contains(got, `"valueReference":{"reference":"EpisodeOfCare/e"}`) {
			t.Errorf("got %s, want what is stored", got)
		}
		if plans := a.entries("CarePlan?episode-of-care=EpisodeOfCare/e"); len(plans) != 2 {
			t.Errorf("got %d plans of the episode, want one of the client's transaction and one that POST has stored", len(plans))
		}
		for path, words := range map[string]string{
			"PlanDefinition/therapy/$apply?episodeOfCare=EpisodeOfCare/none":                                         "names nothing that is there",
			"PlanDefinition/therapy/$apply?episodeOfCare=EpisodeOfCare/e&subject=Patient/p2":                         "isn't one of the subject",
			"PlanDefinition/therapy/$apply?episodeOfCare=Patient/p1":                                                 "must be a EpisodeOfCare",
			"PlanDefinition/$apply?episodeOfCare=EpisodeOfCare/e":                                                    "planDefinition is missing",
			"$apply?planDefinition=PlanDefinition/none&episodeOfCare=EpisodeOfCare/e":                                "names no PlanDefinition",
			"PlanDefinition/therapy/$apply?planDefinition=PlanDefinition/therapy&episodeOfCare=EpisodeOfCare/e":      "the URL names",
			"PlanDefinition/therapy/$apply?episodeOfCare=EpisodeOfCare/e&episode=EpisodeOfCare/e&store=true":         "store is for POST",
			"PlanDefinition/therapy/$apply":                                                                          "parameter subject is missing",
			"PlanDefinition/$apply?planDefinition=PlanDefinition/therapy&subject=Patient/p1&episode=EpisodeOfCare/e": "goes with store",
		} {
			t.Run(path, func(t *testing.T) {
				if status, text := a.do("GET", path, ""); status < 400 || status > 422 || !strings.Contains(text, words) {
					t.Errorf("%s: got %d %s, want it refused with %q", path, status, text, words)
				}
			})
		}
	})
}

// provenance is one that targets a resource.
func provenance(target string) string {
	return `{"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000003","resource":{"resourceType":"Provenance","recorded":"2026-01-01T00:00:00Z",
		"target":[{"reference":"` + target + `"}],"policy":["http://example.org/policy"],"agent":[{"who":{"reference":"Practitioner/manager"}}]}}`
}

const newEpisode = `{"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000001","resource":{"resourceType":"EpisodeOfCare","status":"STATUS",
	"patient":{"reference":"Patient/p1"},"diagnosis":[{"condition":{"reference":"urn:uuid:00000000-0000-4000-8000-000000000002"}}]}}`

func condition(patient string) string {
	return `{"fullUrl":"urn:uuid:00000000-0000-4000-8000-000000000002","resource":{"resourceType":"Condition","subject":{"reference":"Patient/` + patient + `"},"code":{"text":"COPD"}}}`
}

// TestEpisodesAreCreatedWithTheirProvenance in one commit.
func TestEpisodesAreCreatedWithTheirProvenance(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		const id = "urn:uuid:00000000-0000-4000-8000-000000000001"
		planned := strings.Replace(newEpisode, "STATUS", "planned", 1)
		call := func(path string, entries ...string) (int, string) {
			return a.post(path, `{"name":"episodeOfCareAndProvenances","resource":{"resourceType":"Bundle","type":"transaction","entry":[`+strings.Join(entries, ",")+`]}}`)
		}
		for i, path := range []string{"$create-episode-of-care", "EpisodeOfCare/$create-episode-of-care"} {
			t.Run(path, func(t *testing.T) {
				got := encoded(t, a.ok(call(path, provenance(id), condition("p1"), planned)))
				if !strings.Contains(got, `"resourceType":"EpisodeOfCare"`) || strings.Contains(got, "urn:uuid") {
					t.Errorf("%s: got %s, want what is stored", path, got)
				}
				episodes := a.entries("EpisodeOfCare?patient=Patient/p1&_include=EpisodeOfCare:condition&_revinclude=Provenance:target")
				if len(episodes) != 3*(i+1) {
					t.Errorf("%s: got %d resources, want an episode, its condition and its Provenance for each call", path, len(episodes))
				}
			})
		}
		before := a.stored()
		for _, row := range []struct {
			name, words string
			entries     []string
		}{
			{"no episode", "no EpisodeOfCare", []string{provenance(id)}},
			{"no provenance", "no Provenance", []string{planned, condition("p1")}},
			{"active", "must be planned", []string{strings.Replace(newEpisode, "STATUS", "active", 1), condition("p1"), provenance(id)}},
			{"two", "more than one EpisodeOfCare", []string{planned, planned}},
			{"another target", "doesn't name the EpisodeOfCare", []string{planned, condition("p1"), provenance("Patient/p1")}},
			{"another's condition", "isn't a Condition of the episode's patient", []string{planned, condition("p2"), provenance(id)}},
			{"a task", "is a Task", []string{planned, `{"resource":{"resourceType":"Task","status":"draft","intent":"order"}}`}},
		} {
			t.Run(row.name, func(t *testing.T) {
				a := &api{t, a.url, a.engine}
				status, text := call("$create-episode-of-care", row.entries...)
				a.refused(422, row.words, status, text)
			})
		}
		a.T = t
		if now := a.stored(); now != before {
			t.Errorf("what was refused has stored something: %s, were %s", now, before)
		}
	})
}

// TestTeamsAreAddedAndTakenAway, of an episode and its plans, and of a plan and those
// that are part of it.
func TestTeamsAreAddedAndTakenAway(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		for _, team := range []struct{ id, status, subject string }{
			{"old", "active", `,"subject":{"reference":"Patient/p1"}`},
			{"new", "active", ""},
			{"gone", "inactive", ""},
			{"other", "active", `,"subject":{"reference":"Patient/p2"}`},
		} {
			a.put("CareTeam/"+team.id, `{"resourceType":"CareTeam","id":"`+team.id+`","status":"`+team.status+`"`+team.subject+`}`)
		}
		a.put("EpisodeOfCare/e", `{"resourceType":"EpisodeOfCare","id":"e","status":"active","patient":{"reference":"Patient/p1"},"team":[{"reference":"CareTeam/old"}]}`)
		plan := func(id, status, more string) {
			a.put("CarePlan/"+id, `{"resourceType":"CarePlan","id":"`+id+`","status":"`+status+`","intent":"plan","subject":{"reference":"Patient/p1"},
				"careTeam":[{"reference":"CareTeam/old"}]`+more+`}`)
		}
		plan("main", "active", `,"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare","valueReference":{"reference":"EpisodeOfCare/e"}}]`)
		plan("sub", "active", `,"partOf":[{"reference":"CarePlan/main"}]`)
		plan("subsub", "active", `,"partOf":[{"reference":"CarePlan/sub"}]`)
		plan("over", "completed", `,"partOf":[{"reference":"CarePlan/main"}]`)
		ref := func(name, id string) string {
			return `{"name":"` + name + `","valueReference":{"reference":"` + id + `"}}`
		}
		teams := func(path string) string {
			r := a.get(path)
			if r["resourceType"] == "EpisodeOfCare" {
				return encoded(t, r["team"])
			}
			return encoded(t, r["careTeam"])
		}
		const oldTeam, both, newTeam = `[{"reference":"CareTeam/old"}]`, `[{"reference":"CareTeam/old"},{"reference":"CareTeam/new"}]`, `[{"reference":"CareTeam/new"}]`
		changed := a.ok(a.post("CarePlan/main/$update-care-teams", ref("addCareTeams", "CareTeam/new")))
		if got := encoded(t, changed); strings.Count(got, `"fullUrl"`) != 3 {
			t.Errorf("got %s, want the plan and both below it", got)
		}
		for path, want := range map[string]string{"CarePlan/main": both, "CarePlan/sub": both, "CarePlan/subsub": both, "CarePlan/over": oldTeam, "EpisodeOfCare/e": oldTeam} {
			t.Run(path, func(t *testing.T) {
				if got := teams(path); got != want {
					t.Errorf("%s has the teams %s, want %s", path, got, want)
				}
			})
		}
		a.ok(a.post("EpisodeOfCare/e/$update-care-teams", ref("addCareteams", "CareTeam/new"), ref("removeCareteams", a.url+"/fhir/CareTeam/old")))
		for path, want := range map[string]string{"CarePlan/main": newTeam, "CarePlan/sub": newTeam, "CarePlan/over": oldTeam, "EpisodeOfCare/e": newTeam} {
			t.Run(path, func(t *testing.T) {
				if got := teams(path); got != want {
					t.Errorf("%s has the teams %s, want %s", path, got, want)
				}
			})
		}
		for _, row := range []struct {
			name, words string
			parameters  []string
		}{
			{"another's", "of another patient", []string{ref("addCareTeams", "CareTeam/other")}},
			{"inactive", "whose status is inactive", []string{ref("addCareTeams", "CareTeam/gone")}},
			{"not there", "names nothing that is there", []string{ref("addCareTeams", "CareTeam/none")}},
			{"not one of its", "isn't one of its teams", []string{ref("removeCareTeams", "CareTeam/old")}},
			{"no team", "must be a CareTeam", []string{ref("addCareTeams", "Patient/p1")}},
			{"both", "names a CareTeam that addCareTeams names too", []string{ref("addCareTeams", "CareTeam/new"), ref("removeCareTeams", "CareTeam/new")}},
			{"both forms", "isn't for a call with", []string{ref("team", "CareTeam/new"), ref("removeCareTeams", "CareTeam/new")}},
		} {
			t.Run(row.name, func(t *testing.T) {
				if status, text := a.post("EpisodeOfCare/e/$update-care-teams", row.parameters...); status < 400 || status > 422 || !strings.Contains(text, row.words) {
					t.Errorf("got %d %s, want it refused with %q", status, text, row.words)
				}
			})
		}
		status, text := a.post("CarePlan/main/$update-care-teams")
		a.refused(400, "addCareTeams or removeCareTeams is missing", status, text)
	})
}

// TestContexts are allowed to the episode's patient and to its teams.
func TestContexts(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		for _, id := range []string{"named", "planned", "other"} {
			a.put("CareTeam/"+id, `{"resourceType":"CareTeam","id":"`+id+`","status":"active"}`)
		}
		a.put("CareTeam/gone", `{"resourceType":"CareTeam","id":"gone","status":"inactive"}`)
		a.put("EpisodeOfCare/e", `{"resourceType":"EpisodeOfCare","id":"e","status":"active","patient":{"reference":"Patient/p1"},
			"team":[{"reference":"CareTeam/named"},{"reference":"CareTeam/gone"}]}`)
		a.put("CarePlan/c", `{"resourceType":"CarePlan","id":"c","status":"active","intent":"plan","subject":{"reference":"Patient/p1"},"careTeam":[{"reference":"CareTeam/planned"}],
			"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare","valueReference":{"reference":"EpisodeOfCare/e"}}]}`)
		for _, row := range []struct {
			query  string
			status int
			words  string
		}{
			{"patient=Patient/p1", 200, `"reference":"EpisodeOfCare/e"`},
			{"careTeam=CareTeam/named", 200, `"reference":"EpisodeOfCare/e"`},
			{"careTeam=CareTeam/planned", 200, `"reference":"CarePlan/c"`},
			{"patient=Patient/p2", 403, "another patient's"},
			{"careTeam=CareTeam/other", 403, "names the team"},
			{"careTeam=CareTeam/gone", 403, "status is inactive"},
			{"careTeam=CareTeam/none", 422, "names nothing"},
			{"careTeam=Patient/p1", 400, "must be a CareTeam"},
			{"", 400, "is needed"},
			{"patient=Patient/p1&careTeam=CareTeam/named", 400, "is needed"},
		} {
			t.Run(row.query, func(t *testing.T) {
				if status, text := a.do("GET", "EpisodeOfCare/e/$is-context-allowed?"+row.query, ""); status != row.status || !strings.Contains(text, row.words) {
					t.Errorf("got %d %s, want %d with %q", status, text, row.status, row.words)
				}
			})
		}
	})
}

// TestTeamsAreSuggested by where their organizations are.
func TestTeamsAreSuggested(t *testing.T) {
	onEachStore(t, func(t *testing.T, a *api) {
		a.T = t
		a.put("Organization/north", `{"resourceType":"Organization","id":"north","name":"North","address":[{"state":"1081","district":"851"}]}`)
		a.put("Organization/coded", `{"resourceType":"Organization","id":"coded","name":"Coded",
			"extension":[{"url":"http://example.org/organization-municipalityCode","valueCodeableConcept":{"coding":[{"code":"851"}]}}]}`)
		team := func(id, organization, more string) {
			a.put("CareTeam/"+id, `{"resourceType":"CareTeam","id":"`+id+`","status":"active","managingOrganization":[{"reference":"Organization/`+organization+`"}]`+more+`}`)
		}
		team("a", "north", "")
		team("b", "coded", `,"reasonCode":[{"coding":[{"system":"http://snomed.info/sct","code":"13645005"}]}]`)
		team("has", "north", "")
		team("hers", "north", `,"subject":{"reference":"Patient/p2"}`)
		a.put("Condition/c", `{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/p1"},"code":{"coding":[{"system":"http://snomed.info/sct","code":"13645005"}]}}`)
		a.put("CarePlan/c", `{"resourceType":"CarePlan","id":"c","status":"active","intent":"plan","subject":{"reference":"Patient/p1"},
			"addresses":[{"reference":"Condition/c"}],"careTeam":[{"reference":"CareTeam/has"}]}`)
		for query, want := range map[string]string{"regionCode=1081": "a", "municipalityCode=851": "b a", "regionCode=1082": ""} {
			t.Run(query, func(t *testing.T) {
				var ids []string
				for _, r := range a.entries("CarePlan/c/$suggest-care-teams?" + query) {
					ids = append(ids, r["id"].(string))
				}
				if got := strings.Join(ids, " "); got != want {
					t.Errorf("%s: got the teams %q, want %q", query, got, want)
				}
			})
		}
		status, text := a.do("GET", "CarePlan/c/$suggest-care-teams", "")
		a.refused(400, "regionCode and municipalityCode", status, text)
	})
}
