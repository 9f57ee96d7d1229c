package account

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"caseway/auth/record"
)

// storedClient is a client as kept in records.
type storedClient struct {
	Client
	Secret string `json:"secret,omitempty"` // hash in PHC form
}

// NewSecret makes a client secret of 130 bits.
func NewSecret() string { return rand.Text() }

// AddClient creates a client; secret is for a symmetric one. It fails with
// ErrExists, and with an error for people where something isn't allowed.
func (s *Store) AddClient(ctx context.Context, c Client, secret string) error {
	stored, err := s.newClient(c, secret)
	if err != nil {
		return err
	}
	err = s.clients.Put(ctx, c.ID, stored, time.Time{}, 0)
	if errors.Is(err, record.ErrConflict) {
		return ErrExists
	}
	return err
}

func (s *Store) newClient(c Client, secret string) (storedClient, error) {
	c.fill()
	if err := c.Check(); err != nil {
		return storedClient{}, err
	}
	if (c.Kind == ConfidentialSymmetric) != (secret != "") {
		return storedClient{}, errors.New("a confidential-symmetric client has a secret, and no other has")
	}
	if len(secret) > maxPassword {
		return storedClient{}, errors.New("a client's secret has at most 1024 bytes")
	}
	c.Created = s.now().UTC().Truncate(time.Millisecond)
	stored := storedClient{Client: c}
	if secret != "" {
		stored.Secret = forSecret.hash(secret)
	}
	return stored, nil
}

// Client gives a client. It fails with ErrUnknown.
func (s *Store) Client(ctx context.Context, id string) (*Client, error) {
	row, err := s.client(ctx, id)
	if err != nil {
		return nil, err
	}
	return &row.Value.Client, nil
}

func (s *Store) client(ctx context.Context, id string) (record.Row[storedClient], error) {
	if !clientID.MatchString(id) {
		return record.Row[storedClient]{}, ErrUnknown
	}
	row, err := s.clients.Get(ctx, id)
	if err == nil && row.Version == 0 {
		err = ErrUnknown
	}
	return row, err
}

// Clients gives all clients by ID.
func (s *Store) Clients(ctx context.Context) ([]Client, error) {
	rows, err := s.clients.List(ctx, "")
	clients := make([]Client, len(rows))
	for i := range rows {
		clients[i] = rows[i].Value.Client
	}
	return clients, err
}

// RemoveClient removes a client; its tokens end with it. It fails with
// ErrUnknown.
func (s *Store) RemoveClient(ctx context.Context, id string) error {
	row, err := s.client(ctx, id)
	if err != nil {
		return err
	}
	err = s.clients.Delete(ctx, id, row.Version)
	if errors.Is(err, record.ErrConflict) {
		return s.RemoveClient(ctx, id)
	}
	return err
}

// CheckSecret gives the symmetric client with this secret. It fails with
// ErrCredentials.
func (s *Store) CheckSecret(ctx context.Context, id, secret string) (*Client, error) {
	row, err := s.client(ctx, id)
	if errors.Is(err, ErrUnknown) {
		return nil, ErrCredentials
	}
	if err != nil {
		return nil, err
	}
	c := &row.Value
	if c.Kind != ConfidentialSymmetric || secret == "" || !s.secrets.match(c.Secret, secret) {
		return nil, ErrCredentials
	}
	return &c.Client, nil
}

// checkedSecrets remembers secrets that matched, by a key that only this
// process knows: a hash is made once for each secret, not for each token.
type checkedSecrets struct {
	once    sync.Once
	key     []byte
	mu      sync.Mutex
	matched map[string][]byte // by the secret's hash in PHC form
}

// rememberedSecrets bounds the memory for them.
const rememberedSecrets = 10_000

func (c *checkedSecrets) match(hash, secret string) bool {
	c.once.Do(func() {
		c.key, c.matched = make([]byte, sha256.Size), map[string][]byte{}
		rand.Read(c.key)
	})
	mac := hmac.New(sha256.New, c.key)
	mac.Write([]byte(secret))
	sum := mac.Sum(nil)
	c.mu.Lock()
	known := c.matched[hash]
	c.mu.Unlock()
	if known != nil && hmac.Equal(known, sum) {
		return true
	}
	if !matches(hash, secret) {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.matched) >= rememberedSecrets {
		clear(c.matched)
	}
	c.matched[hash] = sum
	return true
}

// originCache holds the origins of all clients for a moment.
type originCache struct {
	mu      sync.Mutex
	origins map[string]bool
	read    time.Time
}

// originsKept is how long the origins of clients are believed.
const originsKept = time.Second

// OriginAllowed reports whether web pages of an origin belong to a client:
// whether they may call the token and FHIR endpoints.
func (s *Store) OriginAllowed(ctx context.Context, origin string) (bool, error) {
	s.origins.mu.Lock()
	defer s.origins.mu.Unlock()
	if s.origins.origins == nil || s.now().Sub(s.origins.read) >= originsKept {
		clients, err := s.Clients(ctx)
		if err != nil {
			return false, err
		}
		s.origins.origins, s.origins.read = map[string]bool{}, s.now()
		for i := range clients {
			for _, o := range clients[i].webOrigins() {
				s.origins.origins[o] = true
			}
		}
	}
	return s.origins.origins[origin], nil
}
