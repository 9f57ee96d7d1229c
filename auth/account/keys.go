package account

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// Bounds of a key set.
const (
	maxKeys    = 100
	minRSABits = 2048
)

// ParseKeys reads a JSON Web Key Set of public keys (RFC 7517). Keys that can't
// sign an assertion (RS384, ES384) are left out, as RFC 7517 section 5 asks; one
// must be left. A private key is refused.
func ParseKeys(data []byte) (*jose.JSONWebKeySet, error) {
	var raw struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, errors.New("a JWKS is a JSON object with the member keys")
	}
	if len(raw.Keys) > maxKeys {
		return nil, fmt.Errorf("a JWKS has at most %d keys", maxKeys)
	}
	set := &jose.JSONWebKeySet{}
	for _, k := range raw.Keys {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(k) != nil {
			continue
		}
		if _, symmetric := key.Key.([]byte); symmetric || key.Valid() && !key.IsPublic() {
			return nil, errors.New("a JWKS has public keys only: keep the private key with the client, and make another pair, for this one has been shown")
		}
		if usable(&key) {
			set.Keys = append(set.Keys, key)
		}
	}
	if len(set.Keys) == 0 {
		return nil, errors.New("the JWKS has no RSA key of at least 2048 bits and no P-384 key that signs")
	}
	return set, nil
}

func usable(key *jose.JSONWebKey) bool {
	if !key.Valid() || key.Use != "" && key.Use != "sig" {
		return false
	}
	return KeyAlgorithm(key) != "" && (key.Algorithm == "" || key.Algorithm == string(KeyAlgorithm(key)))
}

// KeyAlgorithm is the algorithm by which a client's key signs assertions
// (https://hl7.org/fhir/smart-app-launch/STU2.2/client-confidential-asymmetric.html#registering-a-client-communicating-public-keys),
// "" where it can't.
func KeyAlgorithm(key *jose.JSONWebKey) jose.SignatureAlgorithm {
	switch k := key.Key.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() >= minRSABits {
			return jose.RS384
		}
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P384() {
			return jose.ES384
		}
	}
	return ""
}
