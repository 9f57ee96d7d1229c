package server

import (
	"net/http"

	"caseway/fhir/interaction"
)

// bundle is POST [base]: a batch or a transaction.
func bundle(x *exchange) error {
	h := x.c.Request.Header
	if err := refusePreconditions(h, "If-Match", "If-None-Match", "If-Unmodified-Since", "If-None-Exist"); err != nil {
		return err
	}
	repeat, err := x.idempotencyKey()
	if err != nil {
		return err
	}
	body, err := x.readFHIR()
	if err != nil {
		return err
	}
	answer, err := x.server.engine.BundleText(x.context(), interaction.BundleRequest{
		Body: body, Base: x.base(), Return: x.prefer(), IdempotencyKey: repeat,
		Lenient: x.lenient(), Elsewhere: elsewhere{x}, Answer: x.budgeted(),
	})
	if err != nil {
		return err
	}
	x.writeText(http.StatusOK, answer)
	return nil
}
