package interaction

import "context"

type followingKey struct{}

// WithFollowing gives a context in which an Access is asked about a write that
// its caller doesn't ask for: a rule lets it follow from another that he does.
func WithFollowing(ctx context.Context) context.Context {
	return context.WithValue(ctx, followingKey{}, true)
}

// IsFollowing tells an Access whether the write that is being decided follows
// from another. Then the caller's permissions must have it, but the resource may
// be one that he doesn't see.
func IsFollowing(ctx context.Context) bool { return ctx.Value(followingKey{}) != nil }
