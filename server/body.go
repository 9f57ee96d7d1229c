package server

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"

	"caseway/fhir"
)

// readFHIR reads a body that must be FHIR JSON.
func (x *exchange) readFHIR() ([]byte, error) {
	if !parseContentType(x.c.Request.Header.Get("Content-Type")).ok {
		return nil, fhir.NewError(fhir.UnsupportedMedia, fhir.IssueNotSupported,
			"Content-Type must be application/fhir+json (or application/json) of R4 in UTF-8; "+
				"XML and Turtle aren't supported yet")
	}
	body, err := x.readBody()
	if err == nil {
		x.leaveGate()
		x.leave, err = x.server.gate.Enter(x.context(), int64(len(body)))
	}
	return body, err
}

// readBody reads the body, inflated, within the limit.
func (x *exchange) readBody() ([]byte, error) {
	r, limit := x.c.Request, x.server.maxBody
	encoding, err := contentEncoding(r.Header.Values("Content-Encoding"))
	if err != nil {
		return nil, err
	}
	if encoding == "" && r.ContentLength > limit {
		return nil, tooLarge(limit) // before a byte of it is read
	}
	if encoding == "" {
		return x.readAll(r.Body, r.ContentLength)
	}
	inflater, err := newInflater(r.Body)
	if err != nil {
		return nil, x.bodyError(err)
	}
	defer inflaters.Put(inflater)
	return x.readAll(inflater, -1)
}

// readAll reads up to the limit; size is how much to expect, or -1.
func (x *exchange) readAll(body io.Reader, size int64) ([]byte, error) {
	limit := x.server.maxBody
	if err := x.hold.Fits(size); err != nil {
		return nil, err // before a client that asks (Expect: 100-continue) sends any of it
	}
	// A client that claims much and sends little costs little: room is made as
	// bytes come.
	buf := make([]byte, 0, min(max(size+1, 512), trusted))
	for {
		n, err := body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case int64(len(buf)) > limit:
			return nil, tooLarge(limit)
		case err == io.EOF: //nolint:errorlint // io.Reader's own sentinel
			return buf, nil
		case err != nil:
			return nil, x.bodyError(err)
		case len(buf) < cap(buf):
			continue
		}
		if buf, err = x.grown(buf, size); err != nil {
			return nil, err
		}
	}
}

// trusted is how many bytes of a body are expected before they come, and not
// counted.
const trusted = 16 << 10

// grown is a body with room for as much again, but for no more than its size
// where that is known.
func (x *exchange) grown(body []byte, size int64) ([]byte, error) {
	room := int64(2 * cap(body))
	if size >= int64(len(body)) {
		room = min(room, size+1)
	}
	if err := x.hold.Grow(room); err != nil {
		return nil, err
	}
	return append(make([]byte, 0, room), body...), nil
}

func (x *exchange) bodyError(err error) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errSlow
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum):
		return fhir.NewError(fhir.Structure, fhir.IssueStructure, "the body isn't gzip, as Content-Encoding says").Because(err)
	case x.context().Err() != nil:
		return x.context().Err()
	}
	return fhir.NewError(fhir.Structure, fhir.IssueStructure, "the body broke off or isn't encoded as its headers say").Because(err)
}

func tooLarge(limit int64) error {
	return fhir.NewError(fhir.TooLarge, fhir.IssueTooLong,
		"the body is larger than the "+strconv.FormatInt(limit, 10)+" bytes that this server takes (after inflating)")
}

// contentEncoding gives "gzip", or "" for a plain body.
func contentEncoding(values []string) (string, error) {
	encoding := strings.ToLower(strings.TrimSpace(strings.Join(values, ",")))
	switch encoding {
	case "", "identity":
		return "", nil
	case "gzip", "x-gzip":
		return "gzip", nil
	}
	return "", fhir.NewError(fhir.UnsupportedMedia, fhir.IssueNotSupported, "Content-Encoding may be gzip only")
}

var inflaters = sync.Pool{New: func() any { return new(gzip.Reader) }}

func newInflater(body io.Reader) (*gzip.Reader, error) {
	r := inflaters.Get().(*gzip.Reader)
	if err := r.Reset(body); err != nil {
		inflaters.Put(r)
		return nil, err
	}
	return r, nil
}

// refuseBody makes sure that a request that takes no body has none that would
// be passed over.
func refuseBody(r *http.Request) error {
	if r.ContentLength > 0 {
		return fhir.NewError(fhir.Invalid, fhir.IssueInvalid, "this interaction takes no body")
	}
	return nil
}
