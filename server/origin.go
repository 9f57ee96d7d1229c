package server

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"caseway/auth"
	"caseway/fhir"
)

// originCheck keeps out what a browser could be tricked into sending while there is
// no login: requests under a foreign name (DNS rebinding), cross-origin
// requests that write, and cross-origin reads from origins that no setting names.
type originCheck struct {
	hosts   []string // names of ours, lower case, without ports
	origins []string // that may read and write across origins
	cross   *http.CrossOriginProtection
	login   *Login // nil: this check is all that keeps strangers out
}

func newOriginCheck(c Config) (*originCheck, error) {
	d := &originCheck{hosts: []string{"localhost"}, origins: c.CORSOrigins, cross: http.NewCrossOriginProtection(), login: c.Login}
	for _, address := range []string{c.Listen, hostOf(c.BaseURL)} {
		if name := nameOf(address); name != "" {
			d.hosts = append(d.hosts, name)
		}
	}
	for _, origin := range c.CORSOrigins {
		if origin == "*" {
			return nil, errors.New("CORS origins must be named: with * any web page could read the store")
		}
		if err := d.cross.AddTrustedOrigin(origin); err != nil {
			return nil, errors.New("CORS origin must be scheme://host, with a port where it isn't the usual one: " + err.Error())
		}
	}
	return d, nil
}

func hostOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	return u.Host
}

// nameOf is a Host's name in lower case, without port and brackets; "" for
// what can't be a Host.
func nameOf(host string) string {
	name := host
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		if strings.Trim(host[i+1:], "0123456789") != "" {
			return ""
		}
		name = host[:i]
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(name, "[]"), "."))
}

// admit lets a request in and sets CORS headers for a known origin. Probes and
// metrics hold nothing of the store and are asked for by address.
func (d *originCheck) admit(x *exchange) error {
	r := x.c.Request
	if x.route.fhir && d.login == nil && !d.knows(x.client.host) {
		return fhir.NewError(fhir.Forbidden, fhir.IssueForbidden,
			"this server doesn't answer under the name in the Host header: without a login it answers to localhost, "+
				"the address that it listens on and the host of its base URL (--base-url, CASEWAY_BASE_URL)")
	}
	origin := r.Header["Origin"]
	if d.login != nil && x.route.anyOrigin {
		if len(origin) > 0 {
			d.allow(x, anyOrigin)
		}
		return nil
	}
	if x.route.mounted {
		return nil
	}
	if len(d.origins) > 0 || d.login != nil {
		x.c.Writer.Header().Add("Vary", "Origin")
	}
	if len(origin) == 0 && r.Method == http.MethodGet {
		return nil
	}
	if d.isOrigin(x, origin) {
		d.allow(x, origin)
		return nil
	}
	if err := d.cross.Check(r); err != nil {
		return fhir.NewError(fhir.Forbidden, fhir.IssueForbidden,
			"a web page of another origin may not write here; name its origin with --cors-origin to allow it")
	}
	return nil
}

// isOrigin reports whether a page of an origin may read and write here: one
// that a setting names, or one of a registered client.
func (d *originCheck) isOrigin(x *exchange, origin []string) bool {
	if len(origin) != 1 {
		return false
	}
	return slices.Contains(d.origins, origin[0]) ||
		d.login != nil && d.login.IsOrigin != nil && d.login.IsOrigin(x.context(), origin[0])
}

// knows reports whether a Host names this server.
func (d *originCheck) knows(host string) bool {
	name := nameOf(host)
	return auth.IsLoopback(name) || slices.Contains(d.hosts, name)
}

// anyOrigin lets pages of every origin read what anybody may read. Browsers
// send no credentials with it.
var anyOrigin = []string{"*"}

// The CORS headers' values (https://fetch.spec.whatwg.org/#http-cors-protocol).
const (
	corsExpose = "Content-Location, ETag, Last-Modified, Location, Preference-Applied, Warning, WWW-Authenticate, X-Request-Id"
	corsHeader = "Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Exist, " +
		"If-None-Match, Prefer, X-Request-Id, X-Security-Context"
)

func (d *originCheck) allow(x *exchange, origin []string) {
	h := x.c.Writer.Header()
	h["Access-Control-Allow-Origin"] = origin
	h.Set("Access-Control-Expose-Headers", corsExpose)
	if x.c.Request.Method == http.MethodOptions {
		h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE")
		h.Set("Access-Control-Allow-Headers", corsHeader)
		h.Set("Access-Control-Max-Age", "600")
	}
}
