package server

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"caseway/fhir"
	"caseway/fhir/store"
)

// Binary has rules of its own (https://hl7.org/fhir/R4/binary.html#rest):
// unless FHIR JSON is asked for by name, its content comes as it is, and
// whatever isn't a Binary resource is content.

// readResource reads the body of a create: FHIR JSON, or for Binary whatever
// the client sends. id is "" or the id of an update's URL.
func (x *exchange) readResource(id string) ([]byte, error) {
	if x.typ.name != "Binary" {
		return x.readFHIR()
	}
	header := x.c.Request.Header.Get("Content-Type")
	sent := parseContentType(header)
	if sent.name == "" || sent.fhir && !sent.ok {
		return nil, fhir.NewError(fhir.UnsupportedMedia, fhir.IssueNotSupported,
			"Content-Type must say what the Binary holds; FHIR JSON must be of R4 in UTF-8")
	}
	body, err := x.readBody()
	if err != nil || sent.fhir && isBinaryResource(body) {
		return body, err
	}
	return fhir.Binary(id, header, x.c.Request.Header.Get("X-Security-Context"), body), nil
}

// isBinaryResource reports whether JSON is a Binary resource, and not content
// that happens to be JSON. What isn't JSON at all is for the decoder to refuse.
func isBinaryResource(body []byte) bool {
	var b struct {
		ResourceType string `json:"resourceType"`
	}
	err := json.Unmarshal(body, &b)
	if other := (*json.UnmarshalTypeError)(nil); errors.As(err, &other) {
		return false // an array, say
	}
	return err != nil || b.ResourceType == "Binary"
}

// writeNative answers with what a Binary holds. It comes from anyone, so a
// browser may neither run nor guess at it.
func (x *exchange) writeNative(v store.Version) error {
	b, err := fhir.ReadBinary(v.JSON)
	if err != nil {
		return err
	}
	data, err := io.ReadAll(b.Reader())
	if err != nil {
		return err
	}
	if err := x.account(len(data)); err != nil {
		return err
	}
	x.setVersionHeaders(v)
	h := x.c.Writer.Header()
	h.Set("Content-Type", nativeType(b.ContentType))
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	h.Set("Content-Disposition", "attachment")
	x.setVary()
	if b.SecurityContext != "" && isHeaderSafe(b.SecurityContext) {
		h.Set("X-Security-Context", b.SecurityContext)
	}
	x.write(http.StatusOK, data)
	return nil
}

// nativeType is a Binary's content type where it can stand in a header.
func nativeType(contentType string) string {
	if _, _, err := mime.ParseMediaType(contentType); err != nil || !isHeaderSafe(contentType) {
		return "application/octet-stream"
	}
	return contentType
}

func isHeaderSafe(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}
