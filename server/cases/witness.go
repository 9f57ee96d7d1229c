package cases

import (
	"context"
	"slices"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/mapping/casemodel"
)

// Witness is what is to be said, as Provenance, of a commit that is no action on
// a case: one of the operations that make plans.
type Witness struct {
	Activity casemodel.Action // a code of the CodeSystem case-action
	Why      string
	// Author is who answers for it beside the caller, as a reference; "" for nobody.
	Author string
	// Sources is what it was made of: Reference as JSON objects.
	Sources []map[string]any
}

type witnessKey struct{}

// WithWitness gives a context in which what is committed gets a Provenance in
// the same commit.
func WithWitness(ctx context.Context, w Witness) context.Context {
	return context.WithValue(ctx, witnessKey{}, &w)
}

// witnessed judges what FHIR clients and operations write, and adds the
// Provenance that an operation asks for.
func (g *Guard) witnessed(ctx context.Context, images []interaction.Image) ([]interaction.Image, []fhir.Issue, error) {
	more, issues, err := g.judge(ctx, images)
	if err == nil && !slices.ContainsFunc(issues, isError) {
		var found []fhir.Issue
		if found, err = g.checkGrants(ctx, images); err == nil && len(found) == 0 {
			found, err = g.checkElements(ctx, images)
		}
		issues = append(issues, found...)
	}
	w, _ := ctx.Value(witnessKey{}).(*Witness)
	if err != nil || w == nil || slices.ContainsFunc(issues, isError) {
		return more, issues, err
	}
	var mine []interaction.Image
	for _, image := range images {
		if image.At != "" { // what the operation writes, not what follows from it
			mine = append(mine, image)
		}
	}
	d, err := g.deedOf(ctx, w, mine)
	if err != nil {
		return nil, nil, err
	}
	if !slices.ContainsFunc(more, func(image interaction.Image) bool { return image.Key == deviceKey }) {
		device, err := g.device(inside(ctx), d.step.Actor.Party)
		if err != nil {
			return nil, nil, err
		}
		more = append(more, device...)
	}
	bears, err := g.provenance(ctx, d, d.caseID, mine)
	return append(more, bears), issues, err
}

func isError(i fhir.Issue) bool { return i.Severity == fhir.SeverityError || i.Severity == "" }

// deedOf is who does what an operation does, in which case; in no role where it
// is of no case or of several.
func (g *Guard) deedOf(ctx context.Context, w *Witness, images []interaction.Image) (*doing, error) {
	s := g.service
	d := &doing{action: w.Activity, witness: w, step: casemodel.Step{At: s.now(), Why: w.Why}}
	of := casesIn(images)
	c := casemodel.Case{}
	if len(of) == 1 {
		d.caseID = of[0]
		a, err := s.load(inside(ctx), d.caseID)
		if err != nil {
			return nil, err
		}
		c = a.c
	}
	who, err := s.callerOf(ctx, &c)
	switch {
	case err != nil:
		return nil, err
	case who == nil: // nobody logs in
		d.step.Actor = casemodel.Actor{Role: casemodel.RoleSystem}
	case d.caseID == "":
		d.step.Actor = casemodel.Actor{Party: who.party}
	default:
		d.step.Actor = who.actor(who.roles[0])
	}
	return d, nil
}

// testify adds to a Provenance what a Witness knows.
func (w *Witness) testify(p object) {
	agents := p["agent"].([]object)
	if w.Author != "" {
		p["agent"] = append(agents, object{
			"type": participant("author"),
			"who":  object{"reference": w.Author},
		})
	}
	var entities []object
	for _, s := range w.Sources {
		entities = append(entities, object{"role": "source", "what": s})
	}
	if len(entities) > 0 {
		p["entity"] = entities
	}
}
