package external

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"caseway/auth"
	"caseway/fhir"
)

// Config is what a Verifier needs.
type Config struct {
	Issuers []string // by their URLs, the first of which clients are sent to
	// Audiences are what a token may be meant for: one of its aud must be here.
	Audiences []string
	Base      string // our FHIR base URL, below which absolute references are ours
	Claims    Claims
	ClockSkew time.Duration // that an issuer's clock may differ from ours
	// Introspection asks issuers about opaque tokens, each in the place of its
	// issuer; with none these are refused.
	Introspection []Introspection
	// Charges gives the logical ids of the patients whose RelatedPerson a
	// fhirUser is; nil: a caregiver has none.
	Charges func(ctx context.Context, relatedPerson string) ([]string, error)
	HTTP    *http.Client     // nil: one with time-outs
	Clock   func() time.Time // nil: time.Now
	Log     *slog.Logger     // nil: discarded
}

// Verifier verifies the tokens of issuers. Safe for concurrent use.
type Verifier struct {
	config   Config
	issuers  []*issuer
	now      func() time.Time
	log      *slog.Logger
	accepted cache
	refused  cache // opaque tokens that an issuer has said no to
	asking   asking
}

// New makes a Verifier that knows nothing of its issuers yet: see Run.
func New(c Config) (*Verifier, error) {
	if len(c.Issuers) == 0 || len(c.Audiences) == 0 {
		return nil, errors.New("external: an issuer and an audience are needed")
	}
	if len(c.Introspection) > len(c.Issuers) {
		return nil, errors.New("external: there are more issuers to introspect at than issuers")
	}
	if c.ClockSkew < 0 {
		return nil, errors.New("external: the clock skew is 0 or more")
	}
	if c.HTTP == nil {
		c.HTTP = defaultClient()
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	v := &Verifier{config: c, now: c.Clock, log: c.Log, asking: newAsking()}
	for _, url := range c.Issuers {
		if err := checkEndpoint(url); err != nil {
			return nil, fmt.Errorf("the issuer %s %w", url, err)
		}
		v.issuers = append(v.issuers, &issuer{
			url: url, http: c.HTTP, log: c.Log, now: c.Clock, withdrawn: v.accepted.forget,
			failed: make(chan struct{}, 1),
		})
	}
	return v, nil
}

// Run keeps what is known of the issuers current until ctx ends. One that is
// away is asked again, first after a second, then less and less often.
func (v *Verifier) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, i := range v.issuers {
		all.Go(func() { i.keep(ctx) })
	}
	all.Wait()
}

// Verify implements auth.Verifier.
func (v *Verifier) Verify(ctx context.Context, token string) (*auth.Principal, error) {
	now, h := v.now(), hashOf(token)
	if r, known := v.accepted.get(h, now); known {
		return r.principal, nil
	}
	if len(token) > maxToken {
		return nil, invalid("the token is longer than any that is taken")
	}
	epoch := v.accepted.begin()
	claims, until, err := v.claimsOf(ctx, token, h)
	if err != nil {
		return nil, err
	}
	p, err := v.principal(ctx, claims)
	if err != nil {
		return nil, err
	}
	p.Token = base64.RawURLEncoding.EncodeToString(h[:9])
	v.accepted.put(h, remembered{principal: p, until: until}, epoch, now)
	return p, nil
}

// maxToken is the longest token that is looked at, in bytes.
const maxToken = 16 << 10

// maxKept is how long a token is remembered at most: a caregiver's patients
// are found out anew after it.
const maxKept = 10 * time.Minute

// claimsOf gives a valid token's claims and until when they may be remembered.
func (v *Verifier) claimsOf(ctx context.Context, token string, h hash) (claims, time.Time, error) {
	if !isJWT(token) {
		return v.introspect(ctx, token, h)
	}
	i, err := v.issuerOf(token)
	if err != nil {
		return nil, time.Time{}, err
	}
	verifier, _ := i.known()
	if verifier == nil {
		return nil, time.Time{}, away(nil)
	}
	var trouble error
	verified, err := verifier.Verify(context.WithValue(ctx, troubleKey{}, &trouble), token)
	if trouble != nil {
		return nil, time.Time{}, away(trouble)
	}
	if err != nil {
		return nil, time.Time{}, invalid("the token's signature doesn't hold").Because(err)
	}
	var c claims
	if err := verified.Claims(&c); err != nil {
		return nil, time.Time{}, invalid("the token's claims can't be read").Because(err)
	}
	if c["at_hash"] != nil || c["c_hash"] != nil { // OpenID Connect Core section 3.3.2.11
		return nil, time.Time{}, invalid("the token is an ID token, which says who somebody is and not what an app may do")
	}
	until, err := v.checkTimes(c, true)
	if err != nil {
		return nil, time.Time{}, err
	}
	return c, until, v.checkAudience(c, true)
}

// issuerOf reads which issuer a token says it is of, without believing it.
func (v *Verifier) issuerOf(token string) (*issuer, error) {
	parsed, err := jwt.ParseSigned(token, signatureAlgorithms)
	if err != nil {
		return nil, invalid("the token isn't a JWT that is signed with one of " + strings.Join(algorithms, ", "))
	}
	if typ, given := parsed.Headers[0].ExtraHeaders[jose.HeaderType]; given && !isAccessType(typ) {
		return nil, invalid("the token is of another type than access tokens are")
	}
	var says struct {
		Issuer string `json:"iss"`
	}
	if err := parsed.UnsafeClaimsWithoutVerification(&says); err != nil {
		return nil, invalid("the token's claims can't be read")
	}
	for _, i := range v.issuers {
		if i.url == says.Issuer {
			return i, nil
		}
	}
	return nil, invalid("the token's issuer isn't one that this server trusts")
}

// isAccessType reports whether a header's typ may be an access token's (RFC
// 9068 section 2.1; many issuers write plain JWT).
func isAccessType(typ any) bool {
	text, _ := typ.(string)
	text = strings.TrimPrefix(strings.ToLower(text), "application/")
	return text == "jwt" || text == "at+jwt"
}

// isJWT reports whether a token has the form of a JWT: three parts, the first
// of which is an object in base64url (RFC 7519 section 7.2). Others are opaque.
func isJWT(token string) bool {
	return strings.Count(token, ".") == 2 && strings.HasPrefix(token, "ey")
}

// checkTimes checks exp and nbf (RFC 7519 sections 4.1.4 and 4.1.5) and gives
// until when the token may be remembered.
func (v *Verifier) checkTimes(c claims, needed bool) (time.Time, error) {
	now := v.now()
	expires, ok := c.time("exp")
	switch {
	case !ok && (needed || c["exp"] != nil):
		return time.Time{}, invalid("the token doesn't say when it expires")
	case ok && !now.Before(expires.Add(v.config.ClockSkew)):
		return time.Time{}, invalid("the token has expired")
	}
	if from, given := c.time("nbf"); given && now.Add(v.config.ClockSkew).Before(from) {
		return time.Time{}, invalid("the token isn't valid yet")
	} else if !given && c["nbf"] != nil {
		return time.Time{}, invalid("the token's nbf is no time")
	}
	until := now.Add(maxKept)
	if ok && expires.Add(v.config.ClockSkew).Before(until) {
		until = expires.Add(v.config.ClockSkew)
	}
	return until, nil
}

// checkAudience checks that the token is meant for this server (RFC 7519
// section 4.1.3).
func (v *Verifier) checkAudience(c claims, needed bool) error {
	given := c.list("aud")
	if len(given) == 0 && !needed && c["aud"] == nil {
		return nil
	}
	for _, want := range v.config.Audiences {
		for _, aud := range given {
			if strings.TrimSuffix(aud, "/") == strings.TrimSuffix(want, "/") {
				return nil
			}
		}
	}
	return invalid("the token is meant for somebody else: its aud doesn't name this server")
}

type troubleKey struct{}

// notNow says through ctx that a signature can't be checked now: go-oidc
// keeps of an error its text only.
func notNow(ctx context.Context, err error) error {
	if at, ok := ctx.Value(troubleKey{}).(*error); ok {
		*at = err
	}
	return err
}

func invalid(text string) *fhir.Error {
	return fhir.NewError(fhir.Login, fhir.IssueLogin, text)
}

func away(cause error) error {
	return fhir.NewError(fhir.Transient, fhir.IssueTransient,
		"the token can't be checked now: its issuer doesn't answer").Because(cause)
}
