// Package account keeps who may sign in and which applications may ask: users
// with their passwords, clients with their secrets and keys.
//
// Everything lies in records of the FHIR store, so it survives a restart and is
// the same for all processes of a server. Passwords and secrets are kept as
// hashes (argon2id) only. A change takes effect everywhere within a second.
//
// Not here: tokens, sessions and pages (package provider and its callers), and
// what a user or client may see (package access).
package account

import (
	"errors"
	"fmt"
	"time"
)

// Errors that a caller tells people in words of its own.
var (
	// ErrUnknown: there is no such user or client.
	ErrUnknown = errors.New("account: unknown")
	// ErrExists: there is one with this id already.
	ErrExists = errors.New("account: exists already")
	// ErrCredentials: the name or the password is wrong; which one isn't said.
	ErrCredentials = errors.New("account: wrong name or password")
	// ErrSetup: the setup link is wrong, used or expired, or there are users.
	ErrSetup = errors.New("account: this setup link can't be used (any more)")
)

// LockedError says that a name can't sign in for now, whatever the password.
type LockedError struct {
	Until time.Time // zero: until an administrator unlocks the user
}

// Error says so without the name.
func (e *LockedError) Error() string {
	if e.Until.IsZero() {
		return "account: locked"
	}
	return fmt.Sprintf("account: too many attempts, locked until %s", e.Until.UTC().Format(time.RFC3339))
}
