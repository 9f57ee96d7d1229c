package account

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"
)

// effort is what one hash costs. Memory is in KiB.
type effort struct {
	memory  uint32
	time    uint32
	threads uint8
}

// Passwords cost what OWASP asks for argon2id at the least memory. Client secrets
// are checked at each token request and are mostly random, so they cost less.
var (
	forPassword = effort{memory: 19 << 10, time: 2, threads: 1}
	forSecret   = effort{memory: 8 << 10, time: 1, threads: 1}
)

// Bounds of a hash that someone else made.
const (
	maxMemory   = 1 << 20 // KiB
	maxTime     = 50
	maxPassword = 1024 // bytes
	keyLength   = 32
	saltLength  = 16
)

// errHash is what a hash must look like.
var errHash = errors.New("a password hash is argon2id in PHC form: $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH")

// hashing bounds the memory that hashes being made take together.
var hashing = make(chan struct{}, max(2, runtime.GOMAXPROCS(0)))

func (e effort) key(secret string, salt []byte, length int) []byte {
	hashing <- struct{}{}
	defer func() { <-hashing }()
	return argon2.IDKey([]byte(secret), salt, e.time, e.memory, e.threads, uint32(length))
}

// hash gives a secret's hash in PHC form.
func (e effort) hash(secret string) string {
	salt := make([]byte, saltLength)
	rand.Read(salt)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, e.memory, e.time, e.threads,
		b64.EncodeToString(salt), b64.EncodeToString(e.key(secret, salt, keyLength)))
}

// parsedHash is a hash in PHC form, taken apart.
type parsedHash struct {
	effort
	salt, key []byte
}

func parseHash(s string) (parsedHash, error) {
	var h parsedHash
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return h, errHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.time, &h.threads); err != nil {
		return h, errHash
	}
	if parts[3] != fmt.Sprintf("m=%d,t=%d,p=%d", h.memory, h.time, h.threads) {
		return h, errHash
	}
	if h.memory < 8 || h.memory > maxMemory || h.time < 1 || h.time > maxTime || h.threads < 1 {
		return h, fmt.Errorf("%w, with at most m=%d and t=%d", errHash, maxMemory, maxTime)
	}
	var err, err2 error
	h.salt, err = base64.RawStdEncoding.DecodeString(parts[4])
	h.key, err2 = base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || err2 != nil || len(h.salt) < 8 || len(h.key) < 16 || len(h.key) > 128 {
		return h, errHash
	}
	return h, nil
}

// matches reports whether hash is that of secret. An unreadable hash matches
// nothing.
func matches(hash, secret string) bool {
	h, err := parseHash(hash)
	if err != nil || len(secret) > maxPassword {
		return false
	}
	return subtle.ConstantTimeCompare(h.effort.key(secret, h.salt, len(h.key)), h.key) == 1
}
