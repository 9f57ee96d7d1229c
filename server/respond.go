package server

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"

	"caseway/fhir"
	"caseway/fhir/store"
)

// Header values that all answers share. net/http only reads them.
var (
	nosniff      = []string{"nosniff"}
	noReferrer   = []string{"no-referrer"}
	revalidate   = []string{"private, no-cache"}
	onlyTLS      = []string{"max-age=31536000"}
	gzipEncoding = []string{"gzip"}
	variesBy     = []string{"Accept, Accept-Encoding"}
)

// setFixedHeaders sets what every answer has. JSON with nosniff is nothing that
// a browser would run; what isn't JSON says more for itself.
func (x *exchange) setFixedHeaders() {
	h := x.c.Writer.Header()
	h["X-Content-Type-Options"] = nosniff
	h["Referrer-Policy"] = noReferrer
	h["Cache-Control"] = revalidate
	h["X-Request-Id"] = []string{x.requestID}
}

// writeVersion answers with a version's stored bytes.
func (x *exchange) writeVersion(status int, v store.Version) {
	x.setVersionHeaders(v)
	x.writeJSON(status, v.JSON)
}

// setVersionHeaders sets ETag and Last-Modified.
func (x *exchange) setVersionHeaders(v store.Version) {
	var space [64]byte
	text := appendETag(space[:0], v.VersionID)
	n := len(text)
	text = v.LastUpdated.UTC().AppendFormat(text, http.TimeFormat)
	both := string(text) // one allocation for both
	values := []string{both[:n], both[n:]}
	h := x.c.Writer.Header()
	h["Etag"], h["Last-Modified"] = values[0:1:1], values[1:2:2]
}

// writeJSON answers with FHIR JSON: as it is where the client doesn't ask for
// more, so that a read is a copy from the store to the socket.
func (x *exchange) writeJSON(status int, body []byte) {
	if err := x.account(len(body)); err != nil {
		x.fail(err)
		return
	}
	x.setJSONHeaders()
	if len(body) >= worthStreaming {
		x.stream(status, fhir.NewText(body))
		return
	}
	if x.format.pretty {
		body = indent(body)
	}
	x.write(status, body)
}

func (x *exchange) setJSONHeaders() {
	if x.format.contentType == nil {
		x.format.contentType = fhirJSON
	}
	x.c.Writer.Header()["Content-Type"] = x.format.contentType
	x.setVary()
}

// setVary says what the answer depends on, beside what the door has said.
func (x *exchange) setVary() {
	h := x.c.Writer.Header()
	if len(h["Vary"]) == 0 {
		h["Vary"] = variesBy
		return
	}
	h.Add("Vary", variesBy[0])
}

// write sends a body whose Content-Type is set, gzipped where that pays.
func (x *exchange) write(status int, body []byte) {
	x.leaveGate()
	h := x.c.Writer.Header()
	if len(body) >= worthGzip && acceptsGzip(x.c.Request.Header["Accept-Encoding"]) {
		packed := buffers.Get().(*bytes.Buffer)
		packed.Reset()
		defer keep(packed)
		deflate(packed, body)
		h["Content-Encoding"] = gzipEncoding
		body = packed.Bytes()
	}
	x.send(status, body)
}

// send sends a body as it is, with its length.
func (x *exchange) send(status int, body []byte) {
	h := x.c.Writer.Header()
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	x.c.Writer.WriteHeader(status)
	if x.c.Request.Method == http.MethodHead {
		x.c.Writer.WriteHeaderNow()
		return
	}
	if _, err := x.c.Writer.Write(body); err != nil && x.err == nil {
		x.err = err // the client has gone
	}
}

// worthGzip is the size from which gzip pays: below it the client's parsing
// is cheaper than the server's packing.
const worthGzip = 8 << 10

var (
	buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}
	writers = sync.Pool{New: func() any {
		w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // fails only for an unknown level
		return w
	}}
)

// keep returns a buffer to the pool, but for one that a rare big answer grew.
func keep(b *bytes.Buffer) {
	if b.Cap() <= 1<<20 {
		buffers.Put(b)
	}
}

func deflate(dst *bytes.Buffer, body []byte) {
	w := writers.Get().(*gzip.Writer)
	defer writers.Put(w)
	w.Reset(dst)
	_, _ = w.Write(body) // a bytes.Buffer takes everything
	_ = w.Close()
}

// acceptsGzip reads Accept-Encoding (RFC 9110 section 12.5.3).
func acceptsGzip(values []string) bool {
	for _, value := range values {
		for member := range strings.SplitSeq(value, ",") {
			name, parameter, _ := strings.Cut(member, ";")
			if strings.EqualFold(strings.TrimSpace(name), "gzip") {
				return !isZeroQ(parameter)
			}
		}
	}
	return false
}

func isZeroQ(parameter string) bool {
	name, value, _ := strings.Cut(parameter, "=")
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	return strings.EqualFold(strings.TrimSpace(name), "q") && err == nil && q == 0
}

// location is the URL of a version: made of validated parts only.
func (x *exchange) location(v store.Version) string {
	return x.base() + "/" + v.Key.Type + "/" + v.Key.ID + "/_history/" + strconv.FormatInt(v.VersionID, 10)
}

// maxWarnings keeps the header of an answer to a size that clients take.
const maxWarnings = 10

// setWarnings tells what a write wasn't refused for, where the body has no
// room for it (RFC 7234 section 5.5).
func (x *exchange) setWarnings(issues []fhir.Issue) {
	issues = fhir.WithoutAdvice(issues)
	if len(issues) > maxWarnings {
		x.c.Writer.Header().Add("Warning", `299 caseway "there are more warnings: ask for Prefer: return=OperationOutcome"`)
		issues = issues[:maxWarnings]
	}
	for _, is := range issues {
		x.c.Writer.Header().Add("Warning", "299 caseway "+quoted(is.Diagnostics()))
	}
}

// quoted makes a quoted-string of text that a header may hold.
func quoted(text string) string {
	return `"` + strings.Map(func(r rune) rune {
		switch {
		case r == '"' || r == '\\':
			return '\''
		case r < ' ' || r > '~':
			return '?'
		}
		return r
	}, text) + `"`
}
