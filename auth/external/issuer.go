package external

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"caseway/auth"
)

// How often an issuer is asked.
const (
	refreshEvery = 10 * time.Minute // while it answers
	retryFirst   = time.Second      // after it didn't, doubled each time
	retryLast    = time.Minute
	// unknownEvery bounds the fetches that tokens with an unknown key cause.
	unknownEvery = 5 * time.Second
	// callLimit is how long a call to an issuer may take.
	callLimit = 10 * time.Second
)

// issuer is an OpenID provider that is trusted. Safe for concurrent use.
type issuer struct {
	url       string
	http      *http.Client
	log       *slog.Logger
	now       func() time.Time
	withdrawn func()        // called after a key that was known is known no more
	failed    chan struct{} // told that it didn't answer, between the times when it is asked

	refreshing sync.Mutex // held while the issuer is asked

	mu       sync.RWMutex // guards what follows
	metadata auth.Metadata
	verifier *oidc.IDTokenVerifier // nil until the issuer was found once
	keys     []jose.JSONWebKey
	fetched  time.Time // when keys were the issuer's
	tried    time.Time // when the issuer was last asked
	trouble  error     // of the last try; nil where it went well
	since    time.Time // of trouble
}

// keep asks the issuer now and then, until ctx ends.
func (i *issuer) keep(ctx context.Context) {
	backOff := retryFirst
	for {
		wait := refreshEvery
		if err := i.refresh(ctx); err != nil {
			wait = backOff
			backOff = min(2*backOff, retryLast)
		} else {
			backOff = retryFirst
		}
		// A tenth more or less: processes that started together don't ask together.
		wait += time.Duration((rand.Float64() - 0.5) / 5 * float64(wait))
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		case <-i.failed:
		}
	}
}

// refresh asks the issuer for its metadata and keys. What was known stays
// where that fails.
func (i *issuer) refresh(ctx context.Context) error {
	i.refreshing.Lock()
	defer i.refreshing.Unlock()
	return i.refreshLocked(ctx)
}

func (i *issuer) refreshLocked(ctx context.Context) error {
	metadata, keys, verifier, err := i.ask(ctx)
	if ctx.Err() != nil {
		return ctx.Err() // nobody waits for it: it says nothing about the issuer
	}
	now := i.now()
	i.mu.Lock()
	i.tried = now
	before := i.trouble
	if i.trouble = err; err != nil {
		if before == nil {
			i.since = now
		}
		i.mu.Unlock()
		if before == nil {
			i.log.Error("the issuer of tokens doesn't answer as it should", "issuer", i.url, "cause", err)
		}
		return err
	}
	gone := lost(i.keys, keys)
	first := i.verifier == nil
	i.metadata, i.keys, i.verifier, i.fetched = metadata, keys, verifier, now
	i.mu.Unlock()
	if first || before != nil {
		i.log.Info("the issuer of tokens answers", "issuer", i.url, "keys", len(keys))
	}
	if gone {
		i.withdrawn()
	}
	return nil
}

// ask does discovery (OpenID Connect Discovery 1.0 section 4) and gets the keys.
func (i *issuer) ask(ctx context.Context) (m auth.Metadata, _ []jose.JSONWebKey, _ *oidc.IDTokenVerifier, _ error) {
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, i.http), callLimit)
	defer cancel()
	provider, err := oidc.NewProvider(ctx, i.url)
	if err != nil {
		return m, nil, nil, fmt.Errorf("discovery: %w", err)
	}
	if err := provider.Claims(&m); err != nil {
		return m, nil, nil, fmt.Errorf("discovery: %w", err)
	}
	if err := checkEndpoint(m.JWKSURI); err != nil {
		return m, nil, nil, fmt.Errorf("jwks_uri: %w", err)
	}
	keys, err := i.askKeys(ctx, m.JWKSURI)
	if err != nil {
		return m, nil, nil, fmt.Errorf("jwks_uri: %w", err)
	}
	verifier := oidc.NewVerifier(i.url, i, &oidc.Config{
		// Audience, expiry and nbf are checked with our own bounds.
		SkipClientIDCheck: true, SkipExpiryCheck: true, SupportedSigningAlgs: algorithms,
	})
	return m, keys, verifier, nil
}

func (i *issuer) askKeys(ctx context.Context, uri string) ([]jose.JSONWebKey, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, uri, nil)
	if err != nil {
		return nil, err
	}
	answer, err := i.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", answer.StatusCode)
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	return parseKeys(body)
}

// VerifySignature is what go-oidc asks for the key that a token names: one
// that isn't known may be new, and the issuer is asked for it.
func (i *issuer) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(token, signatureAlgorithms)
	if err != nil {
		return nil, err
	}
	payload, known := i.verifyWithKnown(jws)
	if payload != nil {
		return payload, nil
	}
	if known {
		return nil, errors.New("the signature isn't the key's")
	}
	if err := i.refreshForUnknown(ctx); err != nil {
		return nil, notNow(ctx, err)
	}
	if payload, _ = i.verifyWithKnown(jws); payload != nil {
		return payload, nil
	}
	return nil, errors.New("no key of the issuer has made this signature")
}

// verifyWithKnown tries the keys that a token's kid names, or all where it
// names none; known reports whether there was a kid and a key with it.
func (i *issuer) verifyWithKnown(jws *jose.JSONWebSignature) (payload []byte, known bool) {
	i.mu.RLock()
	keys := i.keys
	i.mu.RUnlock()
	header := jws.Signatures[0].Header
	for n := range keys {
		key := &keys[n]
		if header.KeyID != "" && key.KeyID != header.KeyID || key.Algorithm != "" && key.Algorithm != header.Algorithm {
			continue
		}
		known = known || header.KeyID != ""
		if payload, err := jws.Verify(key.Key); err == nil {
			return payload, true
		}
	}
	return nil, known
}

// refreshForUnknown asks the issuer for keys because a token was signed with
// one that isn't known, unless that has just been done.
func (i *issuer) refreshForUnknown(ctx context.Context) error {
	i.refreshing.Lock()
	defer i.refreshing.Unlock()
	i.mu.RLock()
	recent, trouble := i.now().Sub(i.tried) < unknownEvery, i.trouble
	i.mu.RUnlock()
	if recent {
		return trouble
	}
	// Whoever waits next gets this one's outcome: it must not end with the request.
	err := i.refreshLocked(context.WithoutCancel(ctx))
	if err != nil {
		select {
		case i.failed <- struct{}{}:
		default:
		}
	}
	return err
}

// lost reports whether one of the keys of before is among those of now no more.
func lost(before, now []jose.JSONWebKey) bool {
	return slices.ContainsFunc(before, func(old jose.JSONWebKey) bool {
		return !slices.ContainsFunc(now, func(key jose.JSONWebKey) bool { return sameKey(old, key) })
	})
}

func (i *issuer) known() (*oidc.IDTokenVerifier, auth.Metadata) {
	i.mu.RLock()
	defer i.mu.RUnlock()
	return i.verifier, i.metadata
}
