package server

import (
	"net/http"

	"caseway/fhir"
	"caseway/fhir/interaction"
)

// conditionalUpdate is PUT [base]/[type]?[criteria]
// (https://hl7.org/fhir/R4/http.html#cond-update).
func conditionalUpdate(x *exchange) error {
	h := x.c.Request.Header
	if err := refusePreconditions(h, "If-None-Match", "If-Unmodified-Since", "If-None-Exist"); err != nil {
		return err
	}
	tags, err := ifMatch(h)
	if err != nil {
		return err
	}
	expect, one := tags.one()
	if !one && !tags.absent() {
		return fhir.NewError(fhir.Invalid, fhir.IssueNotSupported,
			`If-Match takes one version on a conditional update, such as W/"3"`)
	}
	repeat, err := x.idempotencyKey()
	if err != nil {
		return err
	}
	criteria, err := x.criteria("update")
	if err != nil {
		return err
	}
	body, err := x.readFHIR()
	if err != nil {
		return err
	}
	result, err := x.server.engine.Update(x.context(), interaction.UpdateRequest{
		Key: fhir.Key{Type: x.typ.name}, Criteria: criteria, Body: body, IfMatch: expect, IdempotencyKey: repeat,
	})
	if err != nil {
		return err
	}
	x.answerUpdate(result)
	return nil
}

// conditionalDelete is DELETE [base]/[type]?[criteria]; it deletes one
// resource (https://hl7.org/fhir/R4/http.html#delete).
func conditionalDelete(x *exchange) error {
	h := x.c.Request.Header
	if err := refusePreconditions(h, "If-Match", "If-None-Match", "If-Unmodified-Since"); err != nil {
		return err
	}
	if err := refuseBody(x.c.Request); err != nil {
		return err
	}
	criteria, err := x.criteria("delete")
	if err != nil {
		return err
	}
	result, err := x.server.engine.Delete(x.context(), interaction.DeleteRequest{
		Key: fhir.Key{Type: x.typ.name}, Criteria: criteria,
	})
	if err != nil {
		return err
	}
	x.answerDelete(result)
	return nil
}

// criteria are the parameters of the URL but the format's. Without any,
// everything would match, which nobody means.
func (x *exchange) criteria(what string) (string, error) {
	q, err := parseQuery(x.c.Request.URL.RawQuery)
	if err != nil {
		return "", err
	}
	criteria := q.without("_format", "_pretty")
	if criteria == "" {
		e := fhir.NewError(fhir.NotAllowed, fhir.IssueNotSupported,
			"a conditional "+what+" names its criteria in the URL ([base]/[type]?identifier=…); without them name an id")
		e.Allow = []string{
			http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPatch, http.MethodPost,
			http.MethodPut,
		}
		return "", e
	}
	return criteria, nil
}
