package server

import (
	"hash/fnv"
	"net/http"
	"strconv"
	"sync"

	"caseway/conformance/capability"
	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/search"
)

// capabilities is the CapabilityStatement: built when it is first asked for,
// then kept until the search parameters change.
type capabilities struct {
	claims capability.Claims

	mu   sync.Mutex
	of   *search.Registry // what body is made of
	as   capability.SMART // and where clients log in
	body []byte
	etag string
}

// claim says what the route table and the settings promise.
func (c *capabilities) claim(config Config, base string, operations map[string][]capability.Operation) {
	c.claims = capability.Claims{Version: config.Version, ResourceTypes: config.ResourceTypes, Operations: operations}
	if s, ok := config.Store.(interface{ Transactional() bool }); ok {
		c.claims.NoTransactions = !s.Transactional()
	}
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
		c.of, c.body = r, capability.Statement(claims)
		sum := fnv.New64a()
		_, _ = sum.Write(c.body) // a hash takes everything
		c.etag = `W/"` + strconv.FormatUint(sum.Sum64(), 16) + `"`
	}
	return c.body, c.etag
}

// metadata is GET [base]/metadata (https://hl7.org/fhir/R4/http.html#capabilities).
func metadata(x *exchange) error {
	q, err := parseQuery(x.c.Request.URL.RawQuery)
	if err != nil {
		return err
	}
	mode, given, err := q.one("mode")
	if err != nil {
		return err
	}
	if given && mode != "full" {
		err := badParameter("mode", "is full, the only one supported")
		err.Issues[0].Code = fhir.IssueNotSupported
		return err
	}
	body, etag := x.server.capabilities.statement(x.server.engine.Registry(), x.smart())
	h := x.c.Writer.Header()
	h.Set("Etag", etag)
	if x.c.Request.Header.Get("If-None-Match") == etag {
		x.setVary()
		x.c.Writer.WriteHeader(http.StatusNotModified)
		return nil
	}
	x.writeJSON(http.StatusOK, body)
	return nil
}
