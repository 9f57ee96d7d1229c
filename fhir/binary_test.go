package fhir_test

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"

	"caseway/fhir"
)

func TestBinary(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		data := rapid.SliceOf(rapid.Byte()).Draw(rt, "data")
		contentType := rapid.SampledFrom([]string{"text/plain", `text/plain; charset="utf-8"`, "application/octet-stream"}).Draw(rt, "type")
		reference := rapid.SampledFrom([]string{"", "Patient/1"}).Draw(rt, "reference")
		tree := mustDecode(t, string(fhir.Binary("b", contentType, reference, data)))
		c, err := fhir.ReadBinary(tree.JSON)
		if err != nil {
			rt.Fatal(err)
		}
		got, err := io.ReadAll(iotest.OneByteReader(c.Reader()))
		if err != nil || !bytes.Equal(got, data) || c.Size() != int64(len(data)) {
			rt.Errorf("data %x has become %x (size %d): %v", data, got, c.Size(), err)
		}
		if tree.ID() != "b" || c.ContentType != contentType || c.SecurityContext != reference {
			rt.Errorf("id %q, content type %q, security context %q", tree.ID(), c.ContentType, c.SecurityContext)
		}
	})
}

func TestReadBinary(t *testing.T) {
	cases := []struct{ stored, contentType, data string }{
		{`{"resourceType":"Binary","contentType":"text/plain","data":" SGVs\nbG8g\r\nd29y bGQ= "}`, "text/plain", "Hello world"},
		{`{"data":"\/\/\/\/","contentType":"image\/x","resourceType":"Binary"}`, "image/x", "\xff\xff\xff"},
		{`{"resourceType":"Binary","contentType":"text/plain"}`, "text/plain", ""},
		{`{"resourceType":"Binary","contentType":"text/plain","securityContext":{"identifier":{"value":"a"},"reference":"Patient/1"},"data":"YQ=="}`, "text/plain", "a"},
	}
	for _, c := range cases {
		got, err := fhir.ReadBinary(mustDecode(t, c.stored).JSON)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(got.Reader())
		if err != nil || string(data) != c.data || got.ContentType != c.contentType || got.Size() != int64(len(c.data)) {
			t.Errorf("%s: %q of %q, size %d, %v", c.stored, data, got.ContentType, got.Size(), err)
		}
	}
	if _, err := fhir.ReadBinary(nil); err == nil {
		t.Error("no text is read as a Binary")
	}
}
