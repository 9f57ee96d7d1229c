package server

import (
	"bufio"
	"io"
	"net/http"
	"strconv"

	"github.com/klauspost/compress/gzip"

	"caseway/fhir"
	"caseway/fhir/budget"
)

// worthStreaming is the size from which an answer is sent piece by piece: below
// it, one write costs less.
const worthStreaming = 1 << 20

// sendBuffer is what small pieces are gathered in.
const sendBuffer = 32 << 10

// budgeted is what this request's answer is drawn from.
func (x *exchange) budgeted() *budget.Answer {
	if x.budget == nil {
		x.budget = x.server.engine.NewAnswer()
	}
	return x.budget
}

// account draws an answer that nobody has accounted for. Small ones cost less
// than counting them.
func (x *exchange) account(size int) error {
	if x.budget != nil || size <= budget.Small {
		return nil
	}
	return x.budgeted().Take(size)
}

// writeText answers with FHIR JSON that may be large.
func (x *exchange) writeText(status int, t fhir.Text) {
	if size := t.Len(); size < worthStreaming {
		x.writeJSON(status, t.Bytes())
		return
	}
	x.setJSONHeaders()
	x.stream(status, t)
}

// stream sends a text whose Content-Type is set, and gives its memory back as
// the client takes it.
func (x *exchange) stream(status int, t fhir.Text) {
	x.leaveGate()
	h, packs := x.c.Writer.Header(), acceptsGzip(x.c.Request.Header["Accept-Encoding"])
	switch {
	case packs:
		h["Content-Encoding"] = gzipEncoding
	case !x.format.pretty:
		h["Content-Length"] = []string{strconv.Itoa(t.Len())}
	}
	x.c.Writer.WriteHeader(status)
	if x.c.Request.Method == http.MethodHead {
		x.c.Writer.WriteHeaderNow()
		return
	}
	buffered := bufio.NewWriterSize(x.c.Writer, sendBuffer)
	var to io.Writer = buffered
	var packed *gzip.Writer
	if packs {
		packed = writers.Get().(*gzip.Writer)
		defer writers.Put(packed)
		packed.Reset(buffered)
		to = packed
	}
	if x.format.pretty {
		to = &indenter{to: bufio.NewWriter(to)}
	}
	err := x.pour(to, t)
	if packed != nil && err == nil {
		err = packed.Close()
	}
	if err == nil {
		err = buffered.Flush()
	}
	if err != nil {
		x.broken = true
		if x.err == nil {
			x.err = err // the client has gone
		}
	}
}

// pour writes all pieces.
func (x *exchange) pour(to io.Writer, t fhir.Text) error {
	for piece := range t.Drain() {
		if _, err := to.Write(piece); err != nil {
			return err
		}
		x.budget.Sent(int64(len(piece)))
	}
	if pretty, ok := to.(*indenter); ok {
		return pretty.end()
	}
	return nil
}
