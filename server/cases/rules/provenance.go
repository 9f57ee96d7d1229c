package rules

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"caseway/auth"
	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
	"caseway/mapping/casemodel"
	"caseway/server/cases/membership"
)

// The code systems of a Provenance of ours.
const (
	activitySystem = fhir.CanonicalBase + "/CodeSystem/case-action"
	roleSystem     = fhir.CanonicalBase + "/CodeSystem/case-role"
)

// provenance says who took an action, when and why, and which versions came of
// it (https://hl7.org/fhir/R4/provenance.html).
func (g *Guard) provenance(ctx context.Context, d *Note, id string, images []interaction.Image) (interaction.Image, error) {
	var targets []object
	for _, image := range images {
		if image.Key.Type == "AuditEvent" || image.Key == deviceKey {
			continue
		}
		version := strconv.FormatInt(image.Before.VersionID+1, 10)
		targets = append(targets, object{"reference": image.Key.String() + "/_history/" + version})
	}
	key := fhir.Key{Type: "Provenance", ID: fhir.NewID(d.Step.At)}
	p := object{
		"resourceType": "Provenance", "id": key.ID,
		"target":   targets,
		"recorded": fhir.Instant(d.Step.At),
		"activity": object{"coding": []object{{"system": activitySystem, "code": d.Action}}},
		"agent":    agents(ctx, d.Step.Actor),
	}
	if id != "" {
		p["meta"] = object{"tag": []object{{"system": membership.CaseSystem, "code": id}}}
	}
	if d.attestation != nil {
		d.attestation.addTo(p)
	}
	testimonyOf(slices.Concat(images, d.written)).tell(p)
	var reasons []object
	for _, why := range append([]string{d.Step.Why}, d.Notes...) {
		if why != "" {
			reasons = append(reasons, object{"text": why})
		}
	}
	if len(reasons) > 0 {
		p["reason"] = reasons
	}
	text, err := json.Marshal(p)
	if err != nil {
		return interaction.Image{}, fmt.Errorf("a Provenance: %w", err)
	}
	tree, err := g.assembler.Tree(text)
	if err != nil {
		return interaction.Image{}, err
	}
	return interaction.Image{Key: key, Method: store.Post, After: tree}, nil
}

// agents are who took a step, and through which client.
func agents(ctx context.Context, a casemodel.Actor) []object {
	agent := object{
		"type": participant("performer"),
		"who":  reference(a.Party),
	}
	if a.Role != "" {
		agent["role"] = []object{{"coding": []object{{"system": roleSystem, "code": a.Role}}}}
	}
	all := []object{agent}
	if p := auth.From(ctx); p != nil && p.Client != "" {
		all = append(all, object{
			"type": participant("transmitter"),
			"who":  object{"identifier": object{"system": p.Issuer, "value": p.Client}},
		})
	}
	return all
}

// reference names a party; the Device that stands for the server for nobody.
func reference(p casemodel.Party) object {
	r := object{}
	switch {
	case p.IsZero():
		r["reference"] = deviceKey.String()
	case p.Ref != "":
		r["reference"] = p.Ref
	case p.Identifier.Value != "":
		r["identifier"] = object{"system": p.Identifier.System, "value": p.Identifier.Value}
	}
	if p.Name != "" {
		r["display"] = p.Name
	}
	return r
}
