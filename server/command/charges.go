package command

import (
	"context"
	"encoding/json"
	"strings"

	"caseway/fhir"
	"caseway/fhir/store"
)

// charges finds the patients that a RelatedPerson is related to.
type charges struct{ store store.Store }

// of gives the logical id of the patient of a RelatedPerson ("RelatedPerson/1");
// none where it doesn't exist (any more) or isn't active.
func (c charges) of(ctx context.Context, relatedPerson string) ([]string, error) {
	typ, id, _ := strings.Cut(relatedPerson, "/")
	if typ != "RelatedPerson" {
		return nil, nil
	}
	versions, err := c.store.Read(ctx, fhir.Key{Type: typ, ID: id})
	if err != nil || !versions[0].Exists() || versions[0].Deleted() {
		return nil, err
	}
	var person struct {
		Active  *bool
		Patient struct{ Reference string }
	}
	if err := json.Unmarshal(versions[0].JSON, &person); err != nil {
		return nil, err
	}
	patient, relative := strings.CutPrefix(person.Patient.Reference, "Patient/")
	if !relative || !fhir.IsID(patient) || person.Active != nil && !*person.Active {
		return nil, nil
	}
	return []string{patient}, nil
}
