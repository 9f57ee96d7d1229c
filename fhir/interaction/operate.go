package interaction

import (
	"context"

	"caseway/fhir"
	"caseway/fhir/store"
)

// Operate decides whether an operation that is defined outside of the engine
// may be called on a type, or on the resource that key names, and gives that
// resource, built-in ones too
// (https://hl7.org/fhir/R4/operations.html#executing). It fails as Read does.
// What the operation then reads and writes is decided once more, each for
// itself.
func (s *Session) Operate(ctx context.Context, what Name, key fhir.Key) (store.Version, error) {
	if key.ID == "" {
		return store.Version{}, s.decide(ctx, Question{What: what, Key: key})
	}
	return s.readFor(ctx, what, key)
}

// Valid holds a resource that an operation is given to what one that is stored
// must satisfy beyond decoding. What doesn't fails with kind Unprocessable.
func (s *Session) Valid(ctx context.Context, resource *fhir.Tree) error {
	_, err := s.validate(ctx, []*draft{{at: resource.Type().Name, body: resource}})
	return err
}
