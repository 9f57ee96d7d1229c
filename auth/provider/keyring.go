package provider

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"
	"time"

	"caseway/auth/record"
	"caseway/fhir/store"

	"github.com/go-jose/go-jose/v4"
)

// Times in the life of a signing key.
const (
	signingTime  = 30 * 24 * time.Hour // it signs
	publishAhead = 24 * time.Hour      // its successor is published before it signs
	keysKept     = 30 * time.Second    // keys are believed to be all, unless an unknown one is named
	rereadPause  = time.Second         // between looks for an unknown key
	keyBits      = 2048
)

// signingKey is a key pair that signs, as kept in records.
type signingKey struct {
	ID      string    `json:"id"`
	Private []byte    `json:"private"` // PKCS #8
	From    time.Time `json:"from"`    // it signs in [From, Until)
	Until   time.Time `json:"until"`
	pair    *rsa.PrivateKey
}

// keyring holds the signing keys. A key signs for a month; its successor is
// published a day before, and it stays published until all it signed has
// expired.
type keyring struct {
	table   record.Table[signingKey]
	secrets record.Table[[]byte]
	now     func() time.Time

	mu     sync.Mutex
	keys   []signingKey // oldest first
	next   string       // the record key of the next signing key
	read   time.Time
	secret []byte
}

func newKeyring(s store.Store, now func() time.Time) *keyring {
	return &keyring{
		table:   record.Table[signingKey]{Store: s, Kind: "auth-key"},
		secrets: record.Table[[]byte]{Store: s, Kind: "auth-secret"}, now: now,
	}
}

// signer gives the key to sign with.
func (k *keyring) signer(ctx context.Context) (signingKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.refresh(ctx, keysKept); err != nil {
		return signingKey{}, err
	}
	for {
		now := k.now()
		if n := len(k.keys); n == 0 || now.Add(publishAhead).After(k.keys[n-1].Until) {
			if err := k.grow(ctx); err != nil {
				return signingKey{}, err
			}
			continue
		}
		for i := len(k.keys) - 1; i >= 0; i-- {
			if key := k.keys[i]; !now.Before(key.From) && now.Before(key.Until) {
				return key, nil
			}
		}
		return signingKey{}, errors.New("provider: no key signs now: was the clock set back?")
	}
}

// grow adds a key that signs when the last one ends, or at once where none
// does. Another process may have been faster: then its key is as good.
func (k *keyring) grow(ctx context.Context) error {
	pair, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(pair)
	if err != nil {
		return err
	}
	key := signingKey{ID: newSecret()[:16], Private: private, From: k.now().UTC()}
	if n := len(k.keys); n > 0 && k.keys[n-1].Until.After(key.From) {
		key.From = k.keys[n-1].Until
	}
	key.Until = key.From.Add(signingTime)
	err = k.table.Put(ctx, k.next, key, key.Until.Add(accessLife+2*skew), 0)
	if err != nil && !errors.Is(err, record.ErrConflict) {
		return err
	}
	return k.refresh(ctx, 0)
}

// refresh reads the keys anew where they were read longer ago than age.
func (k *keyring) refresh(ctx context.Context, age time.Duration) error {
	if k.keys != nil && age > 0 && k.now().Sub(k.read) < age {
		return nil
	}
	rows, err := k.table.List(ctx, "")
	if err != nil {
		return err
	}
	keys, next := make([]signingKey, 0, len(rows)), 1
	for _, row := range rows {
		parsed, err := x509.ParsePKCS8PrivateKey(row.Value.Private)
		pair, ok := parsed.(*rsa.PrivateKey)
		if err != nil || !ok {
			return errors.New("provider: a signing key can't be read")
		}
		row.Value.pair = pair
		keys = append(keys, row.Value)
		if _, err := fmt.Sscanf(row.Key, "%d", &next); err != nil {
			return errors.New("provider: a signing key has no number")
		}
		next++
	}
	k.keys, k.next, k.read = keys, fmt.Sprintf("%010d", next), k.now()
	return nil
}

// public gives the public key with an id, nil where there is none.
func (k *keyring) public(ctx context.Context, id string) (crypto.PublicKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, pause := range []time.Duration{keysKept, rereadPause} {
		if err := k.refresh(ctx, pause); err != nil {
			return nil, err
		}
		for i := range k.keys {
			if k.keys[i].ID == id {
				return &k.keys[i].pair.PublicKey, nil
			}
		}
	}
	return nil, nil
}

// set gives the public keys for others.
func (k *keyring) set(ctx context.Context) (jose.JSONWebKeySet, error) {
	if _, err := k.signer(ctx); err != nil {
		return jose.JSONWebKeySet{}, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for i := range k.keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{
			Key: &k.keys[i].pair.PublicKey, KeyID: k.keys[i].ID, Algorithm: string(jose.RS256), Use: "sig",
		})
	}
	return set, nil
}

// rotate has a new key sign from now on.
func (k *keyring) rotate(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.refresh(ctx, 0); err != nil {
		return err
	}
	now := k.now().UTC()
	rows, err := k.table.List(ctx, "")
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row.Value.Until.After(now) {
			row.Value.Until, row.Value.From = now, earlier(row.Value.From, now)
			if err := k.table.Put(ctx, row.Key, row.Value, now.Add(accessLife+keysKept+2*skew), row.Version); err != nil {
				return err
			}
		}
	}
	if err := k.refresh(ctx, 0); err != nil {
		return err
	}
	return k.grow(ctx)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// RotateKeys has a new key sign from now on. What the old ones signed stays
// valid until it expires; another process may sign with an old one for another
// 30 s.
func (p *Provider) RotateKeys(ctx context.Context) error { return p.keys.rotate(ctx) }

// chainSecret is the secret from which the next refresh token is made.
func (k *keyring) chainSecret(ctx context.Context) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.secret != nil {
		return k.secret, nil
	}
	fresh := make([]byte, 32)
	rand.Read(fresh)
	err := k.secrets.Put(ctx, "refresh", fresh, time.Time{}, 0)
	if err != nil && !errors.Is(err, record.ErrConflict) {
		return nil, err
	}
	row, err := k.secrets.Get(ctx, "refresh")
	if err != nil {
		return nil, err
	}
	k.secret = row.Value
	return k.secret, nil
}
