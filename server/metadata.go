package server

import (
	"bytes"
	"hash/fnv"
	"net/http"
	"strconv"
	"sync"

	"github.com/klauspost/compress/gzip"

	"caseway/conformance/capability"
	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
)

// capabilities is the CapabilityStatement: built when it is first asked for,
// then kept until the search parameters change.
type capabilities struct {
	claims capability.Claims

	mu     sync.Mutex
	of     *search.Registry // what body is made of
	as     capability.SMART // and where clients log in
	body   []byte
	packed []byte // body, gzipped; nil until somebody wants it so
	etag   string
}

// claim says what the route table and the settings promise.
func (c *capabilities) claim(config Config, base string, operations map[string][]capability.Operation) {
	c.claims = capability.Claims{
		Version: config.Version, ResourceTypes: config.ResourceTypes, Operations: operations, IgnoresUnknown: config.IgnoreUnknown,
	}
	c.claims.NoTransactions = !config.Store.Transactional()
	if base != "" {
		c.claims.Base = base + "/fhir"
	}
	for _, r := range routes() {
		if r.level != "" {
			c.claims.Interactions = append(c.claims.Interactions, capability.Interaction{Level: r.level, Name: r.interaction})
		}
		if r.interaction == interaction.Transaction { // one route for both
			c.claims.Interactions = append(c.claims.Interactions, capability.Interaction{Level: r.level, Name: interaction.Batch})
		}
	}
}

func (c *capabilities) statement(r *search.Registry, login *capability.SMART) ([]byte, string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of != r || c.body == nil || login != nil && c.as != *login {
		claims := c.claims
		if claims.SMART = login; login != nil {
			c.as = *login
		}
		if r != nil {
			claims.Search = r
		}
		c.of, c.body, c.packed = r, capability.Statement(claims), nil
		c.etag = etagOf(c.body)
	}
	return c.body, c.etag
}

// gzipped is the statement that has a tag, packed once for all who ask; nil where
// that is another one by now, or a part of it.
func (c *capabilities) gzipped(etag string) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if etag == c.etag && c.packed == nil {
		var b bytes.Buffer
		w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // fails only for an unknown level
		_, _ = w.Write(c.body)                                // a bytes.Buffer takes everything
		_ = w.Close()
		c.packed = b.Bytes()
	}
	if etag != c.etag {
		return nil
	}
	return c.packed
}

// metadata is GET [base]/metadata (https://hl7.org/fhir/R4/http.html#capabilities).
func metadata(x *exchange) error {
	pairs, err := search.Split(x.c.Request.URL.RawQuery)
	if err != nil {
		return err
	}
	body, etag, err := x.describe(pairs)
	if err != nil {
		return err
	}
	h := x.c.Writer.Header()
	h.Set("Etag", etag)
	if x.c.Request.Header.Get("If-None-Match") == etag {
		x.setVary()
		x.c.Writer.WriteHeader(http.StatusNotModified)
		return nil
	}
	if !x.format.pretty && acceptsGzip(x.c.Request.Header["Accept-Encoding"]) {
		if packed := x.server.capabilities.gzipped(etag); packed != nil {
			x.setJSONHeaders()
			h["Content-Encoding"] = gzipEncoding
			x.send(http.StatusOK, packed)
			return nil
		}
	}
	x.writeJSON(http.StatusOK, body)
	return nil
}

// describe gives the CapabilityStatement as the parameters of its URL ask for it.
func (x *exchange) describe(pairs []search.Pair) (body []byte, etag string, err error) {
	const typ = "CapabilityStatement"
	for _, p := range pairs {
		if p.Name == "mode" && p.Value != "full" {
			return nil, "", fhir.NewError(fhir.Invalid, fhir.IssueNotSupported, "parameter mode is full, the only one supported")
		}
	}
	subset, err := x.server.engine.ParseSubset(pairs, typ)
	if err != nil {
		return nil, "", err
	}
	body, etag = x.server.capabilities.statement(x.server.engine.Registry(), x.smart())
	if subset.Whole() {
		return body, etag, nil
	}
	body = x.server.engine.SubsetOf(typ, body, subset)
	return body, etagOf(body), nil
}

func etagOf(body []byte) string {
	sum := fnv.New64a()
	_, _ = sum.Write(body) // a hash takes everything
	return `W/"` + strconv.FormatUint(sum.Sum64(), 16) + `"`
}
