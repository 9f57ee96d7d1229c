package validate

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // what FHIR's Attachment.hash is defined as
	"encoding/base64"
	"strconv"

	"caseway/fhir"
)

// checks are what a type means beyond its invariants.
var checks map[string]func(w *walk, n fhir.Node, e *elementPlan)

func init() {
	checks = map[string]func(w *walk, n fhir.Node, e *elementPlan){
		"Reference":      checkReference,
		"Attachment":     checkAttachment,
		"Coding":         checkCoding,
		"Identifier":     checkIdentifier,
		"Quantity":       checkQuantity,
		"Extension":      checkExtension,
		"Narrative":      checkNarrative,
		"Bundle":         checkBundle,
		"Bundle.entry":   checkEntry,
		"DomainResource": checkResource,
		"uri":            checkURI,
		"url":            checkURI,
		"canonical":      checkURI,
	}
}

// checkResource is for all resources but Bundle, Binary and Parameters.
func checkResource(w *walk, n fhir.Node, _ *elementPlan) {
	checkContained(w, n)
	if n.Type().Name == "QuestionnaireResponse" {
		checkResponse(w, n)
	}
}

// checkURI holds a URI to the scheme that it begins with.
func checkURI(w *walk, n fhir.Node, _ *elementPlan) {
	raw := n.Raw()
	if len(raw) < 6 {
		return
	}
	text := raw[1 : len(raw)-1]
	switch {
	case bytes.HasPrefix(text, []byte("urn:oid:")):
		if !fhir.PrimitiveOf("oid").Check(text) {
			w.fail(n, fhir.IssueInvalid, "uri-oid", "begins with urn:oid:, but no OID follows")
		}
	case bytes.HasPrefix(text, []byte("urn:uuid:")):
		if !fhir.PrimitiveOf("uuid").Check(bytes.ToLower(text)) {
			w.fail(n, fhir.IssueInvalid, "uri-uuid", "begins with urn:uuid:, but no UUID follows")
		}
	case bytes.HasPrefix(text, []byte("oid:")), bytes.HasPrefix(text, []byte("uuid:")):
		w.fail(n, fhir.IssueInvalid, "uri-scheme", "must begin with urn:oid: or urn:uuid:")
	}
}

const relativeSystem = "must be an absolute URI: nobody else knows what a relative one means"

// checkCoding says that nobody else understands a relative system.
func checkCoding(w *walk, n fhir.Node, _ *elementPlan) {
	system := child(n, "system")
	w.known(n, system)
	if isRelative(system) {
		w.warn(system, fhir.IssueInvalid, "system-absolute", "should be absolute: nobody else knows what a relative one means")
	}
}

// checkIdentifier wants the system of an Identifier to be absolute.
func checkIdentifier(w *walk, n fhir.Node, _ *elementPlan) {
	if system := child(n, "system"); isRelative(system) {
		w.fail(system, fhir.IssueInvalid, "system-absolute", relativeSystem)
	}
}

// checkQuantity wants the system of a unit to be absolute, and no comparator in
// a SimpleQuantity (https://hl7.org/fhir/R4/datatypes.html#SimpleQuantity).
func checkQuantity(w *walk, n fhir.Node, e *elementPlan) {
	system := child(n, "system")
	w.known(n, system)
	if isRelative(system) && has(n, "code") {
		w.fail(system, fhir.IssueInvalid, "system-absolute", relativeSystem)
	}
	if e != nil && e.simple && n.Type().Name == "Quantity" && has(n, "comparator") {
		w.fail(n, fhir.IssueInvariant, "sqty-1", "has a comparator, which a SimpleQuantity must not have")
	}
}

// isRelative reports whether a URI has a value without a scheme.
func isRelative(uri fhir.Node) bool {
	raw := uri.Raw()
	return len(raw) > 2 && !isAbsolute(raw[1:len(raw)-1])
}

// checkAttachment compares size and hash with the data that stand beside them
// (https://hl7.org/fhir/R4/datatypes.html#Attachment).
func checkAttachment(w *walk, n fhir.Node, _ *elementPlan) {
	data, size, hash := child(n, "data"), child(n, "size"), child(n, "hash")
	if !data.HasValue() || !size.HasValue() && !hash.HasValue() {
		return
	}
	w.steps += len(data.Raw()) / 16
	content, err := base64.StdEncoding.DecodeString(string(withoutSpace(data.Text())))
	if err != nil {
		return // the decoder has said so
	}
	if want, err := strconv.Atoi(size.Text()); err == nil && want != len(content) {
		w.fail(n, fhir.IssueInvalid, "attachment-size", "states another size than its data have")
	}
	if want, err := base64.StdEncoding.DecodeString(hash.Text()); hash.HasValue() && err == nil {
		if sum := sha1.Sum(content); !bytes.Equal(sum[:], want) { //nolint:gosec // see above
			w.warn(n, fhir.IssueInvalid, "attachment-hash", "states another hash (SHA-1) than its data have")
		}
	}
}

func withoutSpace(text string) []byte {
	kept := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if c := text[i]; c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			kept = append(kept, c)
		}
	}
	return kept
}
