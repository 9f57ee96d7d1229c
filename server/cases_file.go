package server

import (
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"caseway/fhir"
	"caseway/fhir/search"
	"caseway/server/cases/file"
	"caseway/server/cases/problem"

	"github.com/klauspost/compress/gzip"
)

// exportCases is GET /cases/export. The answer goes out while cases are read; a
// write deadline holds for each piece, not for the whole. Where it breaks off,
// so does the connection: an answer that ends as HTTP wants it is whole.
func exportCases(x *exchange) error {
	pairs, err := search.Split(x.c.Request.URL.RawQuery)
	if err != nil {
		return err
	}
	format, pairs, err := x.exportFormat(pairs)
	if err != nil {
		return err
	}
	asked, err := file.ReadExport(format, pairs)
	if err != nil {
		return err
	}
	w := &fileWriter{x: x, format: format}
	if x.c.Request.Method == http.MethodHead {
		w.start()
		x.c.Writer.WriteHeaderNow()
		return nil
	}
	_, err = x.server.caseFiles.Export(x.context(), asked, w)
	if err == nil {
		err = w.close()
	}
	if err == nil || !w.started {
		return err
	}
	if format == file.FormatNDJSON {
		status, _ := answerFor(err)
		_, _ = w.Write(file.Unfinished(problem.Of(err, status))) // the client may have gone: nothing more is to be done
	}
	_ = w.close()
	_ = http.NewResponseController(x.c.Writer).Flush() // so that the client sees how far it came
	x.err, x.broken = err, true
	return nil
}

// exportFormat is the one that the parameter format names, else Accept.
func (x *exchange) exportFormat(pairs []search.Pair) (file.Format, []search.Pair, error) {
	named := slices.IndexFunc(pairs, func(p search.Pair) bool { return p.Name == "format" })
	if named >= 0 {
		f := file.Format(pairs[named].Value)
		if !slices.Contains(file.Formats(), f) {
			return "", nil, badParameter("format", "is ndjson or csv")
		}
		return f, slices.Delete(slices.Clone(pairs), named, named+1), nil
	}
	accept := x.c.Request.Header["Accept"]
	if len(accept) == 0 {
		return file.FormatNDJSON, pairs, nil
	}
	ranges := parseAccept(strings.Join(accept, ","))
	best, q := file.Format(""), 0.0
	for _, f := range file.Formats() {
		for _, name := range f.MediaTypes() {
			if found := quality(ranges, name); found > q {
				best, q = f, found
			}
		}
	}
	if best == "" {
		return "", nil, fhir.NewError(fhir.NotAcceptable, fhir.IssueNotSupported,
			"cases are exported as application/x-ndjson or text/csv")
	}
	return best, pairs, nil
}

// pieceTime is how long a client may take over a piece of a file, to send or to
// take it.
const pieceTime = time.Minute

// fileWriter sends a file of cases in pieces, gzipped where the client takes that.
type fileWriter struct {
	x       *exchange
	format  file.Format
	packed  *gzip.Writer // nil: plain
	started bool
}

// start sends the header.
func (w *fileWriter) start() {
	w.started = true
	h := w.x.c.Writer.Header()
	name := "cases." + string(w.format)
	h.Set("Content-Type", w.format.MediaTypes()[0])
	if w.format == file.FormatCSV {
		h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	}
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.x.setVary()
	if acceptsGzip(w.x.c.Request.Header["Accept-Encoding"]) {
		h["Content-Encoding"] = gzipEncoding
		w.packed = writers.Get().(*gzip.Writer)
		w.packed.Reset(w.x.c.Writer)
	}
	w.x.c.Writer.WriteHeader(http.StatusOK)
}

// Write implements io.Writer.
func (w *fileWriter) Write(piece []byte) (int, error) {
	if !w.started {
		w.start()
	}
	// Fails only where the connection can't have one, as in some tests.
	_ = http.NewResponseController(w.x.c.Writer).SetWriteDeadline(time.Now().Add(pieceTime))
	if w.packed != nil {
		return w.packed.Write(piece)
	}
	return w.x.c.Writer.Write(piece)
}

func (w *fileWriter) close() error {
	if w.packed == nil {
		return nil
	}
	err := w.packed.Close()
	writers.Put(w.packed)
	w.packed = nil
	return err
}

// importCases is POST /cases/import. The report goes out while the body comes
// in: a line of it for each line that was dealt with.
func importCases(x *exchange) error {
	err := x.importCases()
	x.passOver() // nothing, where the file was read to its end
	return err
}

// The bounds of what is read of a file that is refused, or not read on.
const (
	passedOver     = 64 << 20
	passedOverTime = 10 * time.Second
)

// passOver reads what a client still sends: many read no answer before, and would
// see a broken connection instead of what is wrong.
func (x *exchange) passOver() {
	_ = http.NewResponseController(x.c.Writer).SetReadDeadline(time.Now().Add(passedOverTime))
	_, _ = io.CopyN(io.Discard, x.c.Request.Body, passedOver)
}

func (x *exchange) importCases() error {
	format, err := importFormat(x.c.Request.Header.Get("Content-Type"))
	if err != nil {
		return err
	}
	if err := x.takesReport(); err != nil {
		return err
	}
	pairs, err := search.Split(x.c.Request.URL.RawQuery)
	if err != nil {
		return err
	}
	asked, err := file.ReadImport(format, pairs)
	if err != nil {
		return err
	}
	body, err := x.fileBody()
	if err != nil {
		return err
	}
	asked.MaxLine = int(x.server.maxBody)
	// HTTP/2 always lets both go at once.
	_ = http.NewResponseController(x.c.Writer).EnableFullDuplex()
	report := newReport(x)
	err = x.server.caseFiles.Import(x.context(), asked, body, report.line)
	report.end()
	return err
}

// importFormat is the format of a body.
func importFormat(value string) (file.Format, error) {
	t := parseContentType(value)
	for _, f := range file.Formats() {
		if slices.Contains(f.MediaTypes(), t.name) && isUTF8(value) {
			return f, nil
		}
	}
	return "", fhir.NewError(fhir.UnsupportedMedia, fhir.IssueNotSupported,
		"Content-Type must be application/x-ndjson or text/csv, in UTF-8")
}

// isUTF8 reports whether a Content-Type says nothing else.
func isUTF8(value string) bool {
	for p := range strings.SplitSeq(value, ";") {
		name, charset, _ := strings.Cut(p, "=")
		charset = strings.ToLower(strings.Trim(strings.TrimSpace(charset), `"`))
		if strings.EqualFold(strings.TrimSpace(name), "charset") && charset != "utf-8" && charset != "utf8" && charset != "us-ascii" {
			return false
		}
	}
	return true
}

// takesReport refuses a client that doesn't take NDJSON.
func (x *exchange) takesReport() error {
	accept := x.c.Request.Header["Accept"]
	if len(accept) == 0 {
		return nil
	}
	ranges := parseAccept(strings.Join(accept, ","))
	for _, name := range file.FormatNDJSON.MediaTypes() {
		if quality(ranges, name) > 0 {
			return nil
		}
	}
	return fhir.NewError(fhir.NotAcceptable, fhir.IssueNotSupported, "the report of an import is application/x-ndjson")
}

// fileBody is a body that is read in pieces, inflated, within the limit for files.
func (x *exchange) fileBody() (io.Reader, error) {
	r, limit := x.c.Request, x.server.maxImport
	encoding, err := contentEncoding(r.Header.Values("Content-Encoding"))
	if err != nil {
		return nil, err
	}
	if encoding == "" && r.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	b := &fileReader{x: x, left: limit, body: pieces{x}}
	if encoding != "" {
		inflater, err := gzip.NewReader(b.body)
		if err != nil {
			return nil, x.bodyError(err)
		}
		b.body = inflater
	}
	return b, nil
}

// pieces is a request's body, each piece of which has its own deadline.
type pieces struct{ x *exchange }

// Read implements io.Reader.
func (p pieces) Read(into []byte) (int, error) {
	_ = http.NewResponseController(p.x.c.Writer).SetReadDeadline(time.Now().Add(pieceTime))
	return p.x.c.Request.Body.Read(into)
}

// fileReader reads up to a limit, and tells errors as those of a body.
type fileReader struct {
	x    *exchange
	body io.Reader
	left int64
}

// Read implements io.Reader.
func (r *fileReader) Read(into []byte) (int, error) {
	n, err := r.body.Read(into)
	if r.left -= int64(n); r.left < 0 {
		return 0, tooLarge(r.x.server.maxImport)
	}
	switch {
	case err == nil, errors.Is(err, io.EOF):
		return n, err
	case errors.Is(err, os.ErrDeadlineExceeded):
		return n, fhir.NewError(fhir.Transient, fhir.IssueTransient, errSlow.Error())
	}
	return n, r.x.bodyError(err)
}
