package server

import (
	"bytes"
	"encoding/json"
	"slices"

	"caseway/fhir"
	"caseway/fhir/interaction"
)

// patch is PATCH [base]/[type]/[id] (https://hl7.org/fhir/R4/http.html#patch).
func patch(x *exchange) error {
	request, tags, err := x.readPatch()
	if err != nil {
		return err
	}
	request.Key = x.key()
	result, err := x.matching(request.Key, tags, func(expect int64) (interaction.Result, error) {
		request.IfMatch = expect
		return x.server.engine.Patch(x.context(), request)
	})
	if err != nil {
		return err
	}
	x.answerUpdate(result)
	return nil
}

// conditionalPatch is PATCH [base]/[type]?[criteria].
func conditionalPatch(x *exchange) error {
	criteria, err := x.criteria("patch")
	if err != nil {
		return err
	}
	request, tags, err := x.readPatch()
	if err != nil {
		return err
	}
	expect, one := tags.one()
	if !one && !tags.absent() {
		return fhir.NewError(fhir.Invalid, fhir.IssueNotSupported,
			`If-Match takes one version on a conditional patch, such as W/"3"`)
	}
	request.Key, request.Criteria, request.IfMatch = fhir.Key{Type: x.typ.name}, criteria, expect
	result, err := x.server.engine.Patch(x.context(), request)
	if err != nil {
		return err
	}
	x.answerUpdate(result)
	return nil
}

// readPatch reads the headers and the body of a patch.
func (x *exchange) readPatch() (r interaction.PatchRequest, tags entityTags, err error) {
	h := x.c.Request.Header
	if err := refusePreconditions(h, "If-None-Match", "If-Unmodified-Since", "If-None-Exist"); err != nil {
		return r, tags, err
	}
	if tags, err = ifMatch(h); err != nil {
		return r, tags, err
	}
	if r.IdempotencyKey, err = x.idempotencyKey(); err != nil {
		return r, tags, err
	}
	sent := parseContentType(h.Get("Content-Type"))
	r.Format = interaction.PatchFormat(sent.name)
	if sent.ok {
		r.Format = interaction.FHIRPathPatch
	}
	if !slices.Contains(interaction.PatchFormats, r.Format) || sent.fhir && !sent.ok {
		return r, tags, interaction.UnknownPatchFormat()
	}
	if r.Body, err = x.readBody(); err == nil && sent.name == "application/json" {
		r.Format = formatOf(r.Body)
	}
	return r, tags, err
}

// formatOf tells the format of a patch that is sent as plain JSON, as some
// clients do: each has its own shape.
func formatOf(body []byte) interaction.PatchFormat {
	if body = bytes.TrimSpace(body); len(body) > 0 && body[0] == '[' {
		return interaction.JSONPatch
	}
	var o struct {
		ResourceType string `json:"resourceType"`
	}
	if json.Unmarshal(body, &o) == nil && o.ResourceType != "Parameters" {
		return interaction.MergePatch
	}
	return interaction.FHIRPathPatch
}
