package command

import (
	"context"
	"fmt"
	"strings"

	"caseway/fhir/interaction"
)

// keepIndexed brings the stored search parameters into effect and keeps the
// index until stop is called, which is to be before the store closes.
func keepIndexed(ctx context.Context, engine *interaction.Engine) (stop func(), err error) {
	if err := engine.JoinIndexing(ctx); err != nil {
		return nil, fmt.Errorf("reading the search parameters: %w", err)
	}
	// Requests that are finished while the server stops need the index too.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		engine.KeepIndexed(ctx)
	}()
	return func() {
		cancel()
		<-ended
	}, nil
}

// fhirBase is the FHIR base URL below the server's root; "" where that isn't
// known.
func fhirBase(root string) string {
	if root == "" {
		return ""
	}
	return strings.TrimSuffix(root, "/") + "/fhir"
}
