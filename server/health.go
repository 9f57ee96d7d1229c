package server

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"caseway/fhir"
)

// checkLimit is how long /readyz waits for the store.
const checkLimit = 2 * time.Second

var asJSON = []string{"application/json"}

// livez says that the process answers.
func livez(x *exchange) error {
	x.writePlain(http.StatusOK, map[string]string{"status": "ok"})
	return nil
}

// readyz says whether requests can be served now, and if not, why.
func readyz(x *exchange) error {
	if x.server.draining.Load() {
		x.writePlain(http.StatusServiceUnavailable, map[string]string{"status": "stopping"})
		return nil
	}
	ctx, cancel := context.WithTimeout(x.context(), checkLimit)
	defer cancel()
	if err := x.server.store.Check(ctx); err != nil {
		x.err = err
		x.writePlain(http.StatusServiceUnavailable, map[string]string{
			"status": "not ready", "store": storeTrouble(err),
		})
		return nil
	}
	status, says := http.StatusOK, map[string]any{"status": "ok", "store": "ok"}
	if issuers, usable := x.server.issuers(); len(issuers) > 0 {
		says["issuers"] = issuers
		if !usable {
			status, says["status"] = http.StatusServiceUnavailable, "not ready"
		}
	}
	x.writePlain(status, says)
	return nil
}

// issuers says how each issuer of tokens is doing, and whether the tokens of
// one at least can be checked.
func (s *Server) issuers() (states map[string]string, usable bool) {
	if s.login == nil || s.login.Issuers == nil {
		return nil, true
	}
	states = make(map[string]string)
	for _, i := range s.login.Issuers() {
		states[i.Issuer] = "ok"
		if i.Trouble != "" {
			states[i.Issuer] = i.Trouble
		}
		usable = usable || i.Usable
	}
	return states, usable
}

// storeTrouble is what may be said of the store's state to anyone: driver
// errors can hold addresses and user names, so only a fhir.Error's own text.
func storeTrouble(err error) string {
	if _, outcome := answerFor(err); outcome.Kind != fhir.Internal {
		return outcome.Issues[0].Text
	}
	return "can't answer; the log has the cause"
}

func (x *exchange) writePlain(status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		x.fail(err)
		return
	}
	h := x.c.Writer.Header()
	h["Content-Type"] = asJSON
	h.Set("Cache-Control", "no-store")
	x.write(status, append(body, '\n'))
}
