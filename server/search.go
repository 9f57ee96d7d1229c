package server

import (
	"mime"
	"net/http"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
)

// find is a search: GET [base]/[type], [base] and the compartments'
// ([base]/Patient/[id]/[type] and [base]/Patient/[id]/*), and their POST forms
// with _search (https://hl7.org/fhir/R4/http.html#search).
func find(x *exchange) error {
	request, err := x.searchRequest()
	if err != nil {
		return err
	}
	request.Answer = x.budgeted()
	text, err := x.server.engine.SearchText(x.context(), request)
	if err != nil {
		return err
	}
	x.writeText(http.StatusOK, text)
	return nil
}

func (x *exchange) searchRequest() (interaction.SearchRequest, error) {
	r := interaction.SearchRequest{Base: x.base(), Lenient: x.lenient()}
	if x.typ != nil {
		r.Type = x.typ.name
	}
	if what := x.c.Param("what"); what != "" {
		r.Compartment, r.Type = x.key(), what
		if what == "*" {
			r.Type = ""
		}
	}
	pairs, err := x.parameters()
	r.Parameters = pairs
	return r, err
}

// parameters are those of the URL, then those of a form.
func (x *exchange) parameters() ([]search.Pair, error) {
	pairs, err := search.Split(x.c.Request.URL.RawQuery)
	if err != nil || x.c.Request.Method != http.MethodPost {
		return pairs, err
	}
	form, err := x.readForm()
	if err != nil {
		return nil, err
	}
	if err := x.negotiateForm(form); err != nil {
		return nil, err
	}
	if x.server.login != nil && hasAccessToken(form) {
		return nil, x.refuseCredentials(invalidRequest, "a token doesn't belong into a form: send it in the Authorization header")
	}
	more, err := search.Split(form)
	return append(pairs, more...), err
}

// readForm reads the body of POST _search; a search without one is fine.
func (x *exchange) readForm() (string, error) {
	if x.c.Request.ContentLength == 0 {
		return "", nil
	}
	name, _, err := mime.ParseMediaType(x.c.Request.Header.Get("Content-Type"))
	if err != nil || name != "application/x-www-form-urlencoded" {
		return "", fhir.NewError(fhir.UnsupportedMedia, fhir.IssueNotSupported,
			"POST _search takes its parameters as application/x-www-form-urlencoded")
	}
	body, err := x.readBody()
	return string(body), err
}
