package server

import (
	"net/http"

	"caseway/fhir/interaction"
	"caseway/fhir/search"
)

// history is GET [base]/_history, [base]/[type]/_history and
// [base]/[type]/[id]/_history.
func history(x *exchange) error {
	request := interaction.HistoryRequest{Base: x.base()}
	if x.typ != nil {
		request.Type = x.typ.name
	}
	if x.c.Param("id") != "" {
		request.ID = x.key().ID
	}
	pairs, err := search.Split(x.c.Request.URL.RawQuery)
	if err != nil {
		return err
	}
	if err := request.Take(pairs); err != nil {
		return err
	}
	request.Answer = x.budgeted()
	text, err := x.server.engine.HistoryText(x.context(), request)
	if err != nil {
		return err
	}
	x.writeText(http.StatusOK, text)
	return nil
}
