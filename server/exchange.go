package server

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"caseway/auth"
	"caseway/fhir"
	"caseway/fhir/budget"
	"caseway/server/audit"
)

// exchange is one request on its way to its answer. It is used again for
// later requests: nothing may keep it.
type exchange struct {
	server    *Server
	c         *gin.Context
	route     *route
	typ       *resourceType // nil where the path names none
	started   time.Time
	requestID string
	client    client
	format    format
	ctx       context.Context // of the request, with who asks
	principal *auth.Principal // nil where nobody has been identified
	challenge string          // error code for WWW-Authenticate; "" for the usual one
	err       error           // for the log
	broken    bool            // the answer broke off, and so must the connection
	hold      budget.Hold     // of the body
	budget    *budget.Answer  // of the answer; nil until something large is answered
	leave     func()          // the gate for heavy requests; nil outside
}

// closing tells a client to send its next request elsewhere.
var closing = []string{"close"}

var exchanges = sync.Pool{New: func() any { return new(exchange) }}

// answer makes a route's gin handler: it admits the request, lets the route
// answer, and says in logs and metrics what came of it.
func (s *Server) answer(rt *route) gin.HandlerFunc {
	rt.slot = slotOf(rt.interaction)
	return func(c *gin.Context) {
		x := exchanges.Get().(*exchange)
		*x = exchange{server: s, c: c, route: rt, ctx: c.Request.Context(), started: time.Now(), hold: budget.NewHold(s.memory)}
		defer x.finish()
		x.requestID = requestID(c.Request)
		x.setFixedHeaders()
		if s.draining.Load() {
			c.Writer.Header()["Connection"] = closing
		}
		if err := x.answer(); err != nil {
			x.fail(err)
		}
	}
}

func (x *exchange) answer() error {
	if err := x.admit(); err != nil {
		return err
	}
	return x.route.handle(x)
}

// admit checks what is the same for all routes, cheapest first.
func (x *exchange) admit() error {
	x.client = x.server.proxies.clientOf(x.c.Request)
	if x.client.scheme == "https" {
		x.c.Writer.Header()["Strict-Transport-Security"] = onlyTLS
	}
	if x.server.audit != nil {
		x.ctx = audit.With(x.ctx, &audit.Request{Address: x.client.address, ID: x.requestID})
	}
	if err := x.server.door.admit(x); err != nil {
		return err
	}
	if len(x.c.Request.RequestURI) > maxURL {
		return errLongURL
	}
	if err := x.identify(); err != nil {
		return err
	}
	if x.route.cases {
		return x.admitCases()
	}
	if !x.route.fhir {
		return nil
	}
	if err := x.checkPath(); err != nil {
		return err
	}
	if err := x.resolveType(); err != nil {
		return err
	}
	return x.negotiate()
}

// checkPath refuses empty segments and operations, such as $everything.
func (x *exchange) checkPath() error {
	for _, p := range x.c.Params {
		if p.Value == "" {
			return nothingHere(x)
		}
		if p.Value[0] == '$' {
			return x.server.operations.Unsupported()
		}
	}
	return nil
}

// resolveType finds the resource type that the path names.
func (x *exchange) resolveType() error {
	name := x.c.Param("type")
	if name == "" {
		return nil
	}
	if x.typ = x.server.types[name]; x.typ != nil {
		return nil
	}
	x.typ = x.server.unknown // one label in metrics, whatever clients make up
	// The engine knows the names that are near it, and says so.
	_, err := x.server.engine.Read(x.context(), fhir.Key{Type: name, ID: "0"})
	return err
}

// key names the resource that the path points to. The engine refuses an id
// that can't be one.
func (x *exchange) key() fhir.Key { return fhir.Key{Type: x.typ.name, ID: x.c.Param("id")} }

func (x *exchange) context() context.Context { return x.ctx }

// finish catches a panic, writes the log line and counts.
func (x *exchange) finish() {
	if p := recover(); p != nil {
		if p == http.ErrAbortHandler { //nolint:errorlint // net/http's own sentinel
			panic(p)
		}
		x.server.log.Error("panic", "what", panicText(p), "request", x.requestID, "stack", string(debug.Stack()))
		x.fail(internalError)
	}
	x.leaveGate()
	x.hold.Release()
	x.budget.Release()
	x.record(time.Since(x.started))
	x.witness()
	broken := x.broken
	*x = exchange{}
	exchanges.Put(x)
	if broken {
		panic(http.ErrAbortHandler)
	}
}

// leaveGate lets the next heavy request in, once this one has been worked on.
func (x *exchange) leaveGate() {
	if x.leave != nil {
		x.leave()
		x.leave = nil
	}
}

// witness lets the audit know what came of a request for FHIR.
func (x *exchange) witness() {
	if x.server.audit == nil || x.route.public || x.c.Writer.Status() == http.StatusMethodNotAllowed {
		return
	}
	key := fhir.Key{ID: x.c.Param("id")}
	if typ := x.server.types[x.c.Param("type")]; typ != nil {
		key.Type = typ.name
	}
	what := x.route.interaction
	if typ := x.server.types[x.c.Param("what")]; typ != nil { // a search in a compartment
		key = fhir.Key{Type: typ.name}
	}
	if x.route.cases {
		what, key = x.witnessedCase()
	}
	x.server.audit.Answered(x.ctx, what, key, x.c.Writer.Status(), x.server.auditReads)
}

// panicText is what a log may say of a panic: the runtime's own words hold no
// data, any other value might.
func panicText(p any) string {
	if err, ok := p.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("a %T", p)
}
