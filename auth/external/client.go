package external

import (
	"errors"
	"io"
	"net/http"
	"time"

	"caseway/auth"
)

// maxAnswer is how much of an issuer's answer is read, in bytes.
const maxAnswer = 1 << 20

// defaultClient calls issuers: bounded in time and bytes, and not sent on to
// plain HTTP.
func defaultClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = askedAtOnce
	return &http.Client{
		Transport: bounded{transport}, Timeout: callLimit,
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > 3 || r.Method != http.MethodGet {
				return errors.New("the issuer redirects where it shouldn't")
			}
			return checkEndpoint(r.URL.String())
		},
	}
}

// bounded cuts answers off after maxAnswer bytes.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, maxAnswer), answer.Body}
	}
	return answer, err
}

// State is what is known of an issuer.
type State struct {
	Issuer string
	// Usable is set where its tokens can be checked.
	Usable bool
	// Trouble says since when it doesn't answer as it should; "" where it does.
	Trouble string
}

// States says how the issuers are doing, in the order of Config.Issuers.
func (v *Verifier) States() []State {
	states := make([]State, len(v.issuers))
	for n, i := range v.issuers {
		states[n] = i.state()
	}
	return states
}

func (i *issuer) state() State {
	i.mu.RLock()
	defer i.mu.RUnlock()
	s := State{Issuer: i.url, Usable: i.verifier != nil}
	switch {
	case i.trouble == nil && !s.Usable:
		s.Trouble = "hasn't answered yet: its tokens can't be checked"
	case i.trouble != nil && !s.Usable:
		s.Trouble = "away since " + i.since.UTC().Format(time.RFC3339) + ": its tokens can't be checked"
	case i.trouble != nil:
		s.Trouble = "away since " + i.since.UTC().Format(time.RFC3339) +
			": tokens are checked with its keys of " + i.fetched.UTC().Format(time.RFC3339)
	}
	return s
}

// Metadata is what the first issuer says of itself; false as long as it hasn't.
func (v *Verifier) Metadata() (auth.Metadata, bool) {
	verifier, m := v.issuers[0].known()
	return m, verifier != nil
}
