package cases

import (
	"context"
	"errors"
	"slices"
	"sync"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
	"caseway/mapping"
	"caseway/mapping/casemodel"
)

// following is what an action writes that its caller didn't ask for: it follows
// by the rules of cases. Where somebody accepts an offer, those to others are
// taken back, though he doesn't see them.
type following struct {
	find    func() []mapping.Write // that follow and that the step itself doesn't make
	once    sync.Once
	changed []fhir.Key
	made    []string // types of what is new
}

type followingKey struct{}

// withFollowing gives a context for the commit of a step on a case that has
// these resources.
func withFollowing(ctx context.Context, a *assembled, result *casemodel.Result) context.Context {
	return context.WithValue(ctx, followingKey{}, &following{find: func() []mapping.Write {
		itself := mapping.Following(&a.c, &result.Taken, a.stored)
		return slices.DeleteFunc(mapping.Following(&result.Taken, &result.Case, a.stored), func(w mapping.Write) bool {
			return slices.ContainsFunc(itself, func(own mapping.Write) bool {
				return own.Key == w.Key || w.Stored == nil && own.Stored == nil && own.Key.Type == w.Key.Type
			})
		})
	}})
}

// has reports whether a write follows. What is new has another id by now, and
// is known by its type, where the step itself makes nothing of that.
func (f *following) has(what interaction.Name, key fhir.Key) bool {
	f.once.Do(func() {
		for _, w := range f.find() {
			if w.Stored == nil {
				f.made = append(f.made, w.Key.Type)
			} else {
				f.changed = append(f.changed, w.Key)
			}
		}
	})
	return what == interaction.Create && slices.Contains(f.made, key.Type) || what == interaction.Update && slices.Contains(f.changed, key)
}

// decide asks an Access about a write, telling it of one that follows. What an
// action would change itself and its caller doesn't see is no secret: the case is
// there.
func decide(ctx context.Context, a interaction.Access, what interaction.Name, key fhir.Key, before store.Version, after *fhir.Tree) error {
	f, _ := ctx.Value(followingKey{}).(*following)
	switch {
	case f == nil || after == nil:
		return a.Decide(ctx, what, key, before, after)
	case f.has(what, key):
		return a.Decide(interaction.WithFollowing(ctx), what, key, before, after)
	}
	err := a.Decide(ctx, what, key, before, after)
	if fe := (*fhir.Error)(nil); errors.As(err, &fe) && fe.Kind == fhir.NotFound {
		return fhir.NewError(fhir.Forbidden, fhir.IssueForbidden, "the action would change what the token may not see")
	}
	return err
}
