package cases_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/mapping/casemodel"
	"caseway/server/cases"
	"caseway/server/cases/file"
	"caseway/server/cases/problem"
	"caseway/server/operation"

	"pgregory.net/rapid"
)

// asking are requests that write nothing. $C is a case, $W its patient, $P a patient, $O an
// organization, $N a small number. A line is a method, a path, and a body.
var asking = []string{
	"GET /cases/$C", "GET /cases/$C", "GET /cases", "GET /cases?count=1", "GET /cases?client=Patient/$P", "GET /cases?assignee=Practitioner/m",
	"GET /cases?condition=Condition/$C-problem", "GET /cases?condition=http://x.example|k$N", "GET /cases?insurer=Organization/$O",
	"GET /cases?insurer=Organization/$O&count=1&phase=active", "GET /cases?phase=active,closed&model=brokerage&setting=home-health",
	"GET /cases?overdue=true", "GET /cases/export", "GET /cases/export?client=Patient/$P", "GET /cases/csv?insurer=Organization/$O",
	"GET /cases/$C/goals/Goal/$C-goal", "GET /cases/$C/tasks/Task/$C-task", "GET /cases/$C/agreements/Contract/$C-deal", "GET /cases/$C/goals/Goal/none",
	"GET /fhir/EpisodeOfCare/$C/$everything", "GET /fhir/Provenance", "GET /fhir/EpisodeOfCare?_has:Task:episode-of-care:owner=Organization/$O",
	"GET /fhir/Contract?party=Organization/$O&_summary=count", "GET /fhir/Invoice?_total=accurate&_count=1", "GET /fhir/CarePlan/$C-plan/$reconcile?other=CarePlan/$P-c0-plan",
	"GET /fhir/CarePlan/$C-plan/$reconcile?other=CarePlan/$P-c1-plan&merge=true", "GET /fhir/PlanDefinition/none/$apply?subject=Patient/$P",
}

// naming are requests that write, and are judged by the one part that they name.
var outsideReference = []string{
	`ACT $C work {"argument":{"id":"Task/$C-task","text":"x"}}`, `ACT $C work {"argument":{"id":"Task/$P-c0-task","text":"x"}}`,
	`ACT $C record-outcome {"argument":{"outcome":{"goals":["Goal/$C-goal"],"value":{"text":"x"}}}}`,
	`ACT $C assess {"argument":{"problems":[{"id":"Condition/$C-problem","code":{"text":"x"}}]}}`,
	`EDIT PATCH $C/tasks/Task/$C-task {"text":"x"}`, `EDIT PATCH $C/goals/Goal/$C-goal {"note":"x"}`, `EDIT DELETE $C/goals/Goal/$C-goal`,
	`EDIT PATCH $C/problems/Condition/$C-problem {"note":"x"}`,
	`POST /fhir/EpisodeOfCare/$C/$update-care-teams {"name":"team","valueReference":{"reference":"CareTeam/team-$P"}}`,
	`POST /fhir/CarePlan/$C-plan/$reconcile {"name":"other","valueReference":{"reference":"CarePlan/$P-c0-plan"}},{"name":"store","valueBoolean":true}`,
	`IMPORT {"id":"new-$C","adopted":true,"phase":"opened","client":{"id":"Patient/$P"},"goals":[{"id":"Goal/$C-goal","description":{"text":"x"}}]}`,
}

// doing are other requests that write.
var doing = []string{
	`ACT $C hold {"reason":"x"}`, `ACT $C work {"argument":{"text":"x"}}`, `ACT $C work {"argument":{"id":"Task/$C-task","status":"completed"}}`,
	`ACT $C work {"argument":{"id":"Task/$P-c0-task","text":"x"}}`, `ACT $C accept {"argument":{"service":"ServiceRequest/$C-service","offer":"Task/$C-offer$N"}}`,
	`ACT $C accept {"argument":{"service":"ServiceRequest/$C-service","offer":"Task/$C-none"}}`,
	`ACT $C decline {"reason":"x","argument":{"service":"ServiceRequest/$C-service","offer":"Task/$C-offer$N"}}`,
	`ACT $C choose {"argument":{"service":"ServiceRequest/$C-service","offer":"Task/$C-offer$N"}}`,
	`ACT $C negotiate {"argument":{"agreement":"Contract/$C-deal","round":{"kind":"counter-offer","listPrice":{"minor":400000,"currency":"USD"}}}}`,
	`ACT $C negotiate {"argument":{"agreement":"Contract/$C-none","round":{"kind":"agreement"}}}`,
	`ACT $C record-outcome {"argument":{"outcome":{"goals":["Goal/$C-goal"],"value":{"text":"x"}}}}`,
	`ACT $C record-outcome {"argument":{"outcome":{"goals":["Goal/$P-c0-goal"],"value":{"text":"x"}}}}`,
	`ACT $C close {"argument":{"reason":{"codings":[{"system":"https://caseway.dev/fhir/CodeSystem/closure-reason","code":"goals-met"}]},"summary":"x"}}`,
	`ACT $C deliver {"argument":{"service":"ServiceRequest/$C-service","status":"delivered"}}`,
	`ACT $C review {"argument":{"exchange":{"kind":"clinical-update","text":"x","nextReview":"2030-01-01"}}}`,
	`ACT $C request-authorization {"argument":{"service":"ServiceRequest/$C-service","necessity":"x"}}`,
	`POST /cases {"action":"refer","client":"Patient/$P","argument":{"referral":{"reasons":[{"text":"x"}]}}}`,
	`POST /fhir/EpisodeOfCare/$C/$update-care-teams {"name":"team","valueReference":{"reference":"CareTeam/team-$P"}}`,
	`POST /fhir/EpisodeOfCare/$C/$close {"name":"reason","valueCodeableConcept":{"coding":[{"system":"https://caseway.dev/fhir/CodeSystem/closure-reason","code":"other"}]}},{"name":"summary","valueString":"x"}`,
	`POST /fhir/CarePlan/$C-plan/$reconcile {"name":"other","valueReference":{"reference":"CarePlan/$P-c0-plan"}},{"name":"store","valueBoolean":true}`,
	`EDIT PATCH $C {"title":"x"}`, `EDIT DELETE $C/goals/Goal/$C-goal`, `EDIT PATCH $C/tasks/Task/$C-task {"text":"x"}`, `EDIT POST $C/goals {"description":{"text":"x"}}`,
	`EDIT PATCH $C/agreements/Contract/$C-deal {"title":"x"}`,
	`IMPORT {"id":"$C","adopted":true,"phase":"active","client":{"id":"Patient/$P"},"goals":[{"id":"Goal/$C-goal","description":{"text":"x"}}]}`,
	`IMPORT {"id":"new-$C","adopted":true,"phase":"opened","client":{"id":"Patient/$P"},"goals":[{"id":"Goal/$C-goal","description":{"text":"x"}}]}`,
	`PUT /fhir/Task/$C-task {"status":"accepted","intent":"order","for":{"reference":"Patient/$W"},"focus":{"reference":"EpisodeOfCare/$C"}}`,
}

// beginning are requests that make several resources at once, the order of whose
// ids is chance, and with it which is due first.
var beginning = []string{
	`ACT $C adopt {"argument":{"model":"brokerage","setting":"home-health","manager":{"ref":"Practitioner/m"}}}`,
	`POST /cases {"action":"open","client":"Patient/$P","bring":["Coverage/$C-policy"],"argument":{"model":"brokerage","setting":"home-health","manager":{"ref":"Practitioner/m"}}}`,
	`POST /fhir/EpisodeOfCare/$open {"name":"subject","valueReference":{"reference":"Patient/$P"}},{"name":"model","valueCode":"brokerage"},{"name":"setting","valueCode":"home-health"},{"name":"careManager","valueReference":{"reference":"Practitioner/m"}}`,
}

// drawLine puts ids into a request.
func drawLine(t *rapid.T, line string) string {
	patient := fmt.Sprint("p", rapid.IntRange(0, 2).Draw(t, "patient"))
	whose := patient
	if rapid.IntRange(0, 4).Draw(t, "another's") == 0 {
		whose = fmt.Sprint("p", rapid.IntRange(0, 2).Draw(t, "whose"))
	}
	return strings.NewReplacer(
		"$C", fmt.Sprintf("%s-c%d", whose, rapid.SampledFrom([]int{0, 0, 0, 1, 1, 2}).Draw(t, "case")), "$P", patient, "$W", whose,
		"$O", fmt.Sprint("o", rapid.IntRange(0, 2).Draw(t, "organization")), "$N", fmt.Sprint(rapid.IntRange(0, 1).Draw(t, "number")),
	).Replace(line)
}

// ask makes a request and gives all of its answer as text.
func (x *leaking) ask(ctx context.Context, line string) string {
	verb, rest, _ := strings.Cut(line, " ")
	path, body, _ := strings.Cut(rest, " ")
	switch {
	case verb == "ACT":
		name, argument, _ := strings.Cut(body, " ")
		return shown(act(ctx, x.cases, path, name, argument))
	case verb == "EDIT":
		to, text, _ := strings.Cut(body, " ")
		return shown(x.cases.Edit(ctx, editing(path, to, text)))
	case verb == "IMPORT":
		return x.imports(ctx, rest)
	case verb == "POST" && path == "/cases":
		return shown(create(ctx, x.cases, body))
	case verb == "PUT":
		key, _ := fhir.ParseKey(strings.TrimPrefix(path, "/fhir/"))
		text := `{"resourceType":"` + key.Type + `","id":"` + key.ID + `",` + strings.TrimPrefix(body, "{")
		r, err := x.guarded.Update(ctx, interaction.UpdateRequest{Key: key, Body: []byte(text)})
		return told(r.Version.JSON, err)
	case strings.HasPrefix(path, "/fhir/"):
		return x.askFHIR(ctx, verb == "GET", strings.TrimPrefix(path, "/fhir/"), body)
	}
	return x.askCases(ctx, strings.TrimPrefix(path, "/cases"))
}

func (x *leaking) askCases(ctx context.Context, path string) string {
	path, query, _ := strings.Cut(path, "?")
	pairs, err := search.Split(query)
	if err != nil {
		return told(nil, err)
	}
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	switch {
	case parts[0] == "":
		page, err := x.cases.List(ctx, pairs)
		return shown(cases.Answer[cases.Page]{Value: page}, err)
	case parts[0] == "export" || parts[0] == "csv":
		return x.exports(ctx, map[string]file.Format{"export": file.FormatNDJSON, "csv": file.FormatCSV}[parts[0]], pairs)
	case len(parts) == 4:
		return shown(x.cases.ReadPart(ctx, parts[0], parts[1], casemodel.Ref(parts[2]+"/"+parts[3]), nil))
	}
	return shown(x.cases.Read(ctx, parts[0], nil))
}

func (x *leaking) exports(ctx context.Context, format file.Format, pairs []search.Pair) string {
	e, err := file.ReadExport(format, pairs)
	if err != nil {
		return told(nil, err)
	}
	var b bytes.Buffer
	n, err := x.files.Export(ctx, e, &b)
	return fmt.Sprint(n, " ", told(b.Bytes(), err))
}

func (x *leaking) imports(ctx context.Context, line string) string {
	var b bytes.Buffer
	i := file.Importing{Format: file.FormatNDJSON, Change: true, MaxLine: 1 << 20}
	err := x.files.Import(ctx, i, strings.NewReader(line+"\n"), func(text []byte) { b.Write(text) })
	return told(b.Bytes(), err)
}

// askFHIR calls an operation, or searches.
func (x *leaking) askFHIR(ctx context.Context, get bool, path, body string) string {
	path, query, _ := strings.Cut(path, "?")
	pairs, err := search.Split(query)
	if err != nil {
		return told(nil, err)
	}
	path, name, operates := strings.Cut(path, "/$")
	key, _ := fhir.ParseKey(path)
	if key.Type == "" {
		key.Type = path
	}
	switch {
	case name == "everything":
		return told(x.guarded.Everything(ctx, interaction.EverythingRequest{Key: key, Base: here, Parameters: pairs}))
	case !operates:
		return told(x.guarded.Search(ctx, interaction.SearchRequest{Type: path, Base: here, Parameters: pairs}))
	}
	r := operation.Request{Key: key, Name: name, Get: get, Query: pairs, Base: here}
	if !get {
		r.Body = []byte(`{"resourceType":"Parameters","parameter":[` + body + `]}`)
	}
	return told(x.operations.Do(ctx, r))
}

func editing(method, to, body string) cases.Edit {
	e := cases.Edit{Method: method, Body: []byte(body), MediaType: "application/json", IfMatch: []string{"*"}}
	if method == http.MethodPatch {
		e.MediaType = cases.MergePatch
	}
	if method == http.MethodDelete {
		e.Query = []search.Pair{{Name: "reason", Value: "x"}}
	}
	parts := append(strings.Split(to, "/"), "", "", "")
	e.Case, e.List, e.Type, e.ID = parts[0], parts[1], parts[2], parts[3]
	return e
}

// shown is an answer of the case API as text.
func shown[T any](a cases.Answer[T], err error) string {
	if err != nil {
		return told(nil, err)
	}
	return fmt.Sprint(a.ETag, " ", a.Location, " ", text(a.Value))
}

// told is an answer as text, an error as the client is told of it.
func told(body []byte, err error) string {
	fe := (*fhir.Error)(nil)
	switch {
	case err == nil:
		return string(body)
	case errors.As(err, &fe):
		return fmt.Sprintf("error %s %v", interaction.Status(fe.Kind), fe.Issues)
	}
	p := problem.Of(err, http.StatusInternalServerError)
	if p.Status == http.StatusInternalServerError {
		return "broken " + err.Error()
	}
	text, _ := json.Marshal(p)
	return "problem " + string(text)
}
