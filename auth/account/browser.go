package account

import (
	"context"
	"crypto/rand"
	"time"

	"caseway/auth/record"
	"caseway/fhir/store"
)

// Wrong passwords are counted by name, so that guessing from many places is as
// slow as from one. With that alone a stranger could keep somebody out for ever,
// by a request now and then. So a browser with which a name has signed in before
// has a count of its own.

// BrowserKept is how long a browser is known after the last sign-in.
const BrowserKept = 90 * 24 * time.Hour

// NewBrowser makes the secret of a browser, of 130 bits.
func NewBrowser() string { return rand.Text() }

// IsBrowser reports whether a secret can be one of NewBrowser.
func IsBrowser(secret string) bool { return len(secret) == 26 }

func browserKey(id, browser string) string { return tokenHash(browser + "\x00" + id) }

// counter is the key of the attempts of a name from a browser: the name, which
// has no blanks, or something of the browser's own.
func (s *Store) counter(ctx context.Context, id, browser string) (string, error) {
	if !IsBrowser(browser) {
		return id, nil
	}
	row, err := s.browsers.Get(ctx, browserKey(id, browser))
	if err != nil || row.Version == 0 {
		return id, err
	}
	return id + " " + row.Key, nil
}

// forgetAttempts forgets the attempts of a name, from whatever browser.
func (s *Store) forgetAttempts(ctx context.Context, id string) error {
	own, err := s.attempts.List(ctx, id+" ")
	if err != nil {
		return err
	}
	for _, row := range own {
		if err := s.attempts.Delete(ctx, row.Key, store.AnyVersion); err != nil {
			return err
		}
	}
	return s.attempts.Delete(ctx, id, store.AnyVersion)
}

// know remembers that a name has signed in with a browser.
func (s *Store) know(ctx context.Context, id, browser string) error {
	if !IsBrowser(browser) {
		return nil
	}
	return s.browsers.Put(ctx, browserKey(id, browser), struct{}{}, s.now().Add(BrowserKept), store.AnyVersion)
}

// browsers are kept by a hash of their secret and the name.
type browsers = record.Table[struct{}]
