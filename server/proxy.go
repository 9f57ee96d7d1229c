package server

import (
	"net/http"
	"net/netip"
	"strings"
)

// client is who asks, as the connection or a trusted proxy says.
type client struct {
	address string // of the client, without a port
	scheme  string // "http" or "https"
	host    string // as the client named the server
}

// proxies are the networks whose X-Forwarded headers are believed.
type proxies []netip.Prefix

// clientOf believes X-Forwarded-For, -Proto and -Host of trusted proxies only.
func (p proxies) clientOf(r *http.Request) client {
	c := client{address: addressOf(r.RemoteAddr), scheme: "http", host: r.Host}
	if r.TLS != nil {
		c.scheme = "https"
	}
	if len(p) == 0 || !p.trust(c.address) {
		return c
	}
	c.address = p.forwardedFor(c.address, r.Header.Values("X-Forwarded-For"))
	if proto := last(r.Header.Get("X-Forwarded-Proto")); proto == "http" || proto == "https" {
		c.scheme = proto
	}
	if host := last(r.Header.Get("X-Forwarded-Host")); host != "" {
		c.host = host
	}
	return c
}

// forwardedFor walks back from the nearest proxy to the first address that
// isn't a trusted one: what stands before it anyone could have written.
func (p proxies) forwardedFor(nearest string, headers []string) string {
	hops := strings.Split(strings.Join(headers, ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			return nearest
		}
		nearest = hop.String()
		if !p.trust(nearest) {
			return nearest
		}
	}
	return nearest
}

func (p proxies) trust(address string) bool {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	ip = ip.Unmap()
	for _, prefix := range p {
		if prefix.Contains(ip) {
			return true
		}
	}
	return false
}

// addressOf cuts the port off "127.0.0.1:80" and "[::1]:80".
func addressOf(remote string) string {
	if i := strings.LastIndexByte(remote, ':'); i > 0 {
		remote = remote[:i]
	}
	return strings.Trim(remote, "[]")
}

func last(list string) string {
	return strings.TrimSpace(list[strings.LastIndexByte(list, ',')+1:])
}

// base is our own FHIR base URL as this client sees it.
func (x *exchange) base() string {
	if x.server.baseURL != "" {
		return x.server.baseURL + "/fhir"
	}
	return x.client.scheme + "://" + safeHost(x.client.host) + "/fhir"
}

// safeHost keeps a Host that can stand in a URL; anything else is answered
// with links to localhost.
func safeHost(host string) string {
	for i := range len(host) {
		c := host[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && !strings.ContainsRune(".-_:[]", rune(c)) {
			return "localhost"
		}
	}
	if host == "" {
		return "localhost"
	}
	return host
}
