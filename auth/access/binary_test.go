package access_test

import (
	"fmt"
	"regexp"
	"slices"
	"testing"

	"caseway/auth"
	"caseway/fhir"
	"caseway/fhir/definition"
	"caseway/fhir/interaction"
)

// TestOnlyDocumentReferencesAreFoundByURL: that is why attachments of other types
// make no Binary visible. Should a parameter come that finds them, they can.
func TestOnlyDocumentReferencesAreFoundByURL(t *testing.T) {
	x := serve(t, openSQLite(t))
	attachment := regexp.MustCompile(`presentedForm|payload|attachment|Media\.content`)
	var found []string
	for _, typ := range definition.R4().ResourceTypes() {
		for _, p := range x.open.Registry().Parameters(typ) {
			if p.Type == "uri" && attachment.MatchString(p.Definition.Expression) {
				found = append(found, typ+"."+p.Code)
			}
		}
	}
	if want := []string{"DocumentReference.location"}; !slices.Equal(found, want) {
		t.Errorf("attachments are found by %v, want %v", found, want)
	}
}

// TestAnAttachmentAloneShowsNoBinary: a Binary without a securityContext is there
// for a patient by a DocumentReference, not by another type's attachment.
func TestAnAttachmentAloneShowsNoBinary(t *testing.T) {
	x := serve(t, openSQLite(t))
	put := func(typ, rest string) {
		t.Helper()
		body := fmt.Sprintf(`{"resourceType":%q,"id":"a",%s}`, typ, rest)
		if _, err := x.open.Update(t.Context(), interaction.UpdateRequest{Key: fhir.Key{Type: typ, ID: "a"}, Body: []byte(body)}); err != nil {
			t.Fatal(err)
		}
	}
	ann := as(&auth.Principal{Role: auth.Patient, FHIRUser: "Patient/a", Patient: "a", Scopes: scopesOf(t, "patient/*.rs")})
	reads := func() bool {
		_, err := x.guarded.Read(ann, fhir.Key{Type: "Binary", ID: "a"})
		return err == nil
	}
	put("Patient", `"active":true`)
	put("Binary", `"contentType":"text/plain","data":"AAAA"`)
	put("DiagnosticReport", `"status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a"},"presentedForm":[{"url":"Binary/a"}]`)
	if reads() {
		t.Error("it is read by a DiagnosticReport's attachment")
	}
	put("DocumentReference", `"status":"current","subject":{"reference":"Patient/a"},"content":[{"attachment":{"url":"Binary/a"}}]`)
	if !reads() {
		t.Error("it isn't read by a DocumentReference's attachment")
	}
}
