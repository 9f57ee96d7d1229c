package interaction

import (
	"context"

	"caseway/fhir/interaction/indexing"
)

// parameterGuard refuses a SearchParameter that asks to be used and can't be,
// and says of one that will have no effect why.
type parameterGuard struct{ engine *core }

// Check implements Guard.
func (g parameterGuard) Check(_ context.Context, p *Pending) error {
	for i := range p.Images {
		if image := &p.Images[i]; image.Key.Type == indexing.ParameterType && image.After != nil {
			p.Issue(g.engine.indexing.Check(image.Key.ID, image.After, image.At)...)
		}
	}
	return nil
}
