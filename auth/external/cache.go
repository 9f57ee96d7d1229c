package external

import (
	"crypto/sha256"
	"sync"
	"time"

	"caseway/auth"
)

// maxRemembered bounds the tokens that are remembered; each takes about 1 KB.
const maxRemembered = 20_000

// hash names a token without giving it away.
type hash [sha256.Size]byte

func hashOf(token string) hash { return sha256.Sum256([]byte(token)) }

// remembered is what was found out about a token.
type remembered struct {
	principal *auth.Principal // nil where err says why not
	err       error
	until     time.Time
}

// cache remembers verified tokens by their hash. The zero value is ready.
// Safe for concurrent use.
type cache struct {
	mu    sync.RWMutex
	known map[hash]remembered
	// epoch grows when everything is forgotten: what was found out before
	// isn't remembered after.
	epoch int
}

func (c *cache) get(h hash, now time.Time) (remembered, bool) {
	c.mu.RLock()
	r, ok := c.known[h]
	c.mu.RUnlock()
	if !ok || !now.Before(r.until) {
		return remembered{}, false
	}
	return r, true
}

// begin gives the epoch to put with.
func (c *cache) begin() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.epoch
}

func (c *cache) put(h hash, r remembered, epoch int, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if epoch != c.epoch {
		return
	}
	if c.known == nil {
		c.known = make(map[hash]remembered)
	}
	if len(c.known) >= maxRemembered {
		c.makeRoom(now)
	}
	c.known[h] = r
}

// makeRoom forgets what has expired, and where that isn't much, a tenth of
// the rest: Go's maps give entries in no order.
func (c *cache) makeRoom(now time.Time) {
	for h, r := range c.known {
		if !now.Before(r.until) {
			delete(c.known, h)
		}
	}
	for h := range c.known {
		if len(c.known) <= maxRemembered*9/10 {
			return
		}
		delete(c.known, h)
	}
}

// forget drops everything: a key was withdrawn, and tokens that it signed
// count no more.
func (c *cache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known = nil
	c.epoch++
}
