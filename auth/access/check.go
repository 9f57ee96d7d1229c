package access

import (
	"caseway/auth/scope"
	"caseway/fhir/search"
)

// Check says which granular scopes of a set name search parameters that their
// type doesn't have or that can't narrow a scope: such a scope gives nothing.
// The error is a *scope.Error.
func Check(r *search.Registry, set scope.Set) error {
	var wrong scope.Error
	for _, s := range set.Resources {
		if s.Query == "" || s.Type == scope.Any {
			continue
		}
		if _, err := conditionOf(r, s.Type, s.Query); err != nil {
			wrong.Scopes = append(wrong.Scopes, s.String())
			wrong.Why = append(wrong.Why, "its search parameters can't be used for this type")
		}
	}
	if wrong.Scopes != nil {
		return &wrong
	}
	return nil
}
