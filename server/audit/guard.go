package audit

import (
	"context"
	"fmt"
	"time"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
)

// Guard adds to each commit the AuditEvents that bear witness to it: one for
// what is created, one for what is updated, one for what is deleted.
type Guard struct {
	Schema fhir.Schema
	// Separately is set for a store that can't write several resources in one
	// commit (a standalone MongoDB): then the event is written by Recorder, when
	// the write is about to happen.
	Separately bool
	Recorder   *Recorder
	Now        func() time.Time // nil: time.Now
}

var _ interaction.Guard = (*Guard)(nil)

// restfulOf are the subtypes of writes, and actions their actions.
var (
	restfulOf = map[store.Method]interaction.Name{
		store.Post: interaction.Create, store.Put: interaction.Update, store.Patch: interaction.Patch, store.Delete: interaction.Delete,
	}
	actions = map[interaction.Name]Action{
		interaction.Create: Create, interaction.Update: Update, interaction.Patch: Update, interaction.Delete: Delete,
	}
)

// Check implements interaction.Guard.
func (g *Guard) Check(ctx context.Context, p *interaction.Pending) error {
	for _, e := range g.events(ctx, p.Images) {
		if g.Separately {
			g.Recorder.Record(ctx, e)
			continue
		}
		key, tree, err := e.created(g.Schema)
		if err != nil {
			return err
		}
		p.Add(interaction.Image{Key: key, Method: store.Post, After: tree})
	}
	return nil
}

// events group the images by what is done to them, in the order in which that
// first happens.
func (g *Guard) events(ctx context.Context, images []interaction.Image) []Event {
	now := time.Now
	if g.Now != nil {
		now = g.Now
	}
	var events []Event
	open := map[interaction.Name]int{}
	for _, image := range images {
		if image.Key.Type == "AuditEvent" {
			continue
		}
		what := restfulOf[image.Method]
		if what == interaction.Update && (!image.Before.Exists() || image.Before.Deleted()) {
			what = interaction.Create
		}
		at, known := open[what]
		if !known || len(events[at].Entities) == maxEntities {
			e := Event{
				Type:    Coding{System: eventType, Code: "rest", Display: "RESTful Operation"},
				Subtype: Coding{System: restful, Code: string(what), Display: string(what)},
				Action:  actions[what], Outcome: Success, Recorded: now(),
			}
			e.fill(ctx)
			at = len(events)
			open[what] = at
			events = append(events, e)
		}
		events[at].Entities = append(events[at].Entities, Entity{Key: image.Key, Version: image.Before.VersionID + 1})
	}
	return events
}

// created is the AuditEvent of an event, under a new id.
func (e *Event) created(schema fhir.Schema) (fhir.Key, *fhir.Tree, error) {
	key := fhir.Key{Type: "AuditEvent", ID: fhir.NewID(e.Recorded)}
	body := e.resource(key.ID)
	tree, err := fhir.Decode(schema, body, fhir.Limits{Bytes: len(body)})
	if err != nil {
		return key, nil, fmt.Errorf("an AuditEvent of our own doesn't decode: %w", err)
	}
	return key, tree, nil
}
