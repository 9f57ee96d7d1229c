package validate

import (
	"context"
	"errors"

	"caseway/fhir"
)

// Text decodes a resource and checks it: everything that is wrong with it, what
// decoding finds first. tree is nil where the text isn't JSON at all.
func (v *Validator) Text(ctx context.Context, data []byte, limits fhir.Limits, r Request) (tree *fhir.Tree, found []Issue) {
	tree, err := fhir.Decode(v.set, data, limits)
	found = ofError(err)
	if tree != nil {
		found = append(found, v.Resource(ctx, tree, r)...)
	}
	return tree, found
}

// ofError gives what decoding says.
func ofError(err error) []Issue {
	var e *fhir.Error
	if !errors.As(err, &e) {
		return nil
	}
	found := make([]Issue, len(e.Issues))
	for i, is := range e.Issues {
		found[i] = Issue{Severity: is.Severity, Code: is.Code, Expression: is.Expression, Text: is.Text}
	}
	return found
}
