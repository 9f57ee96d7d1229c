package interaction

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"strings"

	"caseway/fhir"
	"caseway/fhir/fhirpatch"
	"caseway/fhir/jsonpatch"
	"caseway/fhir/store"
)

// PatchFormat is the media type of a patch.
type PatchFormat string

// The formats (https://hl7.org/fhir/R4/http.html#patch).
const (
	JSONPatch     PatchFormat = "application/json-patch+json"  // RFC 6902
	MergePatch    PatchFormat = "application/merge-patch+json" // RFC 7396
	FHIRPathPatch PatchFormat = "application/fhir+json"        // Parameters
)

// PatchFormats are all formats that a patch may have.
var PatchFormats = []PatchFormat{JSONPatch, MergePatch, FHIRPathPatch}

// UnknownPatchFormat is the error of a patch in any other format.
func UnknownPatchFormat() *fhir.Error {
	return fhir.NewError(fhir.UnsupportedMedia, fhir.IssueNotSupported, "a patch is a JSON Patch ("+string(JSONPatch)+
		"), a JSON Merge Patch ("+string(MergePatch)+") or a FHIRPath Patch (Parameters as "+string(FHIRPathPatch)+" of R4 in UTF-8)")
}

// change is a patch that has been read.
type change struct {
	at         string // where the request holds it: "Parameters", or "Bundle.entry[3].resource"
	format     PatchFormat
	text       []byte     // of a JSON Patch or a merge patch
	parameters *fhir.Tree // of a FHIRPath Patch
}

// readChange reads the body of a patch.
func (e *core) readChange(format PatchFormat, body []byte) (*change, error) {
	switch format {
	case JSONPatch, MergePatch:
		return &change{format: format, text: body}, nil
	case FHIRPathPatch:
		tree, err := e.decode("Parameters", body)
		return &change{at: "Parameters", format: format, parameters: tree}, err
	}
	return nil, UnknownPatchFormat()
}

// changeIn reads the patch of a Bundle's entry: Parameters, or a Binary that
// holds one of the other formats (https://hl7.org/fhir/R4/http.html#patch).
func (e *core) changeIn(resource *fhir.Tree, at string) (*change, *fhir.Error) {
	switch typ := resource.Type(); {
	case typ != nil && typ.Name == "Parameters":
		return &change{at: at, format: FHIRPathPatch, parameters: resource}, nil
	case typ == nil || typ.Name != "Binary":
		return nil, fhir.NewError(fhir.Invalid, fhir.IssueInvalid,
			"the resource of a PATCH is a FHIRPath Patch (Parameters), or a Binary that holds a JSON Patch").At(at)
	}
	media, _, _ := strings.Cut(resource.Root().Child("contentType").Text(), ";")
	data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(resource.Root().Child("data").Text()), ""))
	if err != nil {
		return nil, fhir.NewError(fhir.Invalid, fhir.IssueValue, "Binary.data isn't base64").At(at + ".data")
	}
	c, err := e.readChange(PatchFormat(strings.ToLower(strings.TrimSpace(media))), data)
	if err != nil {
		fe := asError(err)
		if fe.Kind == fhir.UnsupportedMedia {
			fe = fe.At(at + ".contentType")
			fe.Kind = fhir.Invalid
		}
		return nil, fe
	}
	c.at = at
	return c, nil
}

// apply carries out a patch on a version and gives what comes out, as an update
// would bring it, with what the caller should know of it. at names what comes
// out in expressions.
func (e *core) apply(ctx context.Context, c *change, before store.Version, at string) (*fhir.Tree, []fhir.Issue, error) {
	text, old, err := e.changed(ctx, c, before)
	if err != nil {
		return nil, nil, err
	}
	tree, err := e.decode(before.Key.Type, text)
	if tree != nil && tree.Type() != nil && tree.ID() != before.Key.ID {
		err = merge(err, fhir.NewError(fhir.Unprocessable, fhir.IssueInvalid, "a patch can't change the id of a resource").At(before.Key.Type+".id"))
	}
	if fe := (*fhir.Error)(nil); errors.As(err, &fe) {
		return nil, nil, unfit(fe, at)
	}
	return tree, narrativeStays(old, tree, at), err
}

// unfit is the error of a patch that leaves behind what is no resource. The
// request itself is readable.
func unfit(e *fhir.Error, at string) *fhir.Error {
	if e.Kind == fhir.Structure {
		e.Kind = fhir.Unprocessable
	}
	for i, is := range e.Issues {
		e.Issues[i].Expression = relocate(is.Expression, at)
	}
	return e
}

// changed gives the text of what comes out, and what was there.
func (e *core) changed(ctx context.Context, c *change, before store.Version) (text []byte, old *fhir.Tree, err error) {
	if old, err = e.decodeStored(before); err != nil {
		return nil, nil, err
	}
	switch c.format {
	case JSONPatch:
		text, err = jsonpatch.Apply(before.JSON, c.text, jsonpatch.Options{Prune: true})
	case MergePatch:
		text, err = jsonpatch.Merge(before.JSON, c.text)
	default:
		text, err = fhirpatch.Apply(ctx, e.schema, old, c.parameters)
	}
	if pe := (*jsonpatch.Error)(nil); errors.As(err, &pe) {
		kind := fhir.Unprocessable
		if pe.Malformed {
			kind = fhir.Invalid
		}
		return nil, nil, fhir.NewError(kind, fhir.IssueInvalid, pe.Error()).At(c.at)
	}
	return text, old, c.placed(err)
}

// placed puts errors where the request holds the patch.
func (c *change) placed(err error) error {
	fe := (*fhir.Error)(nil)
	if !errors.As(err, &fe) {
		return err
	}
	for i, is := range fe.Issues {
		fe.Issues[i].Expression = relocate(is.Expression, c.at)
	}
	return fe
}

// narrativeStays tells the caller where a patch left the text for people as it
// was (https://hl7.org/fhir/R4/http.html#patch wants it to stay safe).
func narrativeStays(before, after *fhir.Tree, at string) []fhir.Issue {
	was, is := before.Root().Child("text").Child("div"), after.Root().Child("text").Child("div")
	if !is.Valid() || !bytes.Equal(was.Raw(), is.Raw()) {
		return nil
	}
	return []fhir.Issue{{
		Severity: fhir.SeverityWarning, Code: fhir.IssueInformational, Expression: at + ".text",
		Text: "the narrative is as it was before the patch; where it says what has been changed, patch it too",
	}}
}
