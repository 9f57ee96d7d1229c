package interaction_test

import (
	"context"
	"strings"

	"caseway/fhir"
	"caseway/fhir/interaction"
)

// called answers operations inside Bundles: those of the engine.
type called struct{ engine *interaction.Session }

func (c called) Reads(call interaction.Call) bool {
	return strings.HasSuffix(call.Path, "/$everything") || call.Path == "Observation/$lastn"
}

func (c called) Answer(ctx context.Context, call interaction.Call) ([]byte, error) {
	of, everything := strings.CutSuffix(call.Path, "/$everything")
	switch {
	case everything:
		key, _ := fhir.ParseKey(of)
		return c.engine.Everything(ctx, interaction.EverythingRequest{Key: key, Base: call.Base, Parameters: call.Parameters})
	case call.Path == "Observation/$lastn":
		return c.engine.LastN(ctx, interaction.LastNRequest{Base: call.Base, Parameters: call.Parameters, Lenient: call.Lenient})
	case call.Path == "$reindex-status":
		return c.engine.ReindexStatus(ctx, "")
	}
	return nil, fhir.NewError(fhir.NotFound, fhir.IssueNotSupported, "no such operation")
}
