package auth

import "net/netip"

// IsLoopback reports whether a host, a name or an address without a port, is
// this machine by any of loopback's names: what goes there travels over no
// network, so that plain HTTP will do.
func IsLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}
