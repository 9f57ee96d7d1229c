package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"caseway/auth"
	"caseway/auth/record"
)

// setupKept is how long a setup link can be used.
const setupKept = 24 * time.Hour

// setup is a setup link that was handed out, kept by its token's hash.
type setup struct {
	Expires time.Time `json:"expires"`
}

func tokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// OfferSetup makes a one-time token for the link that creates the first
// administrator, /auth/setup?token=TOKEN, valid for a day. Where there are users,
// it gives "".
func (s *Store) OfferSetup(ctx context.Context) (token string, err error) {
	if any, err := s.users.Any(ctx); any || err != nil {
		return "", err
	}
	token, expires := rand.Text(), s.now().Add(setupKept).UTC()
	return token, s.setups.Put(ctx, tokenHash(token), setup{Expires: expires}, expires, 0)
}

// SetupOpen reports whether a setup token can still be used.
func (s *Store) SetupOpen(ctx context.Context, token string) (bool, error) {
	row, err := s.openSetup(ctx, token)
	if errors.Is(err, ErrSetup) {
		return false, nil
	}
	return row.Version > 0, err
}

func (s *Store) openSetup(ctx context.Context, token string) (record.Row[setup], error) {
	row, err := s.setups.Get(ctx, tokenHash(token))
	if err != nil {
		return row, err
	}
	if row.Version == 0 || !s.now().Before(row.Value.Expires) {
		return row, ErrSetup
	}
	any, err := s.users.Any(ctx)
	if any && err == nil {
		err = ErrSetup
	}
	return row, err
}

// Setup creates the first administrator and uses the token up. It fails with
// ErrSetup, and with an error for people where the user or the password isn't
// allowed; the token then stays.
func (s *Store) Setup(ctx context.Context, token string, u User, password string) error {
	u.Role = auth.Administrator
	if err := errors.Join(u.Check(), checkPassword(password)); err != nil {
		return err
	}
	row, err := s.openSetup(ctx, token)
	if err != nil {
		return err
	}
	err = s.setups.Delete(ctx, row.Key, row.Version)
	if errors.Is(err, record.ErrConflict) {
		return ErrSetup
	}
	if err != nil {
		return err
	}
	return s.createUser(ctx, u, forPassword.hash(password))
}
