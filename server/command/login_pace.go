package command

import (
	"net/http"
	"strconv"
	"time"

	"caseway/auth/pace"
	"caseway/auth/provider"
)

// What anybody may ask for before signing in is written down: that a request
// for authorization waits, and each attempt to sign in. So each network address
// has a pace, at which a clinic behind one address still gets its work done.
var (
	paceOfAuthorize = pace.Limit{Burst: 200, Every: time.Second / 2}
	paceOfSignIn    = pace.Limit{Burst: 60, Every: time.Second}
)

// paced answers 429 to who asks for too much; trouble shows it.
func paced(next http.Handler, trouble func(w http.ResponseWriter, r *http.Request, status int, text string)) http.Handler {
	authorize, signIn := pace.New(paceOfAuthorize, nil), pace.New(paceOfSignIn, nil)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var of *pace.Buckets
		switch {
		case r.URL.Path == "/auth/authorize":
			of = authorize
		case r.URL.Path == provider.PathSignIn && r.Method == http.MethodPost:
			of = signIn
		}
		if of != nil {
			if wait := of.Take(pace.Caller(r.RemoteAddr)); wait > 0 {
				seconds := strconv.Itoa(int((wait + time.Second - 1) / time.Second))
				w.Header().Set("Retry-After", seconds)
				trouble(w, r, http.StatusTooManyRequests, "There were too many requests from your network. Please wait "+seconds+" s, then try again.")
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}
