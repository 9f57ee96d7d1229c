// Package pace bounds how often somebody may do what costs the server
// something before anybody has signed in.
//
// Each caller, named by a key such as its network address, has a bucket of
// tokens: each time takes one, and they come back one by one. Callers may share
// a bucket by chance. Buckets are in
// the memory of one process. They bound work and are no lock: package account
// counts wrong passwords in the store.
package pace

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"
)

// size is how many buckets there are. Callers are spread over them by a secret
// hash, so that memory is bounded and nobody can choose to share another's.
const size = 1 << 14

// Limit is how often each caller may do something: Burst times at once, and
// then once in every Every.
type Limit struct {
	Burst int
	Every time.Duration
}

// Buckets hold callers to a Limit. Safe for concurrent use.
type Buckets struct {
	limit Limit
	now   func() time.Time
	start time.Time
	seed  maphash.Seed

	mu   sync.Mutex
	full [size]time.Duration // since start, when each is full again
}

// New makes Buckets, all of them full. now nil is time.Now.
func New(l Limit, now func() time.Time) *Buckets {
	if now == nil {
		now = time.Now
	}
	return &Buckets{limit: l, now: now, start: now(), seed: maphash.MakeSeed()}
}

// Take takes a token of a caller. Where there is none, wait says how long it
// takes until there is one, and nothing is taken.
func (b *Buckets) Take(caller string) (wait time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now, at := b.now().Sub(b.start), b.of(caller)
	full := max(now, *at) + b.limit.Every
	if wait = full - now - time.Duration(b.limit.Burst)*b.limit.Every; wait > 0 {
		return wait
	}
	*at = full
	return 0
}

// Return gives back a token that Take took.
func (b *Buckets) Return(caller string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	*b.of(caller) -= b.limit.Every
}

func (b *Buckets) of(caller string) *time.Duration {
	return &b.full[maphash.String(b.seed, caller)%size]
}

// Caller names a network address, which may have a port. Those of one IPv6
// network are one caller: it can make up as many as it likes
// (RFC 4291 section 2.5.4).
func Caller(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		withPort, err := netip.ParseAddrPort(address)
		if err != nil {
			return address
		}
		ip = withPort.Addr()
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	network, err := ip.Prefix(64)
	if err != nil {
		return address
	}
	return network.String()
}
