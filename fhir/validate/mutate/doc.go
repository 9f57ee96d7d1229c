// Package mutate makes wrong resources of right ones, for tests that compare
// validators: a field dropped, doubled, renamed, retyped or recoded, a
// reference led elsewhere, a value damaged, an invariant broken. What it makes
// depends on its seed alone. Some of what it makes is still valid.
//
// Only tests import it.
package mutate
