package operation

import (
	"context"

	"caseway/fhir"
	"caseway/fhir/interaction"
)

// everything is Patient/[id]/$everything and the same of an EpisodeOfCare
// (https://hl7.org/fhir/R4/patient-operation-everything.html).
func (s *Service) everything(ctx context.Context, c call) (fhir.Text, error) {
	if c.Key.ID == "" {
		return fhir.Text{}, fhir.NewError(fhir.TooCostly, fhir.IssueTooCostly,
			"$everything is asked of one patient at a time: "+c.Key.Type+"/[id]/$everything")
	}
	return s.engine.EverythingText(ctx, interaction.EverythingRequest{Key: c.Key, Base: c.Base, Parameters: c.pairs, Answer: c.Answer})
}

// lastN is Observation/$lastn
// (https://hl7.org/fhir/R4/observation-operation-lastn.html).
func (s *Service) lastN(ctx context.Context, c call) (fhir.Text, error) {
	return s.engine.LastNText(ctx, interaction.LastNRequest{Base: c.Base, Parameters: c.pairs, Lenient: c.Lenient, Answer: c.Answer})
}

// reindexStatus is SearchParameter/[id]/$reindex-status, and $reindex-status for
// everything.
func (s *Service) reindexStatus(ctx context.Context, c call) ([]byte, error) {
	return s.engine.ReindexStatus(ctx, c.Key.ID)
}

// reindex is $reindex: everything is indexed anew in the background.
func (s *Service) reindex(ctx context.Context, _ call) ([]byte, error) { return s.engine.Reindex(ctx) }
