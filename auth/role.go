package auth

import "caseway/auth/scope"

// Allowed gives the scopes that a role may be granted; Role "" is a client
// that acts for itself.
func (r Role) Allowed() scope.Set {
	contexts := []scope.Context{scope.Patient, scope.User}
	names := scope.Others()
	if r == "" {
		contexts, names = []scope.Context{scope.System}, nil
	}
	set := scope.Set{Others: names}
	for _, c := range contexts {
		set.Resources = append(set.Resources, scope.Scope{Context: c, Type: scope.Any, Permissions: scope.All})
	}
	return set
}
