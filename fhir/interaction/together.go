package interaction

import (
	"context"

	"caseway/fhir"
)

type togetherKey struct{}

// withCreated gives a context for decisions on a transaction's entries.
func withCreated(ctx context.Context, drafts []*draft) context.Context {
	created := map[fhir.Key]bool{}
	for _, d := range drafts {
		if d.what == Create {
			created[d.key] = true
		}
	}
	return context.WithValue(ctx, togetherKey{}, created)
}

// CreatedTogether tells an Access whether a resource is created, under an id of
// the server's making, by the transaction whose entry is being decided.
func CreatedTogether(ctx context.Context, key fhir.Key) bool {
	created, _ := ctx.Value(togetherKey{}).(map[fhir.Key]bool)
	return created[key]
}
