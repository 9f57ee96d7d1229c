package login

import (
	"net/http"
	"net/url"
	"strings"
)

// guard sets what keeps a page from being framed, stored, or made to load or
// run anything else. A form of the page leads to one of redirectURIs in the end,
// or stays here: browsers hold redirects after a form to form-action
// (https://www.w3.org/TR/CSP3/#directive-form-action).
func guard(h http.Header, redirectURIs []string) {
	targets := "'self'"
	for _, uri := range redirectURIs {
		if source := sourceOf(uri); source != "" {
			targets += " " + source
		}
	}
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action "+targets)
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	// Not no-referrer: with it, browsers send forms with "Origin: null".
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
}

// sourceOf gives the CSP source for a redirect URI: its origin, or the scheme
// of a native app's. IPv6 addresses have no form of their own there.
func sourceOf(redirectURI string) string {
	u, err := url.Parse(redirectURI)
	if err != nil || u.Scheme == "" {
		return ""
	}
	web := u.Scheme == "https" || u.Scheme == "http"
	if !web || strings.ContainsFunc(u.Host, notInSource) {
		return u.Scheme + ":"
	}
	return u.Scheme + "://" + u.Host
}

func notInSource(c rune) bool {
	letter := c|0x20 >= 'a' && c|0x20 <= 'z'
	return !letter && (c < '0' || c > '9') && !strings.ContainsRune("-.:", c)
}
