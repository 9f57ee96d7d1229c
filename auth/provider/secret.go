package provider

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// newSecret makes 130 random bits, as letters and digits.
func newSecret() string { return rand.Text() }

// hashOf is what is stored of a secret. Secrets are random, so a fast hash does.
func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// same compares in constant time; the empty string is the same as nothing.
func same(a, b string) bool {
	return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

// subjectPrefix starts the ids of all grants of a user or client: grants are
// listed by it.
func subjectPrefix(kind, id string) string {
	sum := sha256.Sum256([]byte(kind + "\x00" + id))
	return hex.EncodeToString(sum[:8]) + "."
}

func userPrefix(id string) string    { return subjectPrefix("user", id) }
func servicePrefix(id string) string { return subjectPrefix("client", id) }

// cutSecret takes a code or refresh token apart: the grant's id and the rest.
func cutSecret(token string) (grant, secret string, ok bool) {
	at := strings.LastIndexByte(token, '.')
	if at < 0 || len(token) > 300 {
		return "", "", false
	}
	return token[:at], token[at+1:], true
}
