package provider

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"caseway/fhir"
)

// oauthError is an error answer (RFC 6749 section 5.2). The description is for
// the client's developer and shows nothing of the request.
type oauthError struct {
	Code        string `json:"error"`
	Description string `json:"error_description,omitempty"`
	status      int
	challenge   string // WWW-Authenticate
	wait        time.Duration
}

func (e *oauthError) Error() string { return e.Code + ": " + e.Description }

// refuse makes an error of status 400.
func refuse(code, description string) *oauthError {
	return &oauthError{Code: code, Description: description, status: http.StatusBadRequest}
}

// refuseClient is the error of a client that hasn't shown who it is. One that
// tried by the Authorization header is told how (RFC 6749 section 5.2).
func refuseClient(r *http.Request, description string) *oauthError {
	e := &oauthError{Code: "invalid_client", Description: description, status: http.StatusUnauthorized}
	if r.Header.Get("Authorization") != "" {
		e.challenge = `Basic realm="caseway"`
	}
	return e
}

// refuseToken is the error of a bad bearer token (RFC 6750 section 3.1).
func refuseToken(status int, code, description string) *oauthError {
	challenge := `Bearer realm="caseway"`
	if code != "" {
		challenge += `, error="` + code + `", error_description="` + description + `"`
	}
	return &oauthError{Code: code, Description: description, status: status, challenge: challenge}
}

// endpoint answers with a value as JSON, or an error.
type endpoint func(w http.ResponseWriter, r *http.Request) (any, error)

// ServeHTTP answers. Nothing of it may be kept by anyone.
func (p *Provider) serve(e endpoint) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		noStore(w)
		value, err := e(w, r)
		if err != nil {
			p.writeError(w, r, err)
			return
		}
		if value != nil {
			p.writeJSON(w, http.StatusOK, value)
		}
	}
}

func noStore(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
}

func (p *Provider) writeJSON(w http.ResponseWriter, status int, value any) {
	data, err := json.Marshal(value)
	if err != nil {
		p.log.Error("an answer can't be written", "cause", err)
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(data) // the client may have gone
}

// writeError is the only place where an error becomes an answer.
func (p *Provider) writeError(w http.ResponseWriter, r *http.Request, err error) {
	var o *oauthError
	if !errors.As(err, &o) {
		o = p.hidden(r, err)
	}
	if o.challenge != "" {
		w.Header().Set("WWW-Authenticate", o.challenge)
	}
	o.sayWhen(w.Header())
	p.writeJSON(w, o.status, o)
}

// sayWhen tells a client when to try again, where that may help.
func (o *oauthError) sayWhen(h http.Header) {
	if o.status == http.StatusServiceUnavailable || o.wait > 0 {
		h.Set("Retry-After", strconv.Itoa(max(1, int((o.wait+time.Second-1)/time.Second))))
	}
}

// hidden is what a client gets to know of an error that isn't its own.
func (p *Provider) hidden(r *http.Request, err error) *oauthError {
	if fhir.Is(err, fhir.Transient) {
		return &oauthError{Code: "temporarily_unavailable", Description: "try again in a moment", status: http.StatusServiceUnavailable}
	}
	if r.Context().Err() == nil {
		p.log.Error("authorization server", "path", r.URL.Path, "cause", err)
	}
	return &oauthError{Code: "server_error", Description: "internal error", status: http.StatusInternalServerError}
}

// maxForm is how many bytes a form may have.
const maxForm = 64 << 10

// errNoForm is for what isn't a form in the body.
var errNoForm = refuse("invalid_request", "parameters are sent by POST as application/x-www-form-urlencoded")

// readForm reads a form from the body. Parameters in the URL, which ends up in
// logs, and parameters that are there twice are refused (RFC 6749 section 3.2).
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		e := *errNoForm
		e.status = http.StatusMethodNotAllowed
		return nil, &e
	}
	if r.URL.RawQuery != "" {
		return nil, refuse("invalid_request", "parameters are in the body, never in the URL")
	}
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/x-www-form-urlencoded" {
		return nil, errNoForm
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return nil, refuse("invalid_request", "the form can't be read, or is too long")
	}
	return once(r.PostForm)
}

// once refuses parameters that are there more than once.
func once(form url.Values) (url.Values, error) {
	for _, values := range form {
		if len(values) > 1 {
			return nil, refuse("invalid_request", "a parameter is there more than once")
		}
	}
	return form, nil
}
