package command

import (
	"context"
	"strings"
	"time"

	"caseway/auth/provider"
	"caseway/fhir"
	"caseway/fhir/store"
)

// charges finds the patients that a RelatedPerson is related to.
type charges struct{ store store.Store }

// of gives the logical id of the patient of a RelatedPerson ("RelatedPerson/1");
// none where it doesn't exist (any more), isn't active, or
// isn't at this time.
func (c charges) of(ctx context.Context, relatedPerson string) ([]string, error) {
	typ, id, _ := strings.Cut(relatedPerson, "/")
	if typ != "RelatedPerson" {
		return nil, nil
	}
	versions, err := c.store.Read(ctx, fhir.Key{Type: typ, ID: id})
	if err != nil || !versions[0].Exists() || versions[0].Deleted() {
		return nil, err
	}
	patient, err := provider.PatientOf(versions[0].JSON, time.Now())
	if err != nil || patient == "" {
		return nil, err
	}
	return []string{patient}, nil
}
