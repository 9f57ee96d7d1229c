package server

import (
	"net/http"
	"slices"
	"strings"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/mapping/casemodel"
	"caseway/server/cases"
)

// Where the parts of a case are.
const (
	casePath     = "/cases/:id"
	caseListPath = casePath + "/:list"
	casePartPath = caseListPath + "/:type/:part"
)

// editRoutes are the routes of the parts of cases, and those that change cases by
// hand.
func editRoutes() []route {
	const get, post, put, patch, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete
	return []route{
		at(put, casePath, "", "", false, editCase),
		at(patch, casePath, "", "", false, editCase),
		at(get, caseListPath, "", "", false, readCaseParts),
		at(post, caseListPath, "", "", false, editCase),
		at(get, casePartPath, "", "", false, readCasePart),
		at(put, casePartPath, "", "", false, editCase),
		at(patch, casePartPath, "", "", false, editCase),
		at(del, casePartPath, "", "", false, editCase),
	}
}

// editCase is PUT and PATCH /cases/[id], POST /cases/[id]/[list], and PUT, PATCH
// and DELETE /cases/[id]/[list]/[type]/[id].
func editCase(x *exchange) error {
	pairs, err := search.Split(x.c.Request.URL.RawQuery)
	if err != nil {
		return err
	}
	e := cases.Edit{
		Case: x.c.Param("id"), List: x.c.Param("list"), Type: x.c.Param("type"), ID: x.c.Param("part"),
		Method: x.c.Request.Method, Query: pairs, IfMatch: x.c.Request.Header["If-Match"],
	}
	takes := e.List == "" || x.allowEdits(e.List, e.ID != "")
	if e.Method != http.MethodDelete && takes {
		if e.MediaType, err = x.editType(); err != nil {
			return err
		}
		if e.Body, err = x.readBody(); err != nil {
			return err
		}
	}
	a, err := x.server.cases.Edit(x.context(), e)
	return writeAnswer(x, a, err)
}

// editType is the media type of the body of an edit (RFC 5789 section 2.2).
func (x *exchange) editType() (string, error) {
	wanted := []string{"application/json"}
	if x.c.Request.Method == http.MethodPatch {
		wanted = []string{cases.MergePatch, cases.JSONPatch}
	}
	value := x.c.Request.Header.Get("Content-Type")
	if name := parseContentType(value).name; slices.Contains(wanted, name) && isUTF8(value) {
		return name, nil
	}
	if x.c.Request.Method == http.MethodPatch {
		x.c.Writer.Header().Set("Accept-Patch", strings.Join(wanted, ", "))
	}
	return "", fhir.NewError(fhir.UnsupportedMedia, fhir.IssueNotSupported,
		"Content-Type must be "+strings.Join(wanted, " or ")+" in UTF-8")
}

// allowEdits reports whether a list or a part takes the request's method, and
// says in Allow what it takes where it doesn't.
func (x *exchange) allowEdits(list string, part bool) bool {
	allow := methodsOf(list, part)
	takes := slices.Contains(allow, x.c.Request.Method)
	if !takes {
		x.c.Writer.Header().Set("Allow", strings.Join(allow, ", "))
	}
	return takes
}

// methodsOf are the methods that a list of a case takes, or a part of it.
func methodsOf(list string, part bool) []string {
	allow := slices.Concat(cases.EditMethods(list, part), []string{http.MethodOptions})
	if part || cases.HasList(list) {
		allow = append(allow, http.MethodGet, http.MethodHead)
	}
	slices.Sort(allow)
	return allow
}

// readCaseParts is GET /cases/[id]/[list].
func readCaseParts(x *exchange) error {
	pairs, err := search.Split(x.c.Request.URL.RawQuery)
	if err != nil {
		return err
	}
	a, err := x.server.cases.ReadParts(x.context(), x.c.Param("id"), x.c.Param("list"), pairs, x.c.Request.Header["If-None-Match"])
	return writeAnswer(x, a, err)
}

// readCasePart is GET /cases/[id]/[list]/[type]/[id].
func readCasePart(x *exchange) error {
	if err := noQuery(x); err != nil {
		return err
	}
	ref := casemodel.Ref(x.c.Param("type") + "/" + x.c.Param("part"))
	a, err := x.server.cases.ReadPart(x.context(), x.c.Param("id"), x.c.Param("list"), ref, x.c.Request.Header["If-None-Match"])
	return writeAnswer(x, a, err)
}
