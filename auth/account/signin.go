package account

import (
	"context"
	"sync"
	"time"

	"caseway/auth/record"
	"caseway/fhir/store"
)

// Back-off of wrong passwords: so many are free, then each doubles the wait.
const (
	freeAttempts = 5
	firstWait    = 2 * time.Second
	longestWait  = 15 * time.Minute
	attemptsKept = 24 * time.Hour
	// fewKept is how long fewer than the free ones are kept: anybody can leave
	// such behind, for as many names as they like.
	fewKept = time.Hour
)

// attempts are the wrong passwords of one name, be there such a user or not.
type attempts struct {
	Failed int       `json:"failed"`
	Until  time.Time `json:"until"` // no attempt before
}

// waitAfter is how long a name waits after so many wrong passwords.
func waitAfter(failed int) time.Duration {
	if failed < freeAttempts {
		return 0
	}
	if failed-freeAttempts > 20 {
		return longestWait
	}
	return min(firstWait<<(failed-freeAttempts), longestWait)
}

// nobody is the hash that an unknown name's password is compared with, so
// that a name can't be told from an unknown one by time.
var nobody = sync.OnceValue(func() string { return forPassword.hash("nobody has this password") })

// SignIn is SignInFrom without a browser that is known again.
func (s *Store) SignIn(ctx context.Context, name, password string) (*User, error) {
	return s.SignInFrom(ctx, name, password, "")
}

// SignInFrom gives the user with this password. It fails with ErrCredentials and
// *LockedError. Wrong passwords make the name wait, longer each time; one of
// NewBrowser that the name has signed in with before waits for its own only.
func (s *Store) SignInFrom(ctx context.Context, name, password, browser string) (*User, error) {
	id := UserID(name)
	if !userID.MatchString(id) {
		matches(nobody(), password)
		return nil, ErrCredentials
	}
	counter, err := s.counter(ctx, id, browser)
	if err != nil {
		return nil, err
	}
	if err := s.reserveAttempt(ctx, counter); err != nil {
		return nil, err
	}
	row, err := s.users.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	u, hash := row.Value, row.Value.Password
	if hash == "" {
		hash = nobody()
	}
	if !matches(hash, password) || row.Version == 0 || u.Password == "" {
		return nil, ErrCredentials
	}
	if u.Locked {
		return nil, &LockedError{}
	}
	if err := s.attempts.Delete(ctx, counter, store.AnyVersion); err != nil {
		return nil, err
	}
	return &u.User, s.know(ctx, id, browser)
}

// reserveAttempt counts, by a key, an attempt as failed before the password is looked
// at: many at once then can't outrun the count.
func (s *Store) reserveAttempt(ctx context.Context, key string) error {
	return s.attempts.Change(ctx, key, func(row *record.Row[attempts]) (bool, error) {
		now := s.now()
		if now.Before(row.Value.Until) {
			return false, &LockedError{Until: row.Value.Until}
		}
		row.Value.Failed++
		row.Value.Until = now.Add(waitAfter(row.Value.Failed)).UTC()
		row.Expires = now.Add(attemptsKept)
		if row.Value.Failed < freeAttempts {
			row.Expires = now.Add(fewKept)
		}
		return true, nil
	})
}
