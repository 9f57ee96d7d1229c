package provider

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"caseway/auth/account"

	"github.com/go-jose/go-jose/v4"
)

// errKeySet: a client's key set can't be fetched.
var errKeySet = errors.New("provider: a client's key set can't be fetched")

// Times and sizes of key sets that are fetched.
const (
	fetchTimeout = 5 * time.Second
	maxKeySet    = 512 << 10 // bytes
	keptUnsaid   = 5 * time.Minute
	keptLongest  = 24 * time.Hour
	fetchPause   = time.Second // between fetches of one URL for unknown keys, and after one that failed
	mostKeySets  = 10_000
)

// keySets fetches clients' key sets and keeps them as long as their
// Cache-Control says.
type keySets struct {
	client *http.Client
	now    func() time.Time
	mu     sync.Mutex
	sets   map[string]*keySet // by URL
}

// keySet is one that was fetched. Its mutex makes those who need it anew wait
// for one fetch.
type keySet struct {
	mu      sync.Mutex
	keys    *jose.JSONWebKeySet
	fetched time.Time
	until   time.Time
	failed  time.Time // when it last couldn't be fetched
}

func newKeySets(client *http.Client, now func() time.Time) *keySets {
	if client == nil {
		client = &http.Client{
			Timeout:       fetchTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return &keySets{client: client, now: now, sets: map[string]*keySet{}}
}

// keys gives a client's keys with an id. One that isn't among those kept makes
// the set be fetched anew: the client may have changed its keys.
func (k *keySets) keys(ctx context.Context, client *account.Client, id string) ([]jose.JSONWebKey, error) {
	if client.JWKSURL == "" {
		set, err := account.ParseKeys([]byte(client.JWKS))
		if err != nil {
			return nil, err
		}
		return set.Key(id), nil
	}
	set := k.set(client.JWKSURL)
	set.mu.Lock()
	defer set.mu.Unlock()
	now := k.now()
	if set.keys != nil && now.Before(set.until) {
		if found := set.keys.Key(id); len(found) > 0 || now.Sub(set.fetched) < fetchPause {
			return found, nil
		}
	}
	if now.Sub(set.failed) < fetchPause {
		return nil, errKeySet
	}
	if err := k.fetch(ctx, client.JWKSURL, set); err != nil {
		if ctx.Err() == nil { // the client was there until the end
			set.failed = k.now()
		}
		return nil, err
	}
	return set.keys.Key(id), nil
}

func (k *keySets) set(url string) *keySet {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.sets[url] == nil {
		if len(k.sets) >= mostKeySets {
			clear(k.sets)
		}
		k.sets[url] = &keySet{}
	}
	return k.sets[url]
}

func (k *keySets) fetch(ctx context.Context, url string, into *keySet) error {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return errKeySet
	}
	req.Header.Set("Accept", "application/json")
	res, err := k.client.Do(req)
	if err != nil {
		return errKeySet
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, maxKeySet+1))
	if err != nil || res.StatusCode != http.StatusOK || len(data) > maxKeySet {
		return errKeySet
	}
	keys, err := account.ParseKeys(data)
	if err != nil {
		return errKeySet
	}
	into.keys, into.fetched = keys, k.now()
	into.until = into.fetched.Add(keptFor(res.Header))
	return nil
}

// keptFor is how long an answer may be kept (RFC 9111 section 5.2.2).
func keptFor(h http.Header) time.Duration {
	said := h.Values("Cache-Control")
	if len(said) == 0 {
		return keptUnsaid
	}
	kept := keptUnsaid
	for _, directive := range strings.Split(strings.ToLower(strings.Join(said, ",")), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch name {
		case "no-store", "no-cache":
			return 0
		case "max-age":
			seconds, err := strconv.Atoi(strings.Trim(value, `"`))
			if err != nil || seconds < 0 {
				return 0
			}
			kept = min(time.Duration(seconds)*time.Second, keptLongest)
		}
	}
	return kept
}
