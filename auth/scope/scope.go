// Package scope reads and writes SMART scopes, versions 1 and 2, and says what
// they allow (https://hl7.org/fhir/smart-app-launch/STU2.2/scopes-and-launch-context.html).
//
// Not here: who holds a scope, and which resources are in whose compartment.
package scope

// Context says whose data a resource scope is about.
type Context string

// The contexts.
const (
	Patient Context = "patient" // the patient of the launch context
	User    Context = "user"    // whatever the user may see
	System  Context = "system"  // whatever the client may see by itself
)

// Permissions is a set of the letters c, r, u, d and s.
type Permissions uint8

// The permissions.
const (
	Create Permissions = 1 << iota // c
	Read                           // r: read, vread, instance history
	Update                         // u: update and patch
	Delete                         // d
	Search                         // s: search, type and system history

	// All are all of them.
	All = Create | Read | Update | Delete | Search
)

// Scope is one resource scope in its normal form (version 2).
type Scope struct {
	Context     Context
	Type        string // a resource type, or "*"
	Permissions Permissions
	// Query narrows the scope to resources that match search parameters,
	// "category=a|b&status=x", normalised; "" for none.
	Query string
}

// Set is what a token was granted: resource scopes in normal form, and the
// others by name ("openid", "launch/patient").
type Set struct {
	Resources []Scope
	Others    []string
}
