package rules

import (
	"slices"

	"caseway/fhir/interaction"
	"caseway/mapping/casemodel"
)

// Attestation is what is to be said, as Provenance, of a commit that is no action
// on a case: one of the operations that make plans. It is the Note of such a
// change.
type Attestation struct {
	Activity casemodel.Action // a code of the CodeSystem case-action
	Why      string
	// Author is who answers for it beside the caller, as a reference; "" for nobody.
	Author string
	// Sources is what it was made of: Reference as JSON objects.
	Sources []map[string]any
}

// judge holds what FHIR clients and operations write to the rules, and adds the
// Provenance that an operation asks for.
func (c *review) judge() error {
	images := c.Images // not what follows
	if err := c.judgeCases(); err != nil || c.Refused() {
		return err
	}
	if err := c.checkGrants(images...); err != nil {
		return err
	}
	if !c.Refused() {
		if err := c.checkElements(images); err != nil {
			return err
		}
	}
	a, asked := c.Note.(Attestation)
	if !asked || c.Refused() {
		return nil
	}
	return c.attest(&a, images)
}

// attest adds the Provenance of what an operation writes.
func (c *review) attest(a *Attestation, images []interaction.Image) error {
	var mine []interaction.Image
	for _, image := range images {
		if image.At != "" { // what the operation writes, not what follows from it
			mine = append(mine, image)
		}
	}
	d, err := c.attested(a, mine)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(c.Images, func(image interaction.Image) bool { return image.Key == deviceKey }) {
		device, err := c.device(d.Step.Actor.Party)
		if err != nil {
			return err
		}
		c.Add(device...)
	}
	bears, err := c.provenance(c.ctx, d, d.CaseID, mine)
	if err == nil {
		c.Add(bears)
	}
	return err
}

// attested is who does what an operation does, in which case; in no role where it
// is of no case or of several.
func (c *review) attested(a *Attestation, images []interaction.Image) (*Note, error) {
	d := &Note{Action: a.Activity, attestation: a, Step: casemodel.Step{At: c.assembler.Now(), Why: a.Why}}
	of := casesIn(images)
	in := casemodel.Case{}
	if len(of) == 1 {
		d.CaseID = of[0]
		whole, err := c.assembler.Load(c.ctx, c.server, d.CaseID)
		if err != nil {
			return nil, err
		}
		in = whole.Case
	}
	who, err := c.assembler.CallerOf(c.ctx, c.server, &in)
	switch {
	case err != nil:
		return nil, err
	case who == nil: // nobody logs in
		d.Step.Actor = casemodel.Actor{Role: casemodel.RoleSystem}
	case d.CaseID == "":
		d.Step.Actor = casemodel.Actor{Party: who.Party}
	default:
		d.Step.Actor = who.Actor(who.Roles[0])
	}
	return d, nil
}

// addTo adds to a Provenance what an Attestation says.
func (a *Attestation) addTo(p object) {
	agents := p["agent"].([]object)
	if a.Author != "" {
		p["agent"] = append(agents, object{
			"type": participant("author"),
			"who":  object{"reference": a.Author},
		})
	}
	var entities []object
	for _, s := range a.Sources {
		entities = append(entities, object{"role": "source", "what": s})
	}
	if len(entities) > 0 {
		p["entity"] = entities
	}
}
