package assembly

import (
	"context"

	"caseway/fhir"

	"google.golang.org/protobuf/proto"
)

// briefly are the elements from which it follows, for a resource of a type, as
// what kind of part of a case it counts, whether that is open and when it is
// due. Types that aren't here are decoded whole.
var briefly = map[string][]string{
	"Appointment":                 {"extension", "status", "requestedPeriod"},
	"Claim":                       {"extension", "status", "use"},
	"ClaimResponse":               {"extension", "status", "outcome", "request", "created"},
	"Communication":               {"extension", "status", "category", "partOf"},
	"CommunicationRequest":        {"extension", "status", "occurrence"},
	"Condition":                   {"clinicalStatus", "verificationStatus"},
	"Consent":                     {"status"},
	"Contract":                    {"extension", "status", "legalState"},
	"Coverage":                    {"status", "payor"},
	"CoverageEligibilityResponse": {"insurance"},
	"DocumentReference":           {"status"},
	"Encounter":                   {"extension", "status", "class", "appointment"},
	"Flag":                        {"status"},
	"Goal":                        {"extension", "lifecycleStatus", "target", "outcomeReference"},
	"Invoice":                     {"extension", "status"},
	"Observation":                 {"extension", "status", "code", "focus"},
	"QuestionnaireResponse":       {"extension", "status"},
	"RelatedPerson":               {"active"},
	"RiskAssessment":              {"status"},
	"ServiceRequest":              {"extension", "status", "doNotPerform"},
}

// LoadBriefly is load, with the parts whose resources are of the types in whole
// as load gives them, and of others what briefly says. The ETag is the same.
func (s *Assembler) LoadBriefly(ctx context.Context, as Session, id string, whole map[string]bool) (*Assembled, error) {
	return s.loadBy(ctx, as, id, func(k partKey, text []byte) (proto.Message, error) {
		if briefly[k.key.Type] == nil || whole[k.key.Type] {
			return s.decode(k, text)
		}
		return s.decodeBriefly(k, text)
	})
}

// decodeBriefly gives a proto with a few elements of a version, or the whole one
// where that is known.
func (s *Assembler) decodeBriefly(k partKey, text []byte) (proto.Message, error) {
	if m, known := s.parts.get(k); known {
		return m, nil
	}
	typ := s.Schema.Type(k.key.Type)
	if typ == nil {
		return s.decode(k, text)
	}
	k.brief = true
	return s.decode(k, fhir.Subset{Elements: briefly[k.key.Type]}.Of(typ, text))
}
