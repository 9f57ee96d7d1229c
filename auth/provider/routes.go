package provider

import (
	"net/http"
	"strings"
)

// Paths are the paths that Handler serves; all others below /auth are pages.
func Paths() []string {
	return []string{
		"/auth/authorize", "/auth/token", "/auth/introspect", "/auth/revoke", "/auth/userinfo", "/auth/launch",
		"/auth/logout", "/auth/jwks", "/auth/.well-known/openid-configuration",
	}
}

// Handler serves the paths of [Paths]. Requests keep their whole path. Who may
// call from web pages of elsewhere (CORS) is answered here too.
func (p *Provider) Handler() http.Handler { return p.handler }

func (p *Provider) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/auth/authorize", p.authorize)
	mux.HandleFunc("/auth/logout", p.logout)
	mux.HandleFunc("/auth/launch", p.serve(p.launch))
	mux.HandleFunc("/auth/token", p.crossOrigin(p.serve(p.token)))
	mux.HandleFunc("/auth/introspect", p.crossOrigin(p.serve(p.introspect)))
	mux.HandleFunc("/auth/revoke", p.crossOrigin(p.serve(p.revocation)))
	mux.HandleFunc("/auth/userinfo", p.crossOrigin(p.serve(p.userinfo)))
	mux.HandleFunc("/auth/jwks", public(p.serve(p.jwks)))
	mux.HandleFunc("/auth/.well-known/openid-configuration", public(p.serve(p.discovery)))
	return mux
}

// crossOrigin lets the web pages of clients call an endpoint, without cookies.
func (p *Provider) crossOrigin(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		w.Header().Add("Vary", "Origin")
		if origin != "" {
			allowed, err := p.o.Accounts.OriginAllowed(r.Context(), origin)
			if err != nil {
				p.writeError(w, r, err)
				return
			}
			if allowed {
				allow(w, origin)
			}
		}
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next(w, r)
	}
}

// public lets every web page read what everybody may know.
func public(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		allow(w, "*")
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD, OPTIONS")
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		next(w, r)
	}
}

func allow(w http.ResponseWriter, origin string) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Accept")
	h.Set("Access-Control-Max-Age", "600")
}

// bearer gives the token of an Authorization header (RFC 6750 section 2.1), the
// only place where one is taken from.
func bearer(r *http.Request) (string, bool) {
	if len(r.Header.Values("Authorization")) != 1 {
		return "", false
	}
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return token, ok && strings.EqualFold(scheme, "Bearer") && token != ""
}
