package account

import (
	"context"
	"time"

	"caseway/fhir/store"
)

// Store keeps users and clients in records. Safe for concurrent use.
type Store struct {
	records store.Store
	now     func() time.Time
}

// NewStore keeps users and clients in the records of s.
func NewStore(s store.Store) *Store { return &Store{records: s, now: time.Now} }

// OfferSetup makes a one-time token for the link that creates the first
// administrator, /auth/setup?token=TOKEN, valid for a day. Where there are users,
// it gives "".
func (s *Store) OfferSetup(ctx context.Context) (token string, err error) { panic("not yet") }

// SetupOpen reports whether a setup token can still be used.
func (s *Store) SetupOpen(ctx context.Context, token string) (bool, error) { panic("not yet") }

// Setup creates the first administrator and uses the token up. It fails with
// ErrSetup, and with an error of package account for a name or password
// that isn't allowed; the token then stays.
func (s *Store) Setup(ctx context.Context, token string, u User, password string) error {
	panic("not yet")
}
