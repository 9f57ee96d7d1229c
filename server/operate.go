package server

import (
	"net/http"
	"path"
	"strings"

	"caseway/conformance/capability"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/server/operation"
)

// operationRoutes are the routes of the operations on cases.
func operationRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	return []route{
		at(post, "/fhir/:type/$open", interaction.Operation, "", true, nil, operate),
		at(post, "/fhir/:type/:id/$close", interaction.Operation, "", true, nil, operate),
		at(post, "/fhir/:type/:id/$update-care-teams", interaction.Operation, "", true, nil, operate),
		at(get, "/fhir/:type/:id/$apply", interaction.Operation, "", true, anyQuery, operate),
		at(post, "/fhir/:type/:id/$apply", interaction.Operation, "", true, nil, operate),
		at(get, "/fhir/:type/:id/$reconcile", interaction.Operation, "", true, anyQuery, operate),
		at(post, "/fhir/:type/:id/$reconcile", interaction.Operation, "", true, nil, operate),
	}
}

// newOperations makes what answers the operations on cases; nil without cases.
func newOperations(c Config) *operation.Service {
	if c.Cases == nil {
		return nil
	}
	return operation.New(operation.Config{Engine: c.Engine, Cases: c.Cases, Schema: definition.R4(), Open: c.Login == nil})
}

// withOperations are the operations that a server answers which has cases.
func withOperations(of map[string][]capability.Operation) map[string][]capability.Operation {
	all := make(map[string][]capability.Operation, len(of))
	for typ, listed := range of {
		all[typ] = append(all[typ], listed...)
	}
	for _, o := range operation.List() {
		all[o.Type] = append(all[o.Type], capability.Operation{Name: o.Name, Definition: o.Definition})
	}
	return all
}

// operate answers an operation whose path ends with its name.
func operate(x *exchange) error {
	r := operation.Request{Key: x.key(), Name: strings.TrimPrefix(path.Base(x.route.path), "$"), Base: x.base()}
	var err error
	if r.Get = x.c.Request.Method != http.MethodPost; r.Get {
		r.Query, err = search.Split(x.c.Request.URL.RawQuery)
	} else {
		r.Body, err = x.readArguments()
	}
	if err != nil {
		return err
	}
	body, err := x.server.operations.Do(x.context(), r)
	if err != nil {
		return err
	}
	x.writeJSON(http.StatusOK, body)
	return nil
}

// readArguments reads the body of an operation, which may be empty where none
// of its parameters is needed.
func (x *exchange) readArguments() ([]byte, error) {
	if x.c.Request.ContentLength == 0 {
		return nil, nil
	}
	return x.readFHIR()
}
