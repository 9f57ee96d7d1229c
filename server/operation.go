package server

import (
	"net/http"
	"path"
	"strings"

	"caseway/conformance/capability"
	"caseway/fhir"
	"caseway/fhir/budget"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
	"caseway/fhir/validate"
	"caseway/server/cases"
	"caseway/server/operation"
)

// newOperations makes what answers operations.
func newOperations(c Config, service *cases.Service) *operation.Service {
	if c.Validator == nil {
		c.Validator = validate.New(definition.R4(), validate.Options{})
	}
	return operation.New(operation.Config{
		Engine: c.Engine, Cases: service, Schema: definition.R4(), Open: c.Login == nil,
		Validator: c.Validator, Gate: budget.NewGate(c.MaxBody, patience), // not that of bodies: who is in one would wait for the other
	})
}

// operationRoutes are the routes of operations: POST calls each of them, GET
// those that change nothing (https://hl7.org/fhir/R4/operations.html#executing).
func operationRoutes(listed []operation.Listed) []route {
	var all []route
	seen := map[string]bool{}
	add := func(method, path string, handle func(*exchange) error) {
		if !seen[method+path] { // other types may have an operation of the name
			all = append(all, at(method, path, interaction.Operation, "", true, handle))
		}
		seen[method+path] = true
	}
	for _, l := range listed {
		path, status := "/fhir", http.StatusOK
		if l.Type != "" {
			path += "/:type"
		}
		if l.Instance {
			path += "/:id"
		}
		if l.Later {
			status = http.StatusAccepted
		}
		path += "/$" + l.Name
		add(http.MethodPost, path, operate(status))
		if l.Reads {
			add(http.MethodGet, path, operate(status))
		}
	}
	return all
}

// claimed are operations by the type that they are on.
func claimed(listed []operation.Listed) map[string][]capability.Operation {
	all := map[string][]capability.Operation{}
	seen := map[string]bool{}
	for _, l := range listed {
		if key := l.Type + " " + l.Definition; !seen[key] {
			all[l.Type] = append(all[l.Type], capability.Operation{Name: l.Name, Definition: l.Definition})
			seen[key] = true
		}
	}
	return all
}

// operate answers an operation whose path ends with its name.
func operate(status int) func(*exchange) error {
	return func(x *exchange) error {
		r := operation.Request{
			Name: strings.TrimPrefix(path.Base(x.route.path), "$"), Base: x.base(), Lenient: x.lenient(), Answer: x.budgeted(),
			Get: x.c.Request.Method != http.MethodPost,
		}
		if x.typ != nil {
			r.Key = fhir.Key{Type: x.typ.name, ID: x.c.Param("id")}
		}
		var err error
		if r.Query, err = search.Split(x.c.Request.URL.RawQuery); err != nil {
			return err
		}
		if !r.Get {
			if r.Body, err = x.readArguments(); err != nil {
				return err
			}
		}
		text, err := x.server.operations.DoText(x.context(), r)
		if err != nil {
			return err
		}
		x.writeText(status, text)
		return nil
	}
}

// readArguments reads the body of an operation, which may be empty where none
// of its parameters is needed.
func (x *exchange) readArguments() ([]byte, error) {
	if x.c.Request.ContentLength == 0 {
		return nil, nil
	}
	return x.readFHIR()
}
