package demo

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/mapping/casemodel"
	"caseway/server/cases"
	"caseway/server/cases/rules"
)

// people is a transaction with everybody, and with a case that another system
// brought: no rule binds it until it is adopted.
//
//go:embed data/people.json
var people []byte

// Case is a case that Load has made.
type Case struct {
	ID    string // of the case and its EpisodeOfCare
	Story string // "the accident", "the home infusion"
	Point string // where in the story it stands
	Phase casemodel.Phase
}

// Config is what Load needs.
type Config struct {
	Engine *interaction.Session // the server itself
	Schema fhir.Schema
	Base   string    // our own FHIR base URL without a closing slash
	Now    time.Time // when the stories have come to where they stand
}

// telling is one case: a story, told up to a point.
type telling struct {
	story, point string
	patient      string        // logical id of the Patient, whose RelatedPerson and Coverage it also is
	age          time.Duration // how long ago it began
	tell         func(*course)
}

// Negotiated is the Point of the case whose price is being negotiated.
const Negotiated = "the price is being negotiated"

const day = 24 * time.Hour

// tellings are the cases in the order in which they are loaded.
var tellings = []telling{
	{"the accident", "the plan is being written", "priya-nair", 3 * day, func(k *course) { k.accidentPlanned() }},
	{"the accident", "three therapies under way", "jonas-vale", 21 * day, func(k *course) { k.accidentUnderWay() }},
	{"the accident", "recovered", "mila-berger", 120 * day, func(k *course) { k.accidentClosed() }},
	{"the home infusion", Negotiated, "tomas-reyes", 5 * day, func(k *course) { k.infusionCountered() }},
	{"the home infusion", "at home, beyond the policy", "edith-moore", 14 * day, func(k *course) { k.infusionAtHome() }},
}

// Load stores the people and tells the stories. It takes a store that is empty,
// and no more than a few seconds.
func Load(ctx context.Context, c Config) ([]Case, error) {
	_, err := c.Engine.Bundle(ctx, interaction.BundleRequest{Body: people, Base: c.Base, Return: interaction.ReturnMinimal})
	if err != nil {
		return nil, fmt.Errorf("the people of the demo: %w", err)
	}
	clock := c.Now
	service := cases.New(cases.Config{
		Guard:  rules.New(rules.Config{Schema: c.Schema, Open: true, Clock: func() time.Time { return clock }}),
		Caller: c.Engine, Server: c.Engine,
	})
	var all []Case
	for _, t := range tellings {
		begin := c.Now.Add(-t.age)
		k := &course{ctx: ctx, service: service, base: c.Base, clock: &clock, begin: begin, patient: t.patient}
		t.tell(k)
		if k.err != nil {
			return nil, fmt.Errorf("%s of %s: %w", t.story, t.patient, k.err)
		}
		all = append(all, Case{k.c.ID, t.story, t.point, k.c.Phase})
	}
	return all, nil
}
