package server

import (
	"net/http"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
)

// everything is GET [base]/Patient/[id]/$everything and the same of an
// EpisodeOfCare (https://hl7.org/fhir/R4/patient-operation-everything.html).
func everything(x *exchange) error {
	pairs, err := search.Split(x.c.Request.URL.RawQuery)
	if err != nil {
		return err
	}
	body, err := x.server.engine.Everything(x.context(), interaction.EverythingRequest{
		Key: x.key(), Base: x.base(), Parameters: pairs,
	})
	if err != nil {
		return err
	}
	x.writeJSON(http.StatusOK, body)
	return nil
}

// lastN is GET [base]/Observation/$lastn
// (https://hl7.org/fhir/R4/observation-operation-lastn.html).
func lastN(x *exchange) error {
	if x.typ.name != "Observation" {
		return fhir.NewError(fhir.NotFound, fhir.IssueNotSupported, "$lastn is an operation of Observation")
	}
	pairs, err := search.Split(x.c.Request.URL.RawQuery)
	if err != nil {
		return err
	}
	body, err := x.server.engine.LastN(x.context(), interaction.LastNRequest{
		Base: x.base(), Parameters: pairs, Lenient: x.lenient(),
	})
	if err != nil {
		return err
	}
	x.writeJSON(http.StatusOK, body)
	return nil
}

// reindexStatus is GET [base]/SearchParameter/[id]/$reindex-status, and
// [base]/$reindex-status for everything.
func reindexStatus(x *exchange) error {
	id := ""
	if x.typ != nil {
		if x.typ.name != "SearchParameter" {
			return fhir.NewError(fhir.NotFound, fhir.IssueNotSupported, "$reindex-status is an operation of SearchParameter")
		}
		id = x.key().ID
	}
	body, err := x.server.engine.ReindexStatus(x.context(), id)
	if err != nil {
		return err
	}
	x.writeJSON(http.StatusOK, body)
	return nil
}

// reindex is POST [base]/$reindex: everything is indexed anew in the background.
func reindex(x *exchange) error {
	if err := refuseBody(x.c.Request); err != nil {
		return err
	}
	body, err := x.server.engine.Reindex(x.context())
	if err != nil {
		return err
	}
	x.writeJSON(http.StatusAccepted, body)
	return nil
}
