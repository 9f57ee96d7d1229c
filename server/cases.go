package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/mapping/casemodel"
	"caseway/server/cases"
	"caseway/server/cases/form"
	"caseway/server/cases/openapi"
	"caseway/server/cases/problem"
)

// problemJSON is the content type of errors at /cases (RFC 9457 section 6).
var problemJSON = []string{"application/problem+json"}

// caseRoutes are the routes of the case API.
func caseRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	all := []route{
		at(get, "/cases", "", "", false, listCases),
		at(post, "/cases", "", "", false, createCase),
		at(get, "/cases/export", "", "", false, exportCases),
		at(post, "/cases/import", "", "", false, importCases),
		at(get, "/cases/openapi.json", "", "", false, describeCases).open().toPages(),
		at(get, "/cases/:id", "", "", false, readCase),
		at(post, "/cases/:id/actions/:name", "", "", false, actOnCase),
	}
	all = append(all, editRoutes()...)
	for i := range all {
		all[i].cases = true
	}
	return all
}

// admitCases refuses what the door refuses for FHIR, a foreign name while there
// is no login, and finds out how the answer is to be laid out.
func (x *exchange) admitCases() error {
	if x.server.login == nil && !x.server.door.knows(x.client.host) {
		return fhir.NewError(fhir.Forbidden, fhir.IssueForbidden,
			"this server doesn't answer under the name in the Host header without a login")
	}
	return x.takePretty()
}

// takePretty takes the parameter pretty out of the query: it is about the answer's
// layout, and the same on each path but for files, whose lines have none.
func (x *exchange) takePretty() error {
	u := x.c.Request.URL
	if !strings.Contains(u.RawQuery, "pretty") {
		return nil
	}
	var rest []string
	for part := range strings.SplitSeq(u.RawQuery, "&") {
		name, value, _ := strings.Cut(part, "=")
		switch {
		case name != "pretty":
			rest = append(rest, part)
		case x.route.path == "/cases/export" || x.route.path == "/cases/import":
			return badParameter("pretty", "isn't for files of cases, which have a case or a report in each line")
		case value != "true" && value != "false":
			return badParameter("pretty", "is true or false")
		default:
			x.format.pretty = value == "true"
		}
	}
	u.RawQuery = strings.Join(rest, "&")
	return nil
}

// listCases is GET /cases.
func listCases(x *exchange) error {
	pairs, err := search.Split(x.c.Request.URL.RawQuery)
	if err != nil {
		return err
	}
	page, err := x.server.cases.List(x.context(), pairs)
	return writeAnswer(x, cases.Answer[cases.Page]{Value: page}, err)
}

// createCase is POST /cases.
func createCase(x *exchange) error {
	body, err := x.readJSON()
	if err != nil {
		return err
	}
	var b cases.NewCase
	if err := form.Read(body, &b); err != nil {
		return err
	}
	a, err := x.server.cases.Create(x.context(), b)
	return writeAnswer(x, a, err)
}

// readCase is GET /cases/[id].
func readCase(x *exchange) error {
	pairs, err := search.Split(x.c.Request.URL.RawQuery)
	if err != nil {
		return err
	}
	view, err := cases.ReadView(pairs)
	if err != nil {
		return err
	}
	id, known := x.c.Param("id"), x.c.Request.Header["If-None-Match"]
	if view == cases.ViewSummary {
		a, err := x.server.cases.Overview(x.context(), id, known)
		return writeAnswer(x, a, err)
	}
	a, err := x.server.cases.Read(x.context(), id, known)
	return writeAnswer(x, a, err)
}

// actOnCase is POST /cases/[id]/actions/[name].
func actOnCase(x *exchange) error {
	if err := noQuery(x); err != nil {
		return err
	}
	body, err := x.readJSON()
	if err != nil {
		return err
	}
	name := casemodel.Action(x.c.Param("name"))
	if _, err := cases.Definition(name); err != nil {
		return err
	}
	var request cases.ActionRequest
	if err := form.Read(body, &request); err != nil {
		return err
	}
	a, err := x.server.cases.Act(x.context(), x.c.Param("id"), name, request, x.c.Request.Header["If-Match"])
	return writeAnswer(x, a, err)
}

// describeCases is GET /cases/openapi.json.
func describeCases(x *exchange) error {
	x.format.contentType = plainJSON
	x.writeJSON(http.StatusOK, openapi.Document())
	return nil
}

// noQuery refuses parameters where there are none.
func noQuery(x *exchange) error {
	if x.c.Request.URL.RawQuery != "" {
		return fhir.NewError(fhir.Invalid, fhir.IssueNotSupported, "this takes no parameters")
	}
	return nil
}

// readJSON reads a body that must be JSON.
func (x *exchange) readJSON() ([]byte, error) {
	if t := parseContentType(x.c.Request.Header.Get("Content-Type")); !t.ok || t.name != "application/json" {
		return nil, fhir.NewError(fhir.UnsupportedMedia, fhir.IssueNotSupported, "Content-Type must be application/json in UTF-8")
	}
	return x.readBody()
}

// writeAnswer answers with a case, or lets the exchange fail.
func writeAnswer[T any](x *exchange, a cases.Answer[T], err error) error {
	if err != nil {
		return err
	}
	h := x.c.Writer.Header()
	if a.ETag != "" {
		h.Set("Etag", a.ETag)
	}
	if a.Location != "" {
		h.Set("Location", x.root()+a.Location)
	}
	if a.ContentLocation != "" {
		h.Set("Content-Location", x.root()+a.ContentLocation)
	}
	if a.NotModified {
		x.setVary()
		x.c.Writer.WriteHeader(http.StatusNotModified)
		return nil
	}
	body, err := json.Marshal(a.Value)
	if err != nil {
		return fmt.Errorf("what a request for cases comes to: %w", err)
	}
	status := http.StatusOK
	if a.Location != "" {
		status = http.StatusCreated
	}
	x.format.contentType = plainJSON
	x.writeJSON(status, body)
	return nil
}

// root is the URL of the server's root as this client sees it.
func (x *exchange) root() string {
	base := x.base()
	return base[:len(base)-len("/fhir")]
}

// problem is the body for an error at /cases.
func (x *exchange) problem(status int, err error) (int, []byte) {
	p := problem.Of(err, status)
	return p.Status, p.JSON()
}

// witnessedCase is what a request for cases comes to in FHIR, for AuditEvents.
func (x *exchange) witnessedCase() (interaction.Name, fhir.Key) {
	key := fhir.Key{Type: "EpisodeOfCare", ID: x.c.Param("id")}
	switch {
	case x.c.Request.Method != http.MethodGet && x.c.Request.Method != http.MethodHead:
		return interaction.Transaction, key
	case key.ID == "":
		return interaction.SearchType, key
	}
	return interaction.Operation, key
}
