package cases

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"caseway/fhir"
	"caseway/fhir/interaction"
	"caseway/fhir/store"
	"caseway/mapping/casemodel"
)

// doing is the action that a commit carries out.
type doing struct {
	action  casemodel.Action
	step    casemodel.Step
	caseID  string   // "" for a new case
	episode int64    // version of the EpisodeOfCare that the action was judged by
	witness *Witness // of an operation that is no action
	// written is what a FHIR client writes, where the doing is what follows from it.
	written []interaction.Image
	notes   []string // what is to be said beside the reason of the step
	// known are the resources that may be there already, with their versions;
	// nil where what is new gets ids of the store's.
	known map[fhir.Key]int64
}

type doingKey struct{}

func withDoing(ctx context.Context, d *doing) context.Context {
	return context.WithValue(ctx, doingKey{}, d)
}

func doingIn(ctx context.Context) *doing {
	d, _ := ctx.Value(doingKey{}).(*doing)
	return d
}

// Guard watches over what is written to cases. What an action writes it marks as
// part of its case, and it adds the Provenance of who did it and why. What FHIR
// clients write it holds to the rules. Safe for concurrent use.
type Guard struct {
	service   *Service
	hasDevice atomic.Bool // the store has the Device that stands for the server
}

// Guard makes the Guard of the engine that the Service uses.
func (s *Service) Guard() *Guard { return &Guard{service: s} }

var _ interaction.Guard = (*Guard)(nil)

// Check implements interaction.Guard.
func (g *Guard) Check(ctx context.Context, images []interaction.Image) ([]interaction.Image, []fhir.Issue, error) {
	d := doingIn(ctx)
	if d == nil {
		return g.witnessed(ctx, images)
	}
	if err := d.checkNew(images); err != nil {
		return nil, nil, err
	}
	id := d.caseID
	for _, image := range images {
		if id == "" && image.Key.Type == "EpisodeOfCare" {
			id = image.Key.ID
		}
	}
	if err := g.mark(images, id); err != nil {
		return nil, nil, err
	}
	if issues, err := g.checkGrants(ctx, images); err != nil || len(issues) > 0 {
		return nil, issues, err
	}
	more, err := g.hold(inside(ctx), d, images)
	if err != nil {
		return nil, nil, err
	}
	device, err := g.device(inside(ctx), d.step.Actor.Party)
	if err != nil {
		return nil, nil, err
	}
	more = append(more, device...)
	bears, err := g.provenance(ctx, d, id, append(slices.Clone(images), more...))
	if err != nil {
		return nil, nil, err
	}
	return append(more, bears), nil, nil
}

// apart are the types that belong to no case though a case changes them.
var apart = []string{"Patient", "Practitioner", "Organization", "OrganizationAffiliation", "Device", "AuditEvent"}

// mark gives images the tag of their case.
func (g *Guard) mark(images []interaction.Image, id string) error {
	for i := range images {
		image := &images[i]
		if image.After == nil || slices.Contains(apart, image.Key.Type) {
			continue
		}
		before := image.After.JSON
		text := fhir.WithTags(before, fhir.Tag{System: interaction.CaseSystem, Code: id})
		if len(text) == len(before) {
			continue
		}
		tree, err := g.decode(text)
		if err != nil {
			return err
		}
		image.After = tree
	}
	return nil
}

func (g *Guard) decode(text []byte) (*fhir.Tree, error) {
	tree, err := fhir.Decode(g.service.schema, text, fhir.Limits{Bytes: len(text), Depth: fhir.DefaultLimits.Depth})
	if tree == nil || tree.Type() == nil {
		return nil, fmt.Errorf("a resource that an action writes doesn't decode: %w", err)
	}
	return tree, nil
}

// hold makes sure that the case is the one that the action was judged by: two
// actions at once may each be right and both together not. The EpisodeOfCare
// gets a version with each action, also where nothing in it changes.
func (g *Guard) hold(ctx context.Context, d *doing, images []interaction.Image) ([]interaction.Image, error) {
	key := fhir.Key{Type: "EpisodeOfCare", ID: d.caseID}
	written := slices.ContainsFunc(images, func(image interaction.Image) bool { return image.Key == key })
	if d.caseID == "" || written {
		return nil, nil
	}
	v, err := g.service.engine().Read(ctx, key)
	if err != nil {
		return nil, err
	}
	if v.VersionID != d.episode {
		return nil, fhir.NewError(fhir.VersionConflict, fhir.IssueConflict, "the case has changed meanwhile; read it again")
	}
	tree, err := g.decode(v.JSON)
	if err != nil {
		return nil, err
	}
	return []interaction.Image{{Key: key, Method: store.Put, Before: v, After: tree}}, nil
}

// deviceKey is the Device that stands for the server where nobody logs in.
var deviceKey = fhir.Key{Type: "Device", ID: "caseway-server"}

const deviceText = `{"resourceType":"Device","id":"caseway-server","status":"active",` +
	`"deviceName":[{"name":"Caseway","type":"model-name"}],` +
	`"note":[{"text":"Stands for the server in the Provenance of what was done without a login."}]}`

// device makes the Device that stands for the server, where it is needed and
// isn't there.
func (g *Guard) device(ctx context.Context, by casemodel.Party) ([]interaction.Image, error) {
	if !by.IsZero() || g.hasDevice.Load() {
		return nil, nil
	}
	v, err := g.service.engine().Read(ctx, deviceKey)
	fe := (*fhir.Error)(nil)
	switch {
	case err == nil:
		g.hasDevice.Store(true)
		return nil, nil
	case errors.As(err, &fe) && (fe.Kind == fhir.NotFound || fe.Kind == fhir.Gone):
	default:
		return nil, err
	}
	if fe.Kind == fhir.Gone { // somebody deleted it: the reference stays, and leads nowhere
		return nil, nil
	}
	tree, err := g.decode([]byte(deviceText))
	if err != nil {
		return nil, err
	}
	return []interaction.Image{{Key: deviceKey, Method: store.Put, Before: v, After: tree}}, nil
}
