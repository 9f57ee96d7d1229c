package command

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"caseway/fhir"
	"caseway/fhir/interaction"
)

// keepIndexed brings the stored search parameters into effect and keeps the
// index until stop is called, which is to be before the store closes. trouble
// says whether it can be begun in spite of an error.
func keepIndexed(ctx context.Context, engine *interaction.Engine, trouble func(error) error) (stop func(), err error) {
	if err := trouble(engine.JoinIndexing(ctx)); err != nil {
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

// final lets no error pass.
func final(err error) error { return err }

// passing lets errors pass that say that the store takes no writes now: who
// serves can still answer those who read.
func passing(log *slog.Logger, what string) func(error) error {
	return func(err error) error {
		if fhir.Is(err, fhir.Transient) {
			log.Warn("the store takes no writes yet: "+what+" has to wait", "cause", err)
			return nil
		}
		return err
	}
}

// fhirBase is the FHIR base URL below the server's root; "" where that isn't
// known.
func fhirBase(root string) string {
	if root == "" {
		return ""
	}
	return strings.TrimSuffix(root, "/") + "/fhir"
}
