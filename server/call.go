package server

import (
	"context"
	"strings"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/server/operation"
)

// elsewhere answers what entries of Bundles ask for that the engine doesn't
// know: the CapabilityStatement, and the operations on cases.
func (x *exchange) elsewhere(ctx context.Context, c interaction.Call) ([]byte, error) {
	if c.Path == "metadata" {
		if len(c.Parameters) > 0 {
			return nil, fhir.NewError(fhir.Invalid, fhir.IssueNotSupported, "inside a Bundle, metadata takes no parameters")
		}
		body, _ := x.server.capabilities.statement(x.server.engine.Registry(), x.smart())
		return body, nil
	}
	parts := strings.Split(c.Path, "/")
	r := operation.Request{
		Key: fhir.Key{Type: parts[0]}, Name: strings.TrimPrefix(parts[len(parts)-1], "$"),
		Get: c.Method == "GET", Query: c.Parameters, Body: c.Body, Base: c.Base,
	}
	if len(parts) == 3 {
		r.Key.ID = parts[1]
	}
	if x.server.operations == nil || len(parts) < 2 || !isRoute(c.Method, "/fhir/:type"+strings.Repeat("/:id", len(parts)-2)+"/$"+r.Name) {
		return nil, fhir.NewError(fhir.NotFound, fhir.IssueNotSupported,
			"the URL names an operation that isn't supported there; /metadata lists those that are")
	}
	return x.server.operations.Do(ctx, r)
}

// isRoute reports whether an operation on cases can be called so.
func isRoute(method, path string) bool {
	for _, r := range operationRoutes() {
		if r.method == method && r.path == path {
			return true
		}
	}
	return false
}
