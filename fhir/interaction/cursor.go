package interaction

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"caseway/fhir"
	"caseway/fhir/store"
)

// The record that holds the key with which cursors are sealed. All processes
// of a store share it, so that a cursor works in each of them and after a
// restart.
const (
	keyKind     = "key"
	cursorKey   = "cursor"
	cursorBytes = 32 // AES-256
)

// cursors seals and opens cursors: a client can neither read nor make one, and
// one cursor works only for the query that it came from.
type cursors struct {
	store store.Store

	mu   sync.Mutex
	aead cipher.AEAD // nil until it is first needed
}

// historyCursor is what a next link of history carries.
type historyCursor struct {
	LastUpdated time.Time `json:"u"`
	Type        string    `json:"t"`
	ID          string    `json:"i"`
	VersionID   int64     `json:"v"`
	// Settled is that of the first page: a version between it and a later
	// page's may have come too late for the pages already shown.
	Settled time.Time `json:"s"`
}

// PrepareCursors makes the key of cursors where there is none yet, so that
// whoever reads in pages needs no write, which a full disk would refuse.
func (e *core) PrepareCursors(ctx context.Context) error {
	_, err := e.cursors.cipher(ctx)
	return err
}

// seal encrypts v, bound to a query.
func (c *cursors) seal(ctx context.Context, v any, query string) (string, error) {
	aead, err := c.cipher(ctx)
	if err != nil {
		return "", err
	}
	plain, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	_, _ = rand.Read(nonce) // never fails, by its documentation
	return base64.RawURLEncoding.EncodeToString(aead.Seal(nonce, nonce, plain, []byte(query))), nil
}

// open decrypts a cursor into v. What seal didn't make for this query is
// refused with kind Invalid.
func (c *cursors) open(ctx context.Context, cursor string, v any, query string) error {
	aead, err := c.cipher(ctx)
	if err != nil {
		return err
	}
	sealed, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(sealed) < aead.NonceSize() {
		return badCursor(err)
	}
	n := aead.NonceSize()
	plain, err := aead.Open(nil, sealed[:n], sealed[n:], []byte(query))
	if err != nil {
		return badCursor(err)
	}
	if err := json.Unmarshal(plain, v); err != nil {
		return badCursor(err)
	}
	return nil
}

func badCursor(cause error) error {
	return fhir.NewError(fhir.Invalid, fhir.IssueValue,
		CursorParameter+" isn't one of this server for this query: take links whole, as a page gives them").Because(cause)
}

// cipher finds or makes the key.
func (c *cursors) cipher(ctx context.Context) (cipher.AEAD, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.aead != nil {
		return c.aead, nil
	}
	secret, err := c.secret(ctx)
	if err != nil {
		return nil, fmt.Errorf("the key of cursors: %w", err)
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, fmt.Errorf("the key of cursors: %w", err)
	}
	c.aead, err = cipher.NewGCM(block)
	return c.aead, err
}

func (c *cursors) secret(ctx context.Context) ([]byte, error) {
	secret, err := c.stored(ctx)
	if err != nil || secret != nil {
		return secret, err
	}
	secret = make([]byte, cursorBytes)
	_, _ = rand.Read(secret) // never fails, by its documentation
	_, err = c.store.Commit(ctx, store.Commit{Records: []store.RecordWrite{{Kind: keyKind, Key: cursorKey, Value: secret}}})
	if conflict := (*store.Conflict)(nil); errors.As(err, &conflict) { // another process was faster
		return c.stored(ctx)
	}
	return secret, err
}

func (c *cursors) stored(ctx context.Context) ([]byte, error) {
	records, err := c.store.Records(ctx, keyKind, cursorKey, "", 1)
	if err != nil || len(records) == 0 || records[0].Key != cursorKey {
		return nil, err
	}
	return records[0].Value, nil
}
