package external

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Introspection is how the first issuer is asked about opaque tokens (RFC 7662):
// as a client of it, whose credentials go into a Basic header.
type Introspection struct {
	Client, Secret string
}

const (
	// maxOpaque is how long an answer about an opaque token counts: after it,
	// a revocation is noticed.
	maxOpaque = time.Minute
	// refusedFor is how long a token that isn't active is refused unasked.
	refusedFor = 10 * time.Second
	// askedAtOnce bounds the questions under way to the issuer.
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

// introspect asks the first issuer about an opaque token.
func (v *Verifier) introspect(ctx context.Context, token string, h hash) (claims, time.Time, error) {
	if v.config.Introspection == nil {
		return nil, time.Time{}, invalid("the token isn't a JWT that is signed with one of " + strings.Join(algorithms, ", "))
	}
	now := v.now()
	if r, known := v.refused.get(h, now); known {
		return nil, time.Time{}, r.err
	}
	c, err := v.ask(ctx, v.issuers[0], token)
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
	if iss := c.text("iss"); iss != "" && iss != v.issuers[0].url {
		return nil, time.Time{}, invalid("the token's issuer isn't the one that was asked about it")
	}
	c["iss"] = v.issuers[0].url
	// An issuer may leave aud out: it has been told who asks, and answers that
	// a token for somebody else isn't active (RFC 7662 section 4).
	return c, until, v.checkAudience(c, false)
}

// ask sends a token to an issuer's introspection endpoint (RFC 7662 section 2).
func (v *Verifier) ask(ctx context.Context, i *issuer, token string) (claims, error) {
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
	r.SetBasicAuth(url.QueryEscape(v.config.Introspection.Client), url.QueryEscape(v.config.Introspection.Secret))
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
