package external

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Introspection is how an issuer is asked about opaque tokens (RFC 7662): as a
// client of it, whose credentials go into a Basic header. One without a client
// isn't asked.
type Introspection struct {
	Client, Secret string
}

const (
	// maxOpaque is how long an answer about an opaque token counts: after it,
	// a revocation is noticed.
	maxOpaque = time.Minute
	// refusedFor is how long a token that isn't active is refused unasked.
	refusedFor = 10 * time.Second
	// askedAtOnce bounds the questions under way to issuers.
	askedAtOnce = 16
)

// asking bounds the questions under way.
type asking chan struct{}

func newAsking() asking { return make(asking, askedAtOnce) }

func (a asking) begin(ctx context.Context) error {
	select {
	case a <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (a asking) end() { <-a }

var errInactive = errors.New("the token isn't active")

// introspect asks the issuers about an opaque token, of which nobody can see whose
// it is: one after the other, until one says that it is active. What that one
// says holds, a refusal too.
func (v *Verifier) introspect(ctx context.Context, token string, h hash) (claims, time.Time, error) {
	if !slices.ContainsFunc(v.config.Introspection, Introspection.asks) {
		return nil, time.Time{}, invalid("the token isn't a JWT that is signed with one of " + strings.Join(algorithms, ", "))
	}
	now := v.now()
	if r, known := v.refused.get(h, now); known {
		return nil, time.Time{}, r.err
	}
	i, c, err := v.askAll(ctx, token)
	if errors.Is(err, errInactive) {
		refusal := invalid("the token isn't valid, or not any more")
		v.refused.put(h, remembered{err: refusal, until: now.Add(refusedFor)}, v.refused.begin(), now)
		return nil, time.Time{}, refusal
	}
	if err != nil {
		return nil, time.Time{}, away(err)
	}
	until, err := v.checkTimes(c, false)
	if err != nil {
		return nil, time.Time{}, err
	}
	if limit := now.Add(maxOpaque); limit.Before(until) {
		until = limit
	}
	if iss := c.text("iss"); iss != "" && iss != i.url {
		return nil, time.Time{}, invalid("the token's issuer isn't the one that was asked about it")
	}
	c["iss"] = i.url
	// An issuer may leave aud out: it has been told who asks, and answers that
	// a token for somebody else isn't active (RFC 7662 section 4).
	return c, until, v.checkAudience(c, false)
}

func (i Introspection) asks() bool { return i.Client != "" }

// askAll gives the first issuer that says that a token is active, and what it
// says. It fails with errInactive only if all have answered.
func (v *Verifier) askAll(ctx context.Context, token string) (*issuer, claims, error) {
	var trouble error
	for n, as := range v.config.Introspection {
		if !as.asks() {
			continue
		}
		c, err := v.ask(ctx, v.issuers[n], as, token)
		if err == nil {
			return v.issuers[n], c, nil
		}
		if !errors.Is(err, errInactive) {
			trouble = errors.Join(trouble, err)
		}
	}
	if trouble != nil {
		return nil, nil, trouble
	}
	return nil, nil, errInactive
}

// ask sends a token to an issuer's introspection endpoint (RFC 7662 section 2).
func (v *Verifier) ask(ctx context.Context, i *issuer, as Introspection, token string) (claims, error) {
	_, metadata := i.known()
	if metadata.IntrospectionEndpoint == "" {
		return nil, errors.New("the issuer's introspection endpoint isn't known")
	}
	if err := checkEndpoint(metadata.IntrospectionEndpoint); err != nil {
		return nil, fmt.Errorf("introspection_endpoint: %w", err)
	}
	if err := v.asking.begin(ctx); err != nil {
		return nil, err
	}
	defer v.asking.end()
	form := url.Values{"token": {token}, "token_type_hint": {"access_token"}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, metadata.IntrospectionEndpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	// RFC 6749 section 2.3.1: form-encoded, then Basic.
	r.SetBasicAuth(url.QueryEscape(as.Client), url.QueryEscape(as.Secret))
	answer, err := i.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		v.log.Error("the issuer refuses to introspect a token", "issuer", i.url, "status", answer.StatusCode)
		return nil, fmt.Errorf("introspection: status %d", answer.StatusCode)
	}
	var c claims
	if err := json.NewDecoder(answer.Body).Decode(&c); err != nil {
		return nil, fmt.Errorf("introspection: %w", err)
	}
	if active, _ := c["active"].(bool); !active {
		return nil, errInactive
	}
	return c, nil
}
