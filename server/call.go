package server

import (
	"context"
	"strings"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/server/operation"
)

// elsewhere answers what entries of Bundles ask for that the engine doesn't
// know: the CapabilityStatement, and operations.
type elsewhere struct{ x *exchange }

// Reads implements interaction.Elsewhere.
func (e elsewhere) Reads(c interaction.Call) bool {
	key, name := parseCall(c)
	return e.x.server.operations.Reads(name, key)
}

// Answer implements interaction.Elsewhere.
func (e elsewhere) Answer(ctx context.Context, c interaction.Call) ([]byte, error) {
	if c.Path == "metadata" {
		body, _, err := e.x.describe(c.Parameters)
		if err == nil {
			err = c.Answer.Take(len(body))
		}
		return body, err
	}
	key, name := parseCall(c)
	return e.x.server.operations.Do(ctx, operation.Request{
		Key: key, Name: name, Get: c.Method == "GET" || c.Whole, Query: c.Parameters, Body: c.Body, Base: c.Base, Lenient: c.Lenient, Answer: c.Answer,
	})
}

// parseCall reads the path of an operation: its name is that without "$".
func parseCall(c interaction.Call) (key fhir.Key, name string) {
	parts := strings.Split(c.Path, "/")
	switch len(parts) {
	case 2:
		key.Type = parts[0]
	case 3:
		key = fhir.Key{Type: parts[0], ID: parts[1]}
	}
	return key, strings.TrimPrefix(parts[len(parts)-1], "$")
}
